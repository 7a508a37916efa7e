import assert from "node:assert/strict";
import { test } from "node:test";
import { en } from "../../src/i18n/en.js";
import { orderPollMs, orderStage, stageText } from "../../src/order/rules.js";

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
