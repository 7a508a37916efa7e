import assert from "node:assert/strict";
import { test } from "node:test";
import { RetryLock } from "../../src/ui/retry-lock.js";

test("a button is free until an answer asks for a pause, and not a moment before the pause is over", () => {
  const clock = { ms: 1_000_000, now: () => clock.ms };
  const lock = new RetryLock(clock);
  assert.equal(lock.secondsLeft, 0);
  lock.hold(null);
  assert.equal(lock.secondsLeft, 0);
  lock.hold(5000);
  assert.equal(lock.secondsLeft, 5);
  clock.ms += 2000;
  lock.hold(null);
  assert.equal(lock.secondsLeft, 3);
  clock.ms += 2999;
  assert.equal(lock.secondsLeft, 1);
  clock.ms += 1;
  assert.equal(lock.secondsLeft, 0);
});
