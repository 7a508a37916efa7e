import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Storefront } from "../../../tests/browser/pages.mjs";
import { dropStatus } from "../../../tests/browser/samples.mjs";

// Addresses that were mistyped, and storage that was damaged.

/** @type {Storefront} */
let storefront;

before(async () => {
  storefront = await Storefront.start();
});
after(() => storefront.close());

test("an address that cannot be decoded shows that there is no such drop, or no such order", async () => {
  for (const [address, testid] of [
    ["/drops/%", "drop-missing"],
    ["/drops/ao-giay%", "drop-missing"],
    ["/drops/%ff", "drop-missing"],
    ["/orders/%", "no-key"],
  ]) {
    const errors = /** @type {Error[]} */ ([]);
    const page = await storefront.open(address, () => ({ status: 404, json: { code: "drop_not_found" } }));
    page.on("pageerror", (error) => errors.push(error));
    await page.getByTestId(testid).waitFor();
    assert.deepEqual(errors, []);
    assert.ok(await page.locator('main a[href="/"]').first().isVisible());
  }
});

test("pages work whatever stands in the storage", async () => {
  const damage = () => {
    const values = [null, 7, {}, { order_code: "7", slug: "binh-gom", state: "gone" }, { state: "pending" }];
    localStorage.setItem("dropgate.orders", JSON.stringify(values));
    localStorage.setItem("dropgate.language", "{");
    for (const name of ["buyer", "quantity.binh-gom", "attempt.1"]) sessionStorage.setItem(`dropgate.${name}`, '[7,{"token":7}]');
  };
  const asked = /** @type {string[]} */ ([]);
  const shop = (/** @type {import("playwright-core").Request} */ request, /** @type {string} */ path) => {
    asked.push(`${request.method()} ${path}`);
    if (path === "/api/config") return { json: { turnstile_site_key: null } };
    return { json: path === "/api/drops" ? { drops: [] } : dropStatus() };
  };
  for (const [address, testid] of [["/", "drops"], ["/drops/binh-gom", "buy-form"], ["/orders/7", "no-key"]]) {
    const page = await storefront.open(address, shop, {}, damage);
    page.on("pageerror", (error) => assert.fail(error));
    await page.getByTestId(testid).waitFor();
    assert.equal(await page.locator('[data-testid="my-orders"]:visible, [data-testid="own-order"]').count(), 0, address);
  }
  assert.deepEqual(asked.filter((request) => request.startsWith("POST")), []);
});
