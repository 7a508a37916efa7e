import assert from "node:assert/strict";
import { test } from "node:test";
import { bankList, bankName } from "../../src/ui/banks.js";

test("a bank is named by its number, an unknown one is not guessed", () => {
  assert.equal(bankName("970422"), "MB Bank");
  assert.equal(bankName("970436"), "Vietcombank");
  assert.equal(bankName("000000"), null);
});

test("every bank is offered once, by name, and none is taken for another", () => {
  const banks = bankList();
  assert.ok(banks.length > 40);
  assert.equal(new Set(banks.map(([, name]) => name)).size, banks.length);
  for (const [bin, name] of banks) {
    assert.equal(bankName(bin), name);
  }
  const names = banks.map(([, name]) => name.toLowerCase());
  assert.deepEqual(names, [...names].sort());
});
