import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Storefront } from "../../../tests/browser/pages.mjs";

// Asking for the link of an order by mail, from the order page without its key and from the front page.

/** @typedef {import("../../../tests/browser/pages.mjs").Answer} Answer */

/** @type {Storefront} */
let storefront;

before(async () => {
  storefront = await Storefront.start();
});
after(() => storefront.close());

/**
 * @param {boolean} mail
 * @param {Answer} answer to the question
 */
function shop(mail, answer = { status: 202, json: {} }) {
  const asked = /** @type {unknown[]} */ ([]);
  /** @type {import("../../../tests/browser/pages.mjs").Shop} */
  const answers = (request, path) => {
    if (path !== "/api/order-links") return { json: { drops: [], mail, stale: false, as_of: "2026-11-21T13:10:00Z" } };
    asked.push(request.postDataJSON());
    return answer;
  };
  return { answers, asked };
}

test("a shopper who comes back without the key asks for the link and reads what happens next", async () => {
  for (const [locale, words] of [["vi-VN", "Nếu mã đơn và an@example.com khớp nhau"], ["en-US", "If the code and an@example.com belong together"]]) {
    const { answers, asked } = shop(true);
    const page = await storefront.open("/orders/157600000000001?status=PAID", answers, { locale });
    await page.getByTestId("look-up").waitFor();
    assert.equal(await page.getByTestId("look-up-code").isVisible(), false, "the address says which order");
    await page.getByTestId("look-up-submit").click();
    await page.getByTestId("look-up-email-error").waitFor();
    assert.deepEqual(asked, [], "nothing is sent without an address");
    await page.getByTestId("look-up-email").fill(" an@example.com ");
    await page.getByTestId("look-up-submit").click();
    await page.getByTestId("look-up-answer").waitFor();
    assert.ok((await page.getByTestId("look-up-answer").innerText()).startsWith(words));
    assert.deepEqual(asked, [{ order: "157600000000001", email: "an@example.com" }]);
  }
});

test("on the front page the code is asked for too, and taken as it is typed", async () => {
  const { answers, asked } = shop(true);
  const page = await storefront.open("/", answers);
  await page.getByTestId("look-up").waitFor();
  await page.getByTestId("look-up-code").fill("kf12");
  await page.getByTestId("look-up-email").fill("an@example.com");
  await page.getByTestId("look-up-submit").click();
  await page.getByTestId("look-up-code-error").waitFor();
  await page.getByTestId("look-up-code").fill("kf12 ot8g1");
  await page.getByTestId("look-up-submit").click();
  await page.getByTestId("look-up-answer").waitFor();
  assert.deepEqual(asked, [{ order: "KF12OT8G1", email: "an@example.com" }]);
});

test("a shopper who asks too often reads when to ask again, and a shop without mail shows no form", async () => {
  const limited = { status: 429, headers: { "retry-after": "3600" }, json: { code: "rate_limited" } };
  const page = await storefront.open("/orders/157600000000001", shop(true, limited).answers);
  await page.getByTestId("look-up-email").fill("an@example.com");
  await page.getByTestId("look-up-submit").click();
  await page.getByTestId("look-up-answer").waitFor();
  assert.ok((await page.getByTestId("look-up-answer").innerText()).includes("sau một giờ"));
  assert.ok(await page.getByTestId("look-up-submit").isDisabled());
  const silent = await storefront.open("/orders/157600000000001", shop(false).answers);
  await silent.getByTestId("no-key").waitFor();
  await silent.clock.runFor(5_000);
  assert.equal(await silent.getByTestId("look-up").isVisible(), false);
});
