import assert from "node:assert/strict";
import { test } from "node:test";
import { bankName } from "../../src/ui/banks.js";
import { keyFromFragment, orderPollMs, orderStage, returnedFrom, stageText, webUrl } from "../../src/order/rules.js";
import { en } from "../../src/i18n/en.js";

const PAY_BY = Date.parse("2026-11-21T13:05:00Z");

/** @param {object} over */
function order(over = {}) {
  return /** @type {any} */ ({
    state: "pending", settling: false, amount: 100, amount_applied: 0, pay_by: "2026-11-21T13:05:00Z",
    payment_state: "ready", ...over,
  });
}

test("an order whose time is over asks for no more money", () => {
  assert.equal(orderStage(order(), PAY_BY - 1), "pending");
  assert.equal(orderStage(order(), PAY_BY), "settling");
  assert.equal(orderStage(order({ settling: true }), PAY_BY - 1), "settling");
});

test("a part of the money is shown as a part", () => {
  assert.equal(orderStage(order({ amount_applied: 40 }), PAY_BY - 1), "partial");
});

test("an ended order is what the server says, whatever the time", () => {
  for (const state of ["paid", "expired", "cancelled"]) assert.equal(orderStage(order({ state }), PAY_BY + 1), state);
});

test("every stage and payment state has its sentence", () => {
  for (const payment_state of ["preparing", "ready", "unavailable", "closed"]) {
    assert.ok(en[stageText(order({ payment_state }), "pending")], payment_state);
  }
  for (const stage of /** @type {const} */ (["partial", "settling", "paid", "expired", "cancelled"])) {
    assert.ok(en[stageText(order(), stage)], stage);
    assert.ok(en[`order.state.${stage}`], stage);
  }
});

test("a payment is looked for every second while it may come", () => {
  assert.equal(orderPollMs("pending"), 1000);
  assert.equal(orderPollMs("partial"), 1000);
  assert.ok(orderPollMs("paid") > orderPollMs("settling"));
});

test("the key is taken from the fragment only when it looks like one", () => {
  assert.equal(keyFromFragment("#key=1abcdefghijklmnopqrst-_"), "1abcdefghijklmnopqrst-_");
  for (const hash of ["", "#", "#key=", "#key=short", "#other=1abcdefghijklmnopqrst-_", "#key=1abcdefghijklmnopqrst-_x"]) {
    assert.equal(keyFromFragment(hash), null, hash);
  }
});

test("what PayOS appends to the return address is read for a sentence only", () => {
  assert.equal(returnedFrom("?code=00&cancel=false&status=PAID&orderCode=1"), "paid");
  assert.equal(returnedFrom("?code=00&cancel=true&status=CANCELLED&orderCode=1"), "cancelled");
  assert.equal(returnedFrom("?status=PENDING&cancel=false"), null);
  assert.equal(returnedFrom(""), null);
});

test("only web addresses become links", () => {
  assert.equal(webUrl("https://pay.payos.vn/web/1"), "https://pay.payos.vn/web/1");
  assert.equal(webUrl("http://127.0.0.1:8788/web/1"), "http://127.0.0.1:8788/web/1");
  for (const url of ["javascript:alert(1)", "data:text/html,x", "", "/web/1"]) assert.equal(webUrl(url), null, url);
});

test("a bank is named by its number, an unknown one is not guessed", () => {
  assert.equal(bankName("970422"), "MB Bank");
  assert.equal(bankName("970436"), "Vietcombank");
  assert.equal(bankName("000000"), null);
});
