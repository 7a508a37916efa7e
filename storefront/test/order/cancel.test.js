import assert from "node:assert/strict";
import { test } from "node:test";
import { en } from "../../src/i18n/en.js";
import { vi } from "../../src/i18n/vi.js";
import { cancelRefusal } from "../../src/order/cancel.js";

test("no refusal of a cancellation speaks of buying", () => {
  for (const code of [
    "order_not_pending", "bad_order_key", "order_not_found", "rate_limited", "busy", "origin_unavailable", "clock_behind",
    "internal", "unreachable", "a_code_of_next_year",
  ]) {
    const { title, text } = cancelRefusal(code);
    assert.ok(vi[title] && vi[text] && en[title] && en[text], code);
    assert.doesNotMatch(`${vi[title]} ${vi[text]}`, /mua lại|đơn chưa được đặt/i, code);
    assert.doesNotMatch(`${en[title]} ${en[text]}`, /\bbuy\b|ordered/i, code);
  }
  assert.equal(cancelRefusal("order_not_pending").text, "problem.order_not_pending.text");
});
