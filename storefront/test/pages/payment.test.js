import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { readsCode } from "../../../tests/browser/codes.mjs";
import { Storefront } from "../../../tests/browser/pages.mjs";
import { KEY, PAYMENT, PENDING } from "../../../tests/browser/samples.mjs";

// What a shopper is shown to pay with, in browsers and apps that refuse one thing or another.

const PHONE = { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true };
const NO_QR = { ...PAYMENT, qr_code: null };
const LINK_ONLY = { ...NO_QR, bank_bin: null, account_number: null, account_name: null, memo: null };

/** @type {Storefront} */
let storefront;

before(async () => {
  storefront = await Storefront.start();
});
after(() => storefront.close());

test("an order whose QR code is missing shows the payment page's link, the transfer, and what is missing", async () => {
  const page = await opened({ payment: NO_QR });
  assert.equal(await page.getByTestId("checkout").getAttribute("href"), PAYMENT.checkout_url);
  assert.ok(await page.getByTestId("checkout").isVisible());
  assert.ok(await page.getByTestId("qr-card").isHidden());
  assert.equal(await page.getByTestId("account-number").textContent(), PAYMENT.account_number);
  assert.match(await text(page, "order-text"), /thiếu mã QR/);
  await page.locator('[data-language="en"]').click();
  assert.match(await text(page, "order-text"), /QR code is missing/);
});

test("an order of which only the link is known shows it, and that code and account are missing", async () => {
  const page = await opened({ payment: LINK_ONLY });
  assert.ok(await page.getByTestId("checkout").isVisible());
  assert.ok(await page.getByTestId("transfer").isHidden());
  assert.ok(await page.getByTestId("qr-card").isHidden());
  assert.match(await text(page, "order-text"), /thiếu mã QR và số tài khoản/);
  await page.locator('[data-language="en"]').click();
  assert.match(await text(page, "order-text"), /QR code and the account number are missing/);
});

test("a part that is paid of an order with only a link leads to the link", async () => {
  const page = await opened({ payment: LINK_ONLY, amount_applied: 100_000 });
  assert.ok(await page.getByTestId("checkout").isVisible());
  assert.match(await text(page, "order-text"), /300\.000 ₫ .*trang thanh toán PayOS/);
});

test("an order whose buyer is forgotten is shown without one", async () => {
  const page = await opened({ buyer: null });
  assert.equal(await page.getByTestId("buyer").count(), 0);
  assert.ok(await page.getByTestId("ordered-at").isVisible());
});

test("a value that cannot be copied is selected, with words beside it", async () => {
  const missing = () => Object.defineProperty(navigator, "clipboard", { value: undefined });
  const refusing = () => {
    const writeText = () => Promise.reject(new DOMException("refused", "NotAllowedError"));
    Object.defineProperty(navigator, "clipboard", { value: { writeText } });
  };
  for (const before of [missing, refusing]) {
    const page = await opened({}, before);
    for (const [testid, value] of [["account-number", "VQRQAAAA00000"], ["transfer-amount", "400000"], ["memo", "DG7"]]) {
      const row = page.locator("dd", { has: page.getByTestId(testid) });
      await row.locator("button").tap();
      await row.getByText("Chạm giữ để sao chép").waitFor();
      const box = await row.getByText("Chạm giữ để sao chép").boundingBox();
      assert.ok(box !== null && box.width > 1 && box.height > 1, testid);
      assert.equal(await page.evaluate(() => String(getSelection())), value);
    }
    await page.locator('[data-language="en"]').click();
    await page.getByTestId("copy-link").tap();
    await page.getByTestId("copy-by-hand").getByText("Press and hold to copy").waitFor();
    assert.equal(await page.evaluate(() => String(getSelection())), page.url());
  }
});

test("a value that is copied says so and selects nothing", async () => {
  const page = await opened({}, () => {
    Object.defineProperty(navigator, "clipboard", { value: { writeText: () => Promise.resolve() } });
  });
  const row = page.locator("dd", { has: page.getByTestId("memo") });
  await row.locator("button").tap();
  await row.getByText("Đã chép").waitFor();
  assert.equal(await page.getByTestId("copy-by-hand").count(), 0);
});

test("the QR code is a picture that can be pressed and saved, and says what the payment asks for", async () => {
  const page = await opened({}, cannotSave);
  const picture = page.getByTestId("qr").locator("img");
  await picture.waitFor();
  const { source, width } = await picture.evaluate((image) => {
    const { src, naturalWidth } = /** @type {HTMLImageElement} */ (image);
    return { source: src, width: naturalWidth };
  });
  assert.ok(width >= 400, `${width} px wide`);
  assert.match(source, /^data:image\/png;base64,/);
  assert.equal(await readsCode(Buffer.from(source.split(",")[1], "base64")), PAYMENT.qr_code);
});

test("where a picture can be neither shared nor downloaded, the page says to press and hold it", async () => {
  const page = await opened({}, cannotSave);
  assert.ok(await page.getByTestId("qr-save").isHidden());
  assert.match(await text(page, "qr-hint"), /chạm giữ ảnh QR để lưu/i);
  await page.locator('[data-language="en"]').click();
  assert.match(await text(page, "qr-hint"), /press and hold the picture to save it/i);
});

test("a share that is refused, or a download that may have been dropped, leads to pressing the picture", async () => {
  const refusing = await opened({}, () => {
    const share = () => Promise.reject(new DOMException("refused", "NotAllowedError"));
    Object.assign(navigator, { canShare: () => true, share });
  });
  const desk = await storefront.open(`/orders/7#key=${KEY}`, () => ({ json: PENDING }), {}, cannotSave);
  for (const page of [refusing, desk]) {
    assert.doesNotMatch(await text(page, "qr-hint"), /chạm giữ ảnh/i);
    await page.getByTestId("qr-save").click();
    await page.getByTestId("qr-hint").getByText(/chạm giữ ảnh/i).waitFor();
  }
});

test("a shopper back from the bank in another browser reads that PayOS reports the payment", async () => {
  const page = await storefront.open("/orders/7?code=00&cancel=false&status=PAID&orderCode=7", () => ({ status: 401 }), PHONE);
  assert.match(await text(page, "no-key-title"), /PayOS báo bạn đã thanh toán/);
  assert.match(await text(page, "no-key-text"), /không cần trả thêm/);
  await page.reload();
  await page.locator('[data-language="en"]').click();
  assert.match(await text(page, "no-key-title"), /PayOS reports your payment/);
  assert.match(await text(page, "no-key-text"), /need not pay anything more.*app or browser where you ordered/s);
  for (const words of [await page.locator("main").innerText()]) assert.doesNotMatch(words, /this device/);
});

test("a shopper who left PayOS, or whose link lost its key, reads where the order can be seen", async () => {
  const left = await storefront.open("/orders/7?code=00&cancel=true&status=CANCELLED", () => ({ status: 401 }), PHONE);
  assert.match(await text(left, "no-key-title"), /chưa thanh toán/);
  const lost = await storefront.open("/orders/7", () => ({ status: 401 }), PHONE);
  assert.match(await text(lost, "no-key-text"), /trình duyệt đã đặt hàng/);
  assert.doesNotMatch(await text(lost, "no-key-text"), /máy này chưa từng/);
});

/** A browser inside an app: it has no share sheet, and drops downloads without a word. */
function cannotSave() {
  HTMLAnchorElement.prototype.click = () => {};
  Object.assign(navigator, { share: undefined, canShare: undefined });
}

/**
 * @param {Partial<import("../../src/net/types.js").Order>} over
 * @param {() => void} [before]
 */
async function opened(over, before) {
  const page = await storefront.open(`/orders/7#key=${KEY}`, () => ({ json: { ...PENDING, ...over } }), PHONE, before);
  page.on("pageerror", (error) => assert.fail(error));
  await page.getByTestId("order-grid").waitFor();
  return page;
}

/** @param {import("playwright-core").Page} page @param {string} testid */
async function text(page, testid) {
  return (await page.getByTestId(testid).innerText()).replaceAll("\u00a0", " ");
}
