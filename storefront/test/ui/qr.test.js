import assert from "node:assert/strict";
import { test } from "node:test";
import { qrModules, qrPath } from "../../src/ui/qr.js";

test("the drawn path covers exactly the dark modules", () => {
  const modules = qrModules("00020101021238570010A00000072701270006970422");
  const drawn = modules.map((row) => row.map(() => false));
  for (const [, x, y, width] of qrPath(modules).matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let i = 0; i < Number(width); i++) drawn[Number(y)][Number(x) + i] = true;
  }
  assert.deepEqual(drawn, modules);
});

test("the code has no border of its own, so the quiet zone is counted once", () => {
  const modules = qrModules("x");
  assert.equal(modules.length, 21);
  assert.ok(modules[0][0]);
});
