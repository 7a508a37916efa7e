import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { NOW, Storefront } from "../../../tests/browser/pages.mjs";
import { KEY, ORDER } from "../../../tests/browser/samples.mjs";

// The order page as it is, in a browser. Only the answers of the shop are written here.

// An ended order is asked about this often, jitter not counted.
const POLL_MS = 10_000;

/** @type {Storefront} */
let storefront;

before(async () => {
  storefront = await Storefront.start();
});
after(() => storefront.close());

test("money that is due, on its way and sent is said side by side, in both languages", async () => {
  const { page } = await opened({ refund_due: 100_000, refund_sending: 250_000, refund_sent: 50_000 });
  assert.deepEqual(await shownAmounts(page), [
    "50.000 ₫ đã được hoàn lại cho bạn",
    "250.000 ₫ đang được chuyển về tài khoản của bạn",
    "Số tiền sẽ hoàn lại cho bạn: 100.000 ₫",
  ]);
  assert.ok(await page.getByTestId("refund-form").isVisible());
  await page.locator('[data-language="en"]').click();
  assert.deepEqual(await shownAmounts(page), [
    "50.000 ₫ has been sent back to you",
    "250.000 ₫ is on its way to your account",
    "To be refunded to you: 100.000 ₫",
  ]);
});

test("money that has left is still spoken of, and no account is asked for it", async () => {
  for (const part of ["refund_sending", "refund_sent"]) {
    const { page } = await opened({ [part]: 250_000 });
    assert.equal((await shownAmounts(page)).length, 1, part);
    for (const testid of ["refund-form", "refund-change", "refund-text"]) {
      assert.ok(await page.getByTestId(testid).isHidden(), `${part} ${testid}`);
    }
  }
  const { page } = await opened({});
  assert.ok(await page.getByTestId("refund").isHidden());
});

test("a shopper whose form closes because the money went its way is taken to the news, which is a status", async () => {
  const { page, shop } = await opened({ refund_due: 250_000 });
  await page.getByTestId("refund-account-number").fill("0123");
  shop.order = { ...ORDER, refund_sending: 250_000 };
  await page.clock.runFor(POLL_MS);
  await page.getByTestId("refund-sending").waitFor();
  assert.equal(await focusedTestid(page), "refund-amounts");
  assert.equal(await page.getByTestId("refund-amounts").getAttribute("role"), "status");
});

test("an account that was refused with Retry-After is not sent before it is over", async () => {
  for (const status of [429, 503]) {
    const { page, shop } = await opened({ refund_due: 250_000 });
    shop.refusal = { status, seconds: 5 };
    await page.getByTestId("refund-bank").selectOption("970436");
    await page.getByTestId("refund-account-number").fill("0123456789");
    await page.getByTestId("refund-account-name").fill("NGUYEN VAN ANH");
    const submit = page.getByTestId("refund-submit");
    await submit.click();
    await page.getByTestId("refund-refusal").waitFor();
    assert.equal(await focusedTestid(page), "refund-refusal");
    assert.equal(await submit.textContent(), "Thử lại sau 5 giây");
    await page.clock.runFor(4000);
    assert.equal(await submit.textContent(), "Thử lại sau 1 giây");
    assert.ok(await submit.isDisabled());
    // A script or an old browser may submit past the locked button.
    await page.getByTestId("refund-form").evaluate((form) => form.dispatchEvent(new Event("submit", { cancelable: true })));
    await page.clock.runFor(2000);
    assert.equal(await submit.textContent(), "Nhận tiền vào tài khoản này");
    assert.equal(shop.sent.length, 1);
    await submit.click();
    await page.getByTestId("refund-saved").waitFor();
    assert.equal(shop.sent.length, 2);
  }
});

test("a cancellation that was refused with Retry-After is not sent before it is over", async () => {
  for (const status of [429, 503]) {
    const { page, shop } = await opened({ state: "pending", pay_by: "2026-11-21T13:15:00Z", ended_at: null });
    shop.refusal = { status, seconds: 5 };
    const button = page.getByTestId("cancel");
    await button.click();
    await page.getByTestId("confirm-yes").click();
    await page.getByTestId("refusal").waitFor();
    assert.equal(await focusedTestid(page), "refusal");
    assert.equal(await button.textContent(), "Thử lại sau 5 giây");
    await page.clock.runFor(4000);
    assert.equal(await button.textContent(), "Thử lại sau 1 giây");
    assert.ok(await button.isDisabled());
    await page.clock.runFor(1000);
    assert.equal(await button.textContent(), "Hủy đơn");
    assert.ok(await button.isEnabled());
    assert.equal(shop.sent.length, 1);
  }
});

test("the page of an ended order draws itself once a second", async () => {
  const { page } = await opened({});
  await page.evaluate(() => {
    const head = /** @type {Element} */ (document.querySelector('[data-testid="order-state"]'));
    const counted = /** @type {any} */ (window);
    counted.drawn = 0;
    new MutationObserver((changes) => (counted.drawn += changes.length)).observe(head, { attributeFilter: ["data-state"] });
  });
  await page.clock.runFor(5000);
  const drawn = await page.evaluate(() => /** @type {any} */ (window).drawn);
  assert.ok(drawn >= 4 && drawn <= 6, `drawn ${drawn} times in 5 s`);
});

/** @param {import("playwright-core").Page} page */
async function shownAmounts(page) {
  const lines = await page.getByTestId("refund-amounts").locator("p:visible").allTextContents();
  return lines.map((line) => line.replaceAll("\u00a0", " "));
}

/** @param {import("playwright-core").Page} page */
function focusedTestid(page) {
  return page.evaluate(() => document.activeElement?.getAttribute("data-testid"));
}

/**
 * The page of an order, and what the shop behind it was sent.
 * @param {Partial<import("../../src/net/types.js").Order>} over
 */
async function opened(over) {
  const shop = {
    order: { ...ORDER, ...over },
    /** @type {{status: number, seconds: number} | null} of the next write only */
    refusal: null,
    /** @type {string[]} */
    sent: [],
  };
  const page = await storefront.open(`/orders/7#key=${KEY}`, (request, path) => answer(shop, request, path));
  await page.getByTestId("order-grid").waitFor();
  return { page, shop };
}

/**
 * @param {any} shop
 * @param {import("playwright-core").Request} request
 * @param {string} path
 */
function answer(shop, request, path) {
  if (request.method() === "GET") return { json: shop.order };
  shop.sent.push(path);
  const refusal = shop.refusal;
  shop.refusal = null;
  if (refusal === null) return { json: { usable_at: new Date(NOW).toISOString() } };
  const headers = { "retry-after": String(refusal.seconds) };
  return { status: refusal.status, headers, json: { code: refusal.status === 429 ? "rate_limited" : "busy" } };
}
