import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { Storefront } from "../../../tests/browser/pages.mjs";
import { DROP, dropStatus, KEY, ORDER, PAYMENT, PENDING } from "../../../tests/browser/samples.mjs";

// What axe finds, on every page in every state, in light and in the dark.

/**
 * @typedef {import("playwright-core").Page} Page
 * @typedef {import("../../src/net/types.js").Drop} Drop
 * @typedef {import("../../src/net/types.js").Order} Order
 */

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const ALL_SOLD = { available: 0, held: 0, sold: 20, withdrawn: 0 };
const ALL_HELD = { available: 0, held: 20, sold: 0, withdrawn: 0 };
const LATER = "2026-11-21T14:00:00Z";

/** @type {Storefront} */
let storefront;

before(async () => {
  storefront = await Storefront.start();
});
after(() => storefront.close());

test("the drop page is accessible in every state", async () => {
  for (const over of /** @type {Array<Partial<Drop>>} */ ([
    { state: "coming", opens_at: LATER, stock: { ...ALL_SOLD, available: 20, sold: 0 } },
    {},
    { stock: ALL_HELD },
    { stock: ALL_SOLD },
    { paused: true },
    { state: "closed" },
  ])) {
    await inEveryLook("/drops/binh-gom", (path) => (path === "/api/config" ? { turnstile_site_key: null } : dropStatus(over)), "offer");
  }
  await inEveryLook("/drops/none", () => null, "drop-missing");
});

test("the form is accessible with its mistakes, questions and offers shown", async () => {
  const shop = (/** @type {string} */ path) => (path === "/api/config" ? { turnstile_site_key: null } : dropStatus());
  await inEveryLook("/drops/binh-gom", shop, "buy-form", async (page) => {
    await page.getByTestId("phone").fill("912345678");
    await page.getByTestId("email").fill("an@gmail.con");
    await page.getByTestId("submit").click();
    await page.getByTestId("address").locator("summary").click();
    await page.getByTestId("province").fill("binh duong");
  });
});

test("the order page is accessible in every state", async () => {
  const linkOnly = { ...PAYMENT, qr_code: null, bank_bin: null, account_number: null, account_name: null, memo: null };
  for (const order of /** @type {Order[]} */ ([
    PENDING,
    { ...PENDING, payment: null, payment_state: "preparing" },
    { ...PENDING, payment: linkOnly },
    { ...PENDING, amount_applied: 100_000 },
    { ...PENDING, settling: true },
    { ...ORDER, state: "paid" },
    { ...ORDER, state: "expired", refund_sent: 50_000 },
    { ...ORDER, refund_due: 50_000 },
    { ...ORDER, refund_due: 50_000, refund_destination_usable_at: LATER },
  ])) {
    await inEveryLook(`/orders/7#key=${KEY}`, () => order, "order-grid");
  }
  for (const search of ["", "?status=PAID&cancel=false"]) await inEveryLook(`/orders/7${search}`, () => null, "no-key");
});

test("an order page that offers a value to copy by hand, and asks before it cancels, is accessible", async () => {
  await inEveryLook(`/orders/7#key=${KEY}`, () => PENDING, "order-grid", async (page) => {
    await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
    await page.getByTestId("copy-link").click();
    await page.getByTestId("copy-by-hand").waitFor();
  });
  await inEveryLook(`/orders/7#key=${KEY}`, () => PENDING, "order-grid", (page) => page.getByTestId("cancel").click());
});

test("the home page is accessible with drops and without any", async () => {
  const drops = [DROP, { ...DROP, id: 2, slug: "b", state: "coming", opens_at: LATER }, { ...DROP, id: 3, slug: "c", state: "closed" }];
  await inEveryLook("/", () => ({ drops }), "drops", (page) => page.getByTestId("card").first().waitFor());
  await inEveryLook("/", () => ({ drops: [] }), "drops", (page) => page.locator(".quiet").waitFor());
});

/**
 * @param {string} address
 * @param {(path: string) => unknown} shop null is answered as not found
 * @param {string} shown what must be there before axe looks
 * @param {(page: Page) => Promise<unknown>} [prepare]
 */
async function inEveryLook(address, shop, shown, prepare = async () => {}) {
  // Colours are measured at rest.
  const page = await storefront.open(address, (_, path) => answer(shop(path)), { reducedMotion: "reduce" });
  await page.getByTestId(shown).waitFor();
  await prepare(page);
  await page.evaluate(axe);
  // axe waits by timers, which stand still on this page.
  await page.clock.resume();
  assert.deepEqual(await violations(page), [], `${address} in light, in Vietnamese`);
  await page.emulateMedia({ colorScheme: "dark" });
  // By script: a question that is open keeps a hand away from the rest of the page.
  await page.locator('[data-language="en"]').evaluate((button) => /** @type {HTMLElement} */ (button).click());
  assert.deepEqual(await violations(page), [], `${address} in the dark, in English`);
  await page.context().close();
}

/** @param {unknown} json @returns {import("../../../tests/browser/pages.mjs").Answer} */
function answer(json) {
  return json === null ? { status: 404, json: { code: "drop_not_found" } } : { json };
}

/** @param {Page} page @returns {Promise<string[]>} */
async function violations(page) {
  return page.evaluate(async () => {
    const rules = { "label-content-name-mismatch": { enabled: true }, "target-size": { enabled: true } };
    const result = await /** @type {any} */ (window).axe.run(document, { rules, resultTypes: ["violations"] });
    return result.violations.map((/** @type {any} */ found) => `${found.id}: ${found.nodes.map((/** @type {any} */ node) => node.html).join(" ")}`);
  });
}
