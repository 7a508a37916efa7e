import assert from "node:assert/strict";
import { test } from "node:test";
import { busyPauseMs, parseRetryAfter, pollPauseMs, replayPauseMs } from "../../src/net/backoff.js";

const EDGES = [() => 0, () => 0.999];

test("a poll that failed waits two to five seconds, however often it failed", () => {
  for (let failures = 1; failures < 50; failures++) {
    for (const random of EDGES) {
      const pause = pollPauseMs(failures, 1000, random);
      assert.ok(pause >= 2000 && pause <= 5000, `${failures}: ${pause}`);
    }
  }
  assert.equal(pollPauseMs(0, 1000, () => 0.9), 1000);
});

test("jitter keeps shoppers from coming back in the same moment", () => {
  assert.notEqual(pollPauseMs(3, 1000, () => 0.1), pollPauseMs(3, 1000, () => 0.9));
  assert.notEqual(busyPauseMs(1000, () => 0.1), busyPauseMs(1000, () => 0.9));
});

test("no page comes back before Retry-After is over", () => {
  for (const random of EDGES) {
    assert.ok(busyPauseMs(7000, random) >= 7000);
    assert.ok(busyPauseMs(0, random) >= 0);
    assert.ok(busyPauseMs(null, random) >= 2000);
  }
});

test("Retry-After is read as seconds and as a date", () => {
  assert.equal(parseRetryAfter("3", 0), 3000);
  assert.equal(parseRetryAfter("Sat, 21 Nov 2026 13:00:05 GMT", Date.parse("2026-11-21T13:00:00Z")), 5000);
  assert.equal(parseRetryAfter("soon", 0), null);
  assert.equal(parseRetryAfter(null, 0), null);
});

test("replays slow down to four seconds and fit many times into a token's life", () => {
  assert.ok(replayPauseMs(0, () => 0) < 500);
  assert.ok(replayPauseMs(20, () => 0.999) <= 5000);
});
