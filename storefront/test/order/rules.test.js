import assert from "node:assert/strict";
import { test } from "node:test";
import { PAYMENT } from "../../../tests/browser/samples.mjs";
import { en } from "../../src/i18n/en.js";
import { isCode, orderPollMs, orderStage, paymentWays, plainCode, stageText } from "../../src/order/rules.js";

const PAY_BY = Date.parse("2026-11-21T13:05:00Z");

/** @param {object} over */
function order(over = {}) {
  return /** @type {any} */ ({
    state: "pending", settling: false, amount: 100, amount_applied: 0, pay_by: "2026-11-21T13:05:00Z",
    payment_state: "ready", payment: PAYMENT, ...over,
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
  for (const payment_state of ["preparing", "unavailable", "closed"]) {
    assert.ok(en[stageText(order({ payment_state, payment: null }), "pending")], payment_state);
  }
  for (const stage of /** @type {const} */ (["partial", "settling", "paid", "expired", "cancelled"])) {
    assert.ok(en[stageText(order(), stage)], stage);
    assert.ok(en[`order.state.${stage}`], stage);
  }
});

test("whatever a payment lacks, the sentence names only what is there", () => {
  const link = { ...PAYMENT, qr_code: null, bank_bin: null, account_number: null, account_name: null, memo: null };
  for (const [payment, pending, partial] of /** @type {const} */ ([
    [PAYMENT, "ready", "partial"],
    [{ ...PAYMENT, qr_code: null }, "ready_no_qr", "partial"],
    [{ ...PAYMENT, account_number: null }, "ready_no_account", "partial_link"],
    [{ ...PAYMENT, memo: null }, "ready_no_account", "partial_link"],
    [link, "ready_link", "partial_link"],
  ])) {
    for (const [stage, key] of /** @type {const} */ ([["pending", pending], ["partial", partial]])) {
      assert.equal(stageText(order({ payment }), stage), `order.text.${key}`);
      assert.ok(en[`order.text.${key}`], key);
    }
  }
});

test("no way to pay is shown once paying is over", () => {
  for (const stage of /** @type {const} */ (["settling", "paid", "expired", "cancelled"])) {
    assert.equal(paymentWays(order(), stage), null, stage);
  }
});

test("a payment is looked for every second while it may come", () => {
  assert.equal(orderPollMs("pending"), 1000);
  assert.equal(orderPollMs("partial"), 1000);
  assert.ok(orderPollMs("paid") > orderPollMs("settling"));
});

test("a code is taken as people type it", () => {
  for (const typed of ["0kw5r8q2m", " 0KW5 R8Q2M ", "0KW-5R8-Q2M"]) assert.equal(plainCode(typed), "0KW5R8Q2M");
  for (const code of ["0KW5R8Q2M", "157600000000001"]) assert.ok(isCode(code), code);
  for (const code of ["", "0KW5R8Q2", "0KW5R8Q2MX", "1576"]) assert.ok(!isCode(code), code);
});
