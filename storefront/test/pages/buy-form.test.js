import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Storefront } from "../../../tests/browser/pages.mjs";
import { dropStatus } from "../../../tests/browser/samples.mjs";

// The form as shoppers fill it in: what they copy, what they mistype, and what the shop is sent.

/** @typedef {import("playwright-core").Page} Page */

/** @type {Storefront} */
let storefront;

before(async () => {
  storefront = await Storefront.start();
});
after(() => storefront.close());

test("a phone copied with invisible marks is taken as it is", async () => {
  const { page } = await opened();
  for (const text of ["\u202a0912 345 678\u202c", "\u200e0912345678", "0912\u2011345\u2011678", "０９１２３４５６７８", "0084-0912345678"]) {
    await leaves(page, "phone", text);
    assert.ok(await page.getByTestId("phone-error").isHidden(), JSON.stringify(text));
  }
});

test("a phone without its zero, or of eleven digits, is refused with the number that was meant", async () => {
  const { page } = await opened();
  await leaves(page, "phone", "912345678");
  assert.match(await text(page, "phone-error"), /thiếu số 0/);
  assert.match(await text(page, "phone-question"), /0912 345 678/);
  assert.ok(await page.getByTestId("phone-keep").isHidden());
  await page.getByTestId("phone-use").click();
  assert.equal(await page.getByTestId("phone").inputValue(), "0912 345 678");
  assert.ok(await page.getByTestId("phone-error").isHidden());
  assert.ok(await page.getByTestId("phone-meant").isHidden());
  await page.locator('[data-language="en"]').click();
  await leaves(page, "phone", "01634567890");
  assert.match(await text(page, "phone-error"), /eleven digits have had ten since 2018/);
  assert.match(await text(page, "phone-question"), /0334 567 890/);
});

test("a mistyped mail host is asked about once, and taken when the shopper insists", async () => {
  const { page, sent } = await opened();
  await fills(page);
  await page.getByTestId("email").fill("an@gmail.con");
  await page.getByTestId("submit").click();
  assert.match(await text(page, "email-question"), /an@gmail\.com\?/);
  assert.match(await text(page, "email-error"), /xem lại/);
  assert.equal(sent.length, 0);
  assert.equal((await buys(page)).email, "an@gmail.con");
});

test("a mistyped mail host is mended by one press, or kept by one", async () => {
  const { page } = await opened();
  await leaves(page, "email", "an@gmail.con");
  await page.getByTestId("email-keep").click();
  assert.ok(await page.getByTestId("email-meant").isHidden());
  assert.equal(await page.getByTestId("email").inputValue(), "an@gmail.con");
  await leaves(page, "email", "an@gmial.com");
  await page.getByTestId("email-use").click();
  assert.equal(await page.getByTestId("email").inputValue(), "an@gmail.com");
  assert.ok(await page.getByTestId("email-error").isHidden());
});

test("an address with two dots in a row is refused on the page", async () => {
  const { page } = await opened();
  await leaves(page, "email", "an..b@gmail.com");
  assert.match(await text(page, "email-error"), /Email chưa đúng/);
});

test("a shop without mail promises none and takes an order without an address for it", async () => {
  for (const language of ["vi", "en"]) {
    const { page } = await opened();
    await page.locator(`[data-language="${language}"]`).click();
    const words = await page.locator('[data-field="email"]').innerText();
    assert.doesNotMatch(words, /xác nhận|confirmation/i);
    assert.match(words, /không bắt buộc|optional/);
    await fills(page);
    assert.equal((await buys(page)).email, "");
  }
});

test("a shop with mail asks for an address and says what for", async () => {
  const { page, sent } = await opened({ mail: true });
  const words = await page.locator('[data-field="email"]').innerText();
  assert.match(words, /gửi xác nhận/);
  assert.doesNotMatch(words, /không bắt buộc/);
  await fills(page);
  await page.getByTestId("submit").click();
  assert.match(await text(page, "email-error"), /Nhập email/);
  assert.equal(sent.length, 0);
});

test("a province of before July 2025 is found by the keyboard, with accents or without, and sent by its code of today", async () => {
  const { page } = await opened();
  await page.getByTestId("address").locator("summary").click();
  for (const [typed, shown] of [
    ["Bình Dương", "TP. Hồ Chí Minh (trước là Bình Dương)"],
    ["Hà Tây", "Hà Nội (trước là Hà Tây)"],
    ["Ba Ria", "TP. Hồ Chí Minh (trước là Bà Rịa - Vũng Tàu)"],
    ["binh duong", "TP. Hồ Chí Minh (trước là Bình Dương)"],
  ]) {
    await page.getByTestId("province").fill("");
    await page.getByTestId("province").pressSequentially(typed);
    await page.keyboard.press("Enter");
    assert.equal(await page.getByTestId("province").inputValue(), shown);
  }
  await page.locator('[data-language="en"]').click();
  assert.equal(await page.getByTestId("province").inputValue(), "TP. Hồ Chí Minh (formerly Bình Dương)");
  await page.getByTestId("line").fill("1 Lê Lợi");
  await fills(page);
  assert.deepEqual((await buys(page)).address, { province_code: "VN-SG", line: "1 Lê Lợi" });
});

test("a province can be chosen by arrows, by a tap, and by leaving a whole name behind", async () => {
  const { page } = await opened();
  await page.getByTestId("address").locator("summary").click();
  const box = page.getByTestId("province");
  await box.click();
  assert.equal(await page.getByRole("option").count(), 34);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.equal(await box.inputValue(), "TP. Hồ Chí Minh");
  await box.fill("quang");
  await page.getByRole("option", { name: "Đà Nẵng (trước là Quảng Nam)" }).click();
  assert.equal(await box.inputValue(), "Đà Nẵng (trước là Quảng Nam)");
  await leaves(page, "province", "dak nong");
  assert.equal(await box.inputValue(), "Lâm Đồng (trước là Đắk Nông)");
  await leaves(page, "province", "Atlantis");
  assert.match(await text(page, "province-error"), /chọn trong danh sách/);
  await box.press("Escape");
  assert.equal(await box.getAttribute("aria-expanded"), "false");
});

test("a province chosen before a reload is still chosen after it", async () => {
  const { page } = await opened();
  await page.getByTestId("address").locator("summary").click();
  await leaves(page, "province", "Huế");
  await page.reload();
  await page.getByTestId("buy-form").waitFor();
  assert.equal(await page.getByTestId("province").inputValue(), "Huế");
});

/** @param {{mail?: boolean}} [status] */
async function opened(status = {}) {
  /** @type {string[]} paths of what was asked for by POST */
  const sent = [];
  const page = await storefront.open("/drops/binh-gom", (request, path) => {
    if (request.method() === "POST") sent.push(path);
    if (path.endsWith("/token")) return { json: { token: "t", expires_at: "2026-11-21T13:12:00Z" } };
    if (path.endsWith("/purchase")) return { status: 409, json: { code: "sold_out" } };
    return { json: path === "/api/config" ? { turnstile_site_key: null } : { ...dropStatus(), ...status } };
  });
  page.on("pageerror", (error) => assert.fail(error));
  await page.getByTestId("buy-form").waitFor();
  return { page, sent };
}

/** @param {Page} page */
async function fills(page) {
  await page.getByTestId("name").fill("Nguyễn Vân Anh");
  await page.getByTestId("phone").fill("0912 345 678");
}

/**
 * Types into a field and goes on to another.
 * @param {Page} page
 * @param {string} field
 * @param {string} typed
 */
async function leaves(page, field, typed) {
  await page.getByTestId(field).fill(typed);
  await page.getByTestId("name").focus();
  await page.clock.runFor(200);
}

/** @param {Page} page @returns {Promise<any>} the buyer of the purchase that the shop is sent */
async function buys(page) {
  const asked = page.waitForRequest((request) => request.url().endsWith("/purchase"));
  await page.getByTestId("submit").click();
  return (await asked).postDataJSON().buyer;
}

/** @param {Page} page @param {string} testid */
function text(page, testid) {
  return page.getByTestId(testid).innerText();
}
