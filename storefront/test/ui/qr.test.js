import assert from "node:assert/strict";
import { test } from "node:test";
import { readsCode } from "../../../tests/browser/codes.mjs";
import { dataUrl, qrPng } from "../../src/ui/qr.js";

test("the picture of a code is read by another program as the very text, however long", async () => {
  for (const text of ["x", "00020101021238570010A00000072701270006970422", "đồng 450.000 ₫", "7".repeat(900)]) {
    assert.equal(await readsCode(qrPng(text)), text);
  }
});

test("a picture is large enough to be read after an app has saved it", () => {
  for (const text of ["x", "7".repeat(900)]) {
    const sides = new DataView(qrPng(text).buffer);
    assert.ok(sides.getUint32(16) >= 400 && sides.getUint32(16) === sides.getUint32(20));
  }
});

test("a picture stands in the page byte for byte", () => {
  const png = qrPng("x");
  assert.deepEqual(Buffer.from(dataUrl(png).replace("data:image/png;base64,", ""), "base64"), Buffer.from(png));
});
