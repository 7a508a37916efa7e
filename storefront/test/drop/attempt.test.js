import assert from "node:assert/strict";
import { test } from "node:test";
import { isAttempt } from "../../src/drop/purchase.js";

test("only a whole attempt is sent again after a reload", () => {
  const whole = { token: "t", expiresAt: 1, body: "{}" };
  assert.ok(isAttempt(whole));
  for (const broken of [null, 7, "t", [], {}, { ...whole, token: 7 }, { ...whole, expiresAt: "1" }, { ...whole, body: {} }]) {
    assert.ok(!isAttempt(broken), JSON.stringify(broken));
  }
});
