import assert from "node:assert/strict";
import { test } from "node:test";
import { keyFromFragment, returnedFrom, webUrl } from "../../src/net/addresses.js";

test("the key is taken from the fragment only when it looks like one", () => {
  assert.equal(keyFromFragment("#key=1abcdefghijklmnopqrst-_"), "1abcdefghijklmnopqrst-_");
  for (const hash of ["", "#", "#key=", "#key=short", "#other=1abcdefghijklmnopqrst-_", "#key=1abcdefghijklmnopqrst-_x"]) {
    assert.equal(keyFromFragment(hash), null, hash);
  }
});

test("what PayOS appends to the return address is read for a sentence only", () => {
  assert.equal(returnedFrom("?code=00&cancel=false&status=PAID&orderCode=1"), "paid");
  assert.equal(returnedFrom("?code=00&cancel=true&status=CANCELLED&orderCode=1"), "cancelled");
  assert.equal(returnedFrom("?status=PENDING&cancel=false"), null);
  assert.equal(returnedFrom(""), null);
});

test("only web addresses become links", () => {
  assert.equal(webUrl("https://pay.payos.vn/web/1"), "https://pay.payos.vn/web/1");
  assert.equal(webUrl("http://127.0.0.1:8788/web/1"), "http://127.0.0.1:8788/web/1");
  for (const url of ["javascript:alert(1)", "data:text/html,x", "", "/web/1"]) assert.equal(webUrl(url), null, url);
});
