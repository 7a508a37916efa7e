import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldError, inputOfServerField, purchaseBody } from "../../src/drop/fields.js";
import { PROVINCES } from "../../src/drop/provinces.js";

const GOOD = { quantity: "1", name: "Nguyễn Vân Anh", phone: "0912345678", email: "a@b.vn", province: "", line: "" };

test("each field says what is wrong with it", () => {
  for (const [field, text, key] of /** @type {const} */ ([
    ["name", "  ", "field.name.missing"],
    ["name", "ế".repeat(121), "field.name.long"],
    ["name", "ế".repeat(120), null],
    ["phone", "", "field.phone.missing"],
    ["phone", "0912", "field.phone.wrong"],
    ["email", "", "field.email.missing"],
    ["email", "van@", "field.email.wrong"],
    ["email", "van anh@gmail.com", "field.email.wrong"],
    ["email", "van@gmail", "field.email.wrong"],
    ["email", "van.anh+drop@mail.gmail.com", null],
    ["email", `${"a".repeat(250)}@b.vn`, "field.email.wrong"],
    ["quantity", "0", "field.quantity.range"],
    ["quantity", "3", "field.quantity.range"],
    ["quantity", "1.5", "field.quantity.range"],
    ["quantity", "2", null],
  ])) {
    assert.equal(fieldError(field, { ...GOOD, [field]: text }, 2), key, `${field} ${text.slice(0, 30)}`);
  }
});

test("an address is given wholly or not at all", () => {
  assert.equal(fieldError("line", { ...GOOD, province: "VN-HN" }, 1), "field.line.missing");
  assert.equal(fieldError("province", { ...GOOD, line: "1 Tràng Tiền" }, 1), "field.province.missing");
  assert.equal(purchaseBody(GOOD).buyer.address, undefined);
  const body = purchaseBody({ ...GOOD, province: "VN-HN", line: " 1 Tràng Tiền " });
  assert.deepEqual(body.buyer.address, { province_code: "VN-HN", line: "1 Tràng Tiền" });
});

test("the phone is sent in one spelling, so that token and purchase name one customer", () => {
  assert.equal(purchaseBody({ ...GOOD, phone: "0912 345 678" }).buyer.phone, "+84912345678");
});

test("a problem's field finds its input however it is spelled", () => {
  for (const [field, input] of [
    ["phone", "phone"], ["buyer.email", "email"], ["/buyer/name", "name"], ["buyer.address.province_code", "province"],
    ["buyer.address.line", "line"], ["quantity", "quantity"], ["turnstile_token", null], [undefined, null],
  ]) {
    assert.equal(inputOfServerField(/** @type {any} */ (field)), input);
  }
});

test("there are 34 provinces, each with its own ISO code", () => {
  assert.equal(PROVINCES.length, 34);
  assert.equal(new Set(PROVINCES.map(([code]) => code)).size, 34);
  assert.equal(new Set(PROVINCES.map(([, name]) => name)).size, 34);
  for (const [code] of PROVINCES) assert.match(code, /^VN-(\d\d|[A-Z]{2})$/);
});
