import assert from "node:assert/strict";
import { test } from "node:test";
import { formatVnd } from "../../src/i18n/money.js";

test("an amount is grouped by dots and followed by the đồng sign", () => {
  for (const [amount, text] of [
    [0, "0 ₫"],
    [999, "999 ₫"],
    [1000, "1.000 ₫"],
    [1_250_000, "1.250.000 ₫"],
    [12_345_678_901, "12.345.678.901 ₫"],
    [-5000, "−5.000 ₫"],
  ]) {
    assert.equal(formatVnd(Number(amount)).replace("\u00a0", " "), text);
  }
});

test("an amount never breaks before its sign", () => {
  assert.ok(!formatVnd(1000).includes(" "));
});
