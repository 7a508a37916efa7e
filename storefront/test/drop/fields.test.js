import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldError, inputOfServerField, purchaseBody } from "../../src/drop/fields.js";

const GOOD = { quantity: "1", name: "Nguyễn Vân Anh", phone: "0912345678", email: "a@b.vn", province: "", province_typed: "", line: "" };
const DEMANDS = { quantityMax: 2, mail: true };

test("each field says what is wrong with it", () => {
  for (const [field, text, key] of /** @type {const} */ ([
    ["name", "  ", "field.name.missing"],
    ["name", "ế".repeat(121), "field.name.long"],
    ["name", "ế".repeat(120), null],
    ["phone", "", "field.phone.missing"],
    ["phone", "0912", "field.phone.wrong"],
    ["phone", "912345678", "field.phone.nine_digits"],
    ["phone", "01634567890", "field.phone.eleven_digits"],
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
    assert.equal(fieldError(field, { ...GOOD, [field]: text }, DEMANDS), key, `${field} ${text.slice(0, 30)}`);
  }
});

test("an address for mail is asked for only by a shop that sends any, and checked by every shop", () => {
  const error = (/** @type {string} */ email, /** @type {boolean} */ mail) =>
    fieldError("email", { ...GOOD, email }, { quantityMax: 1, mail });
  assert.equal(error("", false), null);
  assert.equal(error("", true), "field.email.missing");
  assert.equal(error("an..b@gmail.com", false), "field.email.wrong");
  assert.equal(purchaseBody({ ...GOOD, email: " " }, "vi").buyer.email, "");
});

test("a name of no province is not taken for an address without one", () => {
  assert.equal(fieldError("province", { ...GOOD, province_typed: "Atlantis" }, DEMANDS), "field.province.unknown");
  assert.equal(fieldError("province", { ...GOOD, province: "VN-HN", province_typed: "Hà Nội" }, DEMANDS), null);
});

test("an address is given wholly or not at all", () => {
  assert.equal(fieldError("line", { ...GOOD, province: "VN-HN" }, DEMANDS), "field.line.missing");
  assert.equal(fieldError("province", { ...GOOD, line: "1 Tràng Tiền" }, DEMANDS), "field.province.missing");
  assert.equal(purchaseBody(GOOD, "vi").buyer.address, undefined);
  const body = purchaseBody({ ...GOOD, province: "VN-HN", line: " 1 Tràng Tiền " }, "en");
  assert.equal(body.language, "en");
  assert.deepEqual(body.buyer.address, { province_code: "VN-HN", line: "1 Tràng Tiền" });
});

test("the phone is sent in one spelling, so that token and purchase name one customer", () => {
  assert.equal(purchaseBody({ ...GOOD, phone: "0912 345 678" }, "vi").buyer.phone, "+84912345678");
});

test("a problem's field finds its input however it is spelled", () => {
  for (const [field, input] of [
    ["phone", "phone"], ["buyer.email", "email"], ["/buyer/name", "name"], ["buyer.address.province_code", "province"],
    ["buyer.address.line", "line"], ["quantity", "quantity"], ["turnstile_token", null], [undefined, null],
  ]) {
    assert.equal(inputOfServerField(/** @type {any} */ (field)), input);
  }
});
