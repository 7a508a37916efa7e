import assert from "node:assert/strict";
import { test } from "node:test";
import { Api } from "../../src/net/api.js";
import { ServerClock } from "../../src/net/clock.js";

/** @param {() => Response | Promise<Response>} answer */
function api(answer) {
  /** @type {Array<{path: string, options: any}>} */
  const requests = [];
  const clock = new ServerClock(() => 0);
  const send = /** @type {any} */ ((/** @type {string} */ path, /** @type {any} */ options) => {
    requests.push({ path, options });
    return Promise.resolve().then(answer);
  });
  return { api: new Api(clock, send), clock, requests };
}

test("every answer tells the time, refusals too", async () => {
  const { api: shop, clock } = api(() => new Response("{}", { status: 409, headers: { "dropgate-time": "5000" } }));
  await shop.drops();
  assert.equal(clock.now(), 5000);
});

test("the status is asked for with the last ETag and never from the browser's cache", async () => {
  const { api: shop, requests } = api(() => new Response(null, { status: 304 }));
  assert.deepEqual(await shop.drop("binh-gom", '"a"'), { kind: "not_modified" });
  assert.equal(requests[0].options.headers["if-none-match"], '"a"');
  assert.equal(requests[0].options.cache, "no-store");
});

test("an order key travels as Bearer and never in the address", async () => {
  const { api: shop, requests } = api(() => new Response("{}"));
  await shop.order("7", "1secret");
  assert.equal(requests[0].options.headers.authorization, "Bearer 1secret");
  assert.ok(!requests[0].path.includes("secret"));
});

test("the page sends where a refund goes as JSON, with the order key", async () => {
  const { api: shop, requests } = api(() => new Response('{"usable_at":"2026-11-21T13:00:00Z"}'));
  const destination = { bank: "970436", account_number: "0123", account_name: "AN" };
  await shop.refundDestination("7", "1secret", destination);
  const { path, options } = requests[0];
  assert.equal(path, "/api/orders/7/refund-destination");
  assert.equal(options.method, "POST");
  assert.equal(options.headers.authorization, "Bearer 1secret");
  assert.equal(options.headers["content-type"], "application/json");
  assert.deepEqual(JSON.parse(options.body), destination);
});

test("a problem keeps its code, field and Retry-After", async () => {
  const body = JSON.stringify({ code: "invalid_field", field: "buyer.email" });
  const { api: shop } = api(() => new Response(body, { status: 400, headers: { "retry-after": "2" } }));
  const answer = await shop.token(1, { phone: "x" });
  assert.deepEqual(answer, { kind: "problem", status: 400, problem: JSON.parse(body), retryAfterMs: 2000 });
});

test("an error page from something in between is a problem by its status", async () => {
  for (const [status, code] of [[502, "internal"], [503, "origin_unavailable"], [429, "rate_limited"]]) {
    const { api: shop } = api(() => new Response("<html>", { status: Number(status) }));
    const answer = await shop.drops();
    assert.equal(answer.kind === "problem" && answer.problem.code, code);
  }
});

test("a broken line and an answer cut in half are both unreachable", async () => {
  const { api: broken } = api(() => { throw new TypeError("network"); });
  assert.deepEqual(await broken.drops(), { kind: "unreachable" });
  const { api: cut } = api(() => new Response('{"drops":['));
  assert.deepEqual(await cut.drops(), { kind: "unreachable" });
});
