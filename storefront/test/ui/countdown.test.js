import assert from "node:assert/strict";
import { test } from "node:test";
import { longDateTime, zoneName } from "../../src/i18n/local-time.js";
import { countdownParts, countdownText, msToNextSecond } from "../../src/ui/countdown.js";

test("a countdown is drawn when its second changes, and one that is over not in a rush", () => {
  assert.equal(msToNextSecond(61_250), 250);
  assert.equal(msToNextSecond(250), 250);
  for (const over of [0, -1, -250, -61_250]) assert.equal(msToNextSecond(over), 1000, String(over));
});

test("the countdown reaches zero at the moment and not a second before", () => {
  assert.equal(countdownText(1), "0:01");
  assert.equal(countdownText(1000), "0:01");
  assert.equal(countdownText(1001), "0:02");
  assert.equal(countdownText(0), "0:00");
  assert.equal(countdownText(-5000), "0:00");
});

test("days, hours, minutes and seconds add up to the time left", () => {
  const parts = countdownParts(((2 * 24 + 3) * 3600 + 4 * 60 + 5) * 1000);
  assert.deepEqual(parts, { days: 2, hours: 3, minutes: 4, seconds: 5 });
  assert.equal(countdownText(49 * 3_600_000), "49:00:00");
});

test("a moment is shown in the shopper's zone, which is named", () => {
  const moment = Date.parse("2026-11-21T13:00:00Z");
  assert.match(longDateTime(moment, "vi", "Asia/Ho_Chi_Minh"), /^20:00, .*21.*tháng.*11$/);
  assert.match(longDateTime(moment, "en", "Asia/Tokyo"), /21.November, 22:00$/);
  assert.match(zoneName(moment, "vi", "Asia/Ho_Chi_Minh"), /GMT\+7/);
  assert.match(zoneName(moment, "en", "Asia/Ho_Chi_Minh"), /Indochina Time/);
});
