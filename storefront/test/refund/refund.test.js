import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bankList } from "../../src/ui/banks.js";
import { en } from "../../src/i18n/en.js";
import { vi } from "../../src/i18n/vi.js";
import { OTHER_BANK, refundBody, refundFieldError, refundInputOf, refundRefusal } from "../../src/refund/fields.js";
import { laterUsableAt, REFUND_PARTS, refundView } from "../../src/refund/rules.js";

const NOW = Date.parse("2026-11-21T13:00:00Z");
const SOON = "2026-11-22T13:00:00Z";
const GOOD = { bank: "970436", other_bank: "", account_number: "0123456789", account_name: "NGUYEN VAN ANH" };
const OTHER = { ...GOOD, bank: OTHER_BANK, other_bank: "Ngân hàng Xây Dựng" };

/** @param {string | null} usableAt @param {boolean} [editing] @param {number[]} [amounts] due, on its way, sent */
const view = (usableAt, editing = false, [due, sending, sent] = [50_000, 0, 0]) =>
  refundView(
    { refund_due: due, refund_sending: sending, refund_sent: sent, refund_destination_usable_at: usableAt }, NOW, editing,
  );

test("an order of which nothing goes back shows nothing of a refund", () => {
  assert.equal(view(null, false, [0, 0, 0]), "none");
  assert.equal(view(SOON, true, [0, 0, 0]), "none");
});

test("where money goes is spoken of only while some of it is still due", () => {
  for (const usableAt of [null, SOON]) {
    for (const amounts of [[0, 1, 0], [0, 0, 1], [0, 1, 1]]) {
      assert.equal(view(usableAt, false, amounts), "away");
      assert.equal(view(usableAt, true, amounts), "away");
    }
  }
  assert.equal(view(null, false, [1, 1, 1]), "ask");
});

test("where a refund goes is asked until someone has said it", () => {
  assert.equal(view(null), "ask");
  assert.equal(view(null, true), "ask");
  assert.equal(view("2026-11-21T12:00:00Z"), "known");
});

test("a changed account that is not used yet says so", () => {
  assert.equal(view(SOON), "waits");
});

test("clocks that differ by seconds are no wait", () => {
  assert.equal(view("2026-11-21T13:00:05Z"), "known");
  assert.equal(view("2026-11-21T13:02:00Z"), "waits");
});

test("a form that is being filled in stays when an account becomes known, and is then a change", () => {
  assert.equal(view("2026-11-21T12:00:00Z", true), "change");
  assert.equal(view(SOON, true), "change");
});

test("an answer from before the account was given does not bring the question back", () => {
  assert.equal(laterUsableAt(null, null), null);
  assert.equal(laterUsableAt(null, SOON), SOON);
  assert.equal(laterUsableAt(SOON, null), SOON);
  assert.equal(laterUsableAt("2026-11-21T12:00:00Z", SOON), SOON);
  assert.equal(laterUsableAt(SOON, "2026-11-21T12:00:00Z"), SOON);
});

test("every part of what goes back has its sentence", () => {
  for (const part of REFUND_PARTS) assert.match(vi[`refund.amount.${part}`], /\{amount\}/, part);
});

test("every view with words has them", () => {
  for (const name of ["ask", "known", "waits"]) assert.ok(vi[`refund.text.${name}`], name);
});

test("each field says what is wrong with it", () => {
  for (const [field, text, key] of /** @type {const} */ ([
    ["bank", "", "field.bank.missing"],
    ["bank", "970436", null],
    ["account_number", " - ", "field.account_number.missing"],
    ["account_number", "0123 456-789", null],
    ["account_number", "VN0123abc", null],
    ["account_number", "0123/456", "field.account_number.wrong"],
    ["account_number", "số 0123", "field.account_number.wrong"],
    ["account_number", "1".repeat(24), null],
    ["account_number", "1".repeat(25), "field.account_number.long"],
    ["account_name", "  ", "field.account_name.missing"],
    ["account_name", "Đ".repeat(70), null],
    ["account_name", "Đ".repeat(71), "field.account_name.long"],
    ["account_name", "NGUYEN VAN ANH", null],
    ["account_name", "Nguyễn Thị Ánh", null],
    ["account_name", "O'Neill-Smith Jr.", null],
    ["account_name", "=SUM(A1)", "field.account_name.wrong"],
    ["account_name", "-An", "field.account_name.wrong"],
    ["account_name", "An & Bình", "field.account_name.wrong"],
  ])) {
    assert.equal(refundFieldError(field, { ...GOOD, [field]: text }), key, `${field} ${text.slice(0, 30)}`);
  }
});

test("another bank needs a name, and only then", () => {
  assert.equal(refundFieldError("other_bank", GOOD), null);
  for (const [text, key] of [
    [" ", "field.other_bank.missing"],
    ["x".repeat(60), null],
    ["x".repeat(61), "field.other_bank.long"],
    ["+84 Bank", "field.other_bank.wrong"],
    ["Bank @home", "field.other_bank.wrong"],
    ["CIMB Bank", null],
  ]) {
    assert.equal(refundFieldError("other_bank", { ...OTHER, other_bank: String(text) }), key, String(text));
  }
});

test("accents and apostrophes as phones write them are brought to what the origin takes", () => {
  const typed = "Nguye\u0302\u0303n  D\u2019Arc ";
  assert.equal(refundFieldError("account_name", { ...GOOD, account_name: typed }), null);
  assert.equal(refundBody({ ...GOOD, account_name: typed }).account_name, "Nguyễn D'Arc");
});

test("a listed bank goes by its BIN, another by its name, and the number without gaps", () => {
  const number = " 0123 456.789-0 ";
  assert.deepEqual(refundBody({ ...GOOD, other_bank: "left over", account_number: number }), {
    bank: "970436", account_number: "01234567890", account_name: "NGUYEN VAN ANH",
  });
  assert.equal(refundBody({ ...OTHER, other_bank: " CIMB Bank " }).bank, "CIMB Bank");
});

test("a problem's field finds the input the shopper filled in", () => {
  assert.equal(refundInputOf("bank", GOOD), "bank");
  assert.equal(refundInputOf("bank", OTHER), "other_bank");
  assert.equal(refundInputOf("account_number", GOOD), "account_number");
  assert.equal(refundInputOf("account_name", GOOD), "account_name");
  assert.equal(refundInputOf(undefined, GOOD), null);
});

test("no refusal of an account speaks of buying", () => {
  for (const code of [
    "destination_not_owed", "invalid_field", "invalid_json", "unsupported_media_type", "body_too_large", "bad_order_key",
    "order_not_found", "rate_limited", "busy", "origin_unavailable", "clock_behind", "internal", "unreachable",
    "a_code_of_next_year",
  ]) {
    const { title, text } = refundRefusal(code);
    assert.ok(vi[title] && vi[text] && en[title] && en[text], code);
    assert.doesNotMatch(`${vi[title]} ${vi[text]}`, /mua lại|đơn chưa|không gửi được đơn/i, code);
    assert.doesNotMatch(`${en[title]} ${en[text]}`, /\bbuy\b|ordered|the order could/i, code);
  }
  assert.equal(refundRefusal("destination_not_owed").text, "problem.destination_not_owed.text");
});

test("the page offers another bank by the very word the code looks for", () => {
  const page = readFileSync(new URL("../../static/order.html", import.meta.url), "utf8");
  assert.ok(page.includes(`<option value="${OTHER_BANK}"`));
  for (const [bin] of bankList()) assert.notEqual(bin, OTHER_BANK);
});

test("nothing of the refund form goes to storage", () => {
  for (const name of ["form", "fields"]) {
    const script = readFileSync(new URL(`../../src/refund/${name}.js`, import.meta.url), "utf8");
    assert.doesNotMatch(script, /storage/i, name);
  }
});
