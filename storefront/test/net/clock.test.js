import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerClock } from "../../src/net/clock.js";

/** @param {number} start */
function clockAt(start) {
  const time = { local: start };
  return { time, clock: new ServerClock(() => time.local) };
}

test("the clock follows the server, not the device", () => {
  const { clock, time } = clockAt(1000);
  clock.observe(1000, 1100, 5_000_050);
  time.local = 2100;
  assert.equal(clock.now(), 5_001_100);
});

test("a slow answer does not spoil what a quick one told", () => {
  const { clock } = clockAt(0);
  clock.observe(0, 20, 1_000_010);
  // The server stamped at once and the answer dawdled: its midpoint alone would be 450 ms off.
  clock.observe(1000, 2000, 1_001_050);
  assert.ok(Math.abs(clock.now() - 1_000_000) <= 10, `off by ${clock.now() - 1_000_000} ms`);
});

test("many answers tell the time better than one", () => {
  const { clock } = clockAt(0);
  clock.observe(0, 200, 1_000_190);
  clock.observe(1000, 1200, 1_001_010);
  assert.ok(Math.abs(clock.now() - 1_000_000) <= 10);
});

test("a cached answer with an old time does not set the clock back", () => {
  const { clock } = clockAt(0);
  clock.observe(0, 20, 1_000_010);
  clock.observe(1000, 1010, 1_000_300);
  assert.ok(Math.abs(clock.now() - 1_000_000) <= 10);
});

test("the age of a cached answer is counted", () => {
  const { clock } = clockAt(0);
  clock.observe(1000, 1010, 1_000_300, 0);
  const { low, high } = /** @type {any} */ (clock.bound);
  assert.ok(low <= 1_000_000 && high >= 1_000_000);
});

test("a clock that stood still while the phone slept is mended by the next answer", () => {
  const { clock, time } = clockAt(0);
  clock.observe(0, 20, 1_000_010);
  time.local = 500;
  clock.observe(500, 520, 1_600_510);
  assert.ok(Math.abs(clock.now() - 1_600_500) <= 10);
});

test("a clock that was set too far ahead is believed wrong after a minute", () => {
  const { clock, time } = clockAt(0);
  clock.observe(0, 20, 9_000_010);
  clock.observe(30_000, 30_020, 1_030_010);
  time.local = 61_000;
  clock.observe(61_000, 61_020, 1_061_010);
  assert.ok(Math.abs(clock.now() - 1_061_000) <= 10);
});
