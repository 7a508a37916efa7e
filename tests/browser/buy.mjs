// A shopper on a phone buys on the drop page, pays on the page of the PayOS stand-in, and sees "paid".
//
//   node tests/browser/buy.mjs EDGE_URL SLUG
//
// Ends with status 1, and says at which step, when the pages do not do it.

import { launchBrowser } from "./launch.mjs";

/** @typedef {import("playwright-core").Page} Page */

const [edge, slug] = process.argv.slice(2);

// A step is a page load, an answer of the shop, or a poll of the page.
const STEP_DEADLINE_MS = 20_000;

const browser = await launchBrowser();
let step = "start";
try {
  const page = await newPhone();
  await fillsInTheForm(page);
  const orderUrl = await buys(page);
  await pays(page);
  await seesPaid(page, orderUrl);
} catch (error) {
  console.error(`at step "${step}":`, error);
  process.exitCode = 1;
} finally {
  await browser.close();
}

async function newPhone() {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    locale: "vi-VN",
    timezoneId: "Asia/Ho_Chi_Minh",
  });
  context.setDefaultTimeout(STEP_DEADLINE_MS);
  const page = await context.newPage();
  page.on("pageerror", (error) => {
    console.error(`an error of the page at step "${step}": ${error.stack}`);
    process.exitCode = 1;
  });
  return page;
}

/** @param {Page} page */
async function fillsInTheForm(page) {
  step = "the drop page shows the form and the stock";
  await page.goto(`${edge}/drops/${slug}`);
  await page.getByTestId("buy-form").waitFor();
  await page.getByTestId("stock").filter({ hasText: "3" }).waitFor();

  step = "an empty form is not sent, and says what is missing";
  await page.getByTestId("submit").click();
  await page.getByTestId("phone-error").filter({ hasText: /\S/ }).waitFor();

  step = "the form is filled in";
  await page.getByTestId("quantity").fill("2");
  await page.getByTestId("name").fill("Nguyễn Thị Hoa");
  await page.getByTestId("phone").fill("0987 654 321");
  await page.getByTestId("email").fill("hoa@example.com");
}

/** @param {Page} page */
async function buys(page) {
  step = "the button leads to the order page, which shows what to pay";
  await page.getByTestId("submit").click();
  await page.waitForURL(/\/orders\/\d+#key=/);
  const orderUrl = page.url();
  await orderIs(page, "pending");
  await page.getByTestId("amount").filter({ hasText: /500[.,]000/ }).waitFor();
  await page.getByTestId("qr").locator("svg, canvas, img").first().waitFor();
  await page.getByTestId("pay-by").filter({ hasText: /\d/ }).waitFor();
  return orderUrl;
}

/** @param {Page} page */
async function pays(page) {
  step = "the link leads to the payment page, and its button pays";
  await page.getByTestId("checkout").click();
  await page.waitForURL(/\/web\//);
  await page.locator("button.pay").click();
}

/** @param {Page} page @param {string} orderUrl */
async function seesPaid(page, orderUrl) {
  step = "PayOS sends the shopper back, who sees that the order is paid";
  await page.waitForURL((url) => url.origin === new URL(edge).origin && url.pathname === new URL(orderUrl).pathname);
  await orderIs(page, "paid");

  step = "the link to the order opens it in a browser that has never been here";
  const elsewhere = await newPhone();
  await elsewhere.goto(orderUrl);
  await orderIs(elsewhere, "paid");
}

/** @param {Page} page @param {string} state */
async function orderIs(page, state) {
  await page.locator(`[data-testid="order-state"][data-state="${state}"]`).waitFor();
}
