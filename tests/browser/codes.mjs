// Reads QR codes as a banking app does: from a picture.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

// Without the file at hand the reader would ask another host for it.
const wasm = createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm");
prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(readFileSync(wasm)).buffer } });

/**
 * @param {Uint8Array<ArrayBuffer>} picture a file, not pixels
 * @returns {Promise<string | null>} the text of the only code in it
 */
export async function readsCode(picture) {
  const codes = await readBarcodes(picture, { formats: ["QRCode"] });
  return codes.length === 1 ? codes[0].text : null;
}
