import assert from "node:assert/strict";
import { test } from "node:test";
import { isEmail, meantEmail } from "../../src/drop/email.js";

test("addresses that could get mail pass, and typing mistakes do not", () => {
  for (const good of ["an@example.com", "an.nguyen+drop@mail.example.vn", "ấn@example.com", "a@b.vn"]) assert.ok(isEmail(good), good);
  for (const bad of [
    "", "an", "an@", "@gmail.com", "an@gmail", "a n@gmail.com", "an@.com", "an@example..com", "a@b@c.vn", "an..b@gmail.com",
    ".an@gmail.com", "an.@gmail.com", "an@gmail.com.", "an@1.2.3.4", `${"a".repeat(250)}@b.vn`,
  ]) {
    assert.ok(!isEmail(bad), bad);
  }
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
