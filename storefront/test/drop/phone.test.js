import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { meantPhone, parsePhone, shownPhone } from "../../src/drop/phone.js";

// Edge and origin read phones by the same table.
const TABLE = new URL("../../../crates/edge-protocol/cases/phones.json", import.meta.url);
/** @type {Array<{text: string, phone: string | null, meant?: string}>} */
const cases = JSON.parse(readFileSync(TABLE, "utf8"));

test("a phone is read as the table of cases says", () => {
  assert.ok(cases.length > 50);
  for (const { text, phone } of cases) assert.equal(parsePhone(text), phone, JSON.stringify(text));
});

test("a number that lacks its zero or is from before 2018 is understood, and no other is guessed", () => {
  for (const { text, meant } of cases) assert.equal(meantPhone(text)?.phone, meant, JSON.stringify(text));
  assert.equal(meantPhone("912345678")?.why, "nine_digits");
  assert.equal(meantPhone("01634567890")?.why, "eleven_digits");
});

test("an offered number is written as people write it", () => {
  assert.equal(shownPhone("+84912345678"), "0912 345 678");
});
