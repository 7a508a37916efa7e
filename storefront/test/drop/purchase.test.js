import assert from "node:assert/strict";
import { test } from "node:test";
import { buy, resume } from "../../src/drop/purchase.js";

const START = 1_000_000;
const LIFE_MS = 120_000;
const BODY = { quantity: 1, language: /** @type {const} */ ("vi"), buyer: { name: "An", phone: "+84912345678", email: "a@b.vn" } };

const ok = (/** @type {any} */ body) => ({ kind: "ok", body, etag: null });
const lost = { kind: "unreachable" };
const refusal = (/** @type {number} */ status, /** @type {string} */ code, retryAfterMs = null) =>
  ({ kind: "problem", status, problem: { code }, retryAfterMs });
const ordered = ok({ order_code: 7 });

/**
 * A shop whose answers are given and whose time passes only in sleeps.
 * @param {any[]} purchases answers in order; the last one repeats
 * @param {any[]} [tokens]
 */
function shop(purchases, tokens = []) {
  const seen = /** @type {{sent: Array<{token: string, body: string}>, tokens: number, stages: string[], kept: any, slept: number[]}} */ (
    { sent: [], tokens: 0, stages: [], kept: undefined, slept: [] });
  let now = START;
  const deps = /** @type {any} */ ({
    api: {
      token: async () => {
        const scripted = tokens.shift();
        seen.tokens++;
        return scripted ?? ok({ token: `t${seen.tokens}`, expires_at: new Date(now + LIFE_MS).toISOString() });
      },
      purchase: async (/** @type {number} */ _drop, /** @type {string} */ token, /** @type {string} */ body) => {
        seen.sent.push({ token, body });
        return purchases.length > 1 ? purchases.shift() : purchases[0];
      },
    },
    clock: { now: () => now },
    sleep: async (/** @type {number} */ ms) => {
      seen.slept.push(ms);
      now += ms;
    },
    random: () => 0.5,
    keepAttempt: (/** @type {any} */ attempt) => (seen.kept = attempt),
    report: (/** @type {any} */ progress) => seen.stages.push(progress.stage),
  });
  return { deps, seen, elapsed: () => now - START };
}

test("an undisturbed purchase is one token and one request", async () => {
  const { deps, seen } = shop([ordered]);
  assert.equal((await buy(deps, 1, { phone: "x" }, BODY)).kind, "ordered");
  assert.equal(seen.tokens, 1);
  assert.equal(seen.sent.length, 1);
  assert.equal(seen.kept, null);
});

test("a purchase whose answer was lost is sent again with the same token and the same bytes", async () => {
  const { deps, seen } = shop([lost, lost, refusal(502, "internal"), ordered]);
  assert.equal((await buy(deps, 1, { phone: "x" }, BODY)).kind, "ordered");
  assert.equal(seen.tokens, 1);
  assert.equal(seen.sent.length, 4);
  assert.equal(new Set(seen.sent.map((request) => JSON.stringify(request))).size, 1);
  assert.ok(seen.stages.includes("checking"));
});

test("no fresh token is asked for while the old one can still be replayed", async () => {
  const { deps, seen, elapsed } = shop([lost]);
  assert.equal((await buy(deps, 1, { phone: "x" }, BODY)).kind, "unknown");
  assert.equal(seen.tokens, 1);
  assert.ok(elapsed() > LIFE_MS - 6000 && elapsed() <= LIFE_MS, `gave up after ${elapsed()} ms`);
});

test("an attempt is kept before it is sent and forgotten when it is decided", async () => {
  const { deps, seen } = shop([ordered]);
  let keptWhileSending;
  const send = deps.api.purchase;
  deps.api.purchase = (/** @type {any[]} */ ...request) => {
    keptWhileSending = seen.kept;
    return send(...request);
  };
  await buy(deps, 1, { phone: "x" }, BODY);
  assert.deepEqual(keptWhileSending, { token: "t1", expiresAt: START + LIFE_MS, body: JSON.stringify(BODY) });
  assert.equal(seen.kept, null);
});

test("after a reload the kept attempt is sent again, not a new one", async () => {
  const { deps, seen } = shop([ordered]);
  const attempt = { token: "kept", expiresAt: START + 1000, body: "{}" };
  assert.equal((await resume(deps, 1, attempt)).kind, "ordered");
  assert.deepEqual(seen.sent, [{ token: "kept", body: "{}" }]);
  assert.equal(seen.tokens, 0);
});

test("an attempt that lapsed before the reload is not sent at all", async () => {
  const { deps, seen } = shop([ordered]);
  const outcome = await resume(deps, 1, { token: "kept", expiresAt: START - 1, body: "{}" });
  assert.equal(outcome.kind, "unknown");
  assert.equal(seen.sent.length, 0);
});

test("a token refused after a lost answer leaves the order unknown, not refused", async () => {
  const { deps } = shop([lost, refusal(401, "bad_token")]);
  assert.equal((await buy(deps, 1, { phone: "x" }, BODY)).kind, "unknown");
});

test("a token refused at first is a refusal", async () => {
  const { deps } = shop([refusal(401, "bad_token")]);
  assert.equal((await buy(deps, 1, { phone: "x" }, BODY)).kind, "refused");
});

test("a refusal of the sale is final at once", async () => {
  for (const code of ["sold_out", "held_out", "limit_reached", "order_pending", "paused", "closed"]) {
    const { deps, seen } = shop([refusal(409, code)]);
    const outcome = await buy(deps, 1, { phone: "x" }, BODY);
    assert.equal(outcome.kind === "refused" && outcome.problem.code, code);
    assert.equal(seen.sent.length, 1);
  }
});

test("a busy shop is asked again only after Retry-After", async () => {
  const { deps, seen } = shop([refusal(503, "busy", /** @type {any} */ (3000)), ordered]);
  assert.equal((await buy(deps, 1, { phone: "x" }, BODY)).kind, "ordered");
  assert.ok(seen.slept[0] >= 3000);
  assert.ok(seen.stages.includes("waiting"));
});

test("a Retry-After beyond the token's life ends in a refusal that says busy, when nothing can have been ordered", async () => {
  const { deps } = shop([refusal(503, "busy", /** @type {any} */ (LIFE_MS))]);
  const outcome = await buy(deps, 1, { phone: "x" }, BODY);
  assert.equal(outcome.kind === "refused" && outcome.problem.code, "busy");
});

test("an origin that did not answer may have taken the order, so it ends unknown", async () => {
  const { deps, seen } = shop([refusal(503, "origin_unavailable", /** @type {any} */ (1000))]);
  assert.equal((await buy(deps, 1, { phone: "x" }, BODY)).kind, "unknown");
  assert.equal(seen.tokens, 1);
});

test("a purchase milliseconds too early is repeated, not shown as a failure", async () => {
  const { deps, seen } = shop([refusal(409, "not_open_yet"), refusal(409, "not_open_yet"), ordered]);
  assert.equal((await buy(deps, 1, { phone: "x" }, BODY)).kind, "ordered");
  assert.equal(seen.tokens, 1);
});

test("a token that cannot be had is asked for a few times and sends no purchase", async () => {
  const { deps, seen } = shop([ordered], [lost, lost, lost, lost, lost]);
  assert.equal((await buy(deps, 1, { phone: "x" }, BODY)).kind, "unreachable");
  assert.equal(seen.sent.length, 0);
});

test("a refused phone stops before anything is bought", async () => {
  const { deps, seen } = shop([ordered], [refusal(400, "invalid_phone")]);
  const outcome = await buy(deps, 1, { phone: "x" }, BODY);
  assert.equal(outcome.kind === "refused" && outcome.problem.code, "invalid_phone");
  assert.equal(seen.sent.length, 0);
});
