import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isEmail, meantEmail } from "../../src/ui/email.js";

// The origin reads addresses by the same table.
const TABLE = new URL("../../../crates/domain/cases/emails.txt", import.meta.url);

test("an address is taken or refused as the table of cases says", () => {
  const cases = readFileSync(TABLE, "utf8").trimEnd().split("\n");
  assert.ok(cases.length > 30);
  for (const line of cases) assert.equal(isEmail(line.slice(2)), line.startsWith("+ "), line);
  for (const bad of ["", "an@gmail.com\n", "an\0@gmail.com", "a\u00a0n@gmail.com"]) assert.ok(!isEmail(bad), JSON.stringify(bad));
});

test("an address has the lengths that mail can carry", () => {
  /** @param {number} local @param {number} labels */
  const address = (local, labels) => `${"a".repeat(local)}@${"abcdefghi.".repeat(labels)}vn`;
  for (const good of [address(64, 18), address(61, 19), `an@${"a".repeat(63)}.vn`]) assert.ok(isEmail(good), good);
  for (const bad of [address(65, 1), address(62, 19), `an@${"a".repeat(64)}.vn`]) assert.ok(!isEmail(bad), bad);
});

test("a mistyped host is asked about, and one that exists is not", () => {
  for (const [typed, meant] of [
    ["an@gmail.con", "an@gmail.com"],
    ["an@gmail.co", "an@gmail.com"],
    ["an@gmail.cm", "an@gmail.com"],
    ["an@gmai.com", "an@gmail.com"],
    ["an@gmial.com", "an@gmail.com"],
    ["an@gamil.com", "an@gmail.com"],
    ["an@gmaill.com", "an@gmail.com"],
    ["An@GMAIL.CON", "An@gmail.com"],
    ["an@gmai.con", "an@gmail.com"],
    ["an@yaho.com.vn", "an@yahoo.com.vn"],
    ["an@yahoo.con", "an@yahoo.com"],
    ["an@hotmial.com", "an@hotmail.com"],
    ["an@outlok.com", "an@outlook.com"],
    ["an@icloud.comm", "an@icloud.com"],
    ["an@congty.con", "an@congty.com"],
    ["an@gmail.com", null],
    ["an@yahoo.com.vn", null],
    ["an@ymail.com", null],
    ["an@mail.com", null],
    ["an@congty.co", null],
    ["an@congty.vn", null],
    ["an..b@gmail.con", null],
    ["", null],
  ]) {
    assert.equal(meantEmail(String(typed)), meant, String(typed));
  }
});
