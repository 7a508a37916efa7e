import { encode } from "uqr";
import { pngOf } from "./png.js";

// Four modules of white on every side are part of the code: without them cameras fail on a dark page.
const QUIET_MODULES = 4;
// A picture that was saved is read again by another program, which has nothing to spare on blurred edges.
const SIDE_PIXELS_MIN = 600;

/**
 * A phone cannot scan its own screen, but every banking app here reads a QR code from a saved picture.
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>} a PNG file
 */
export function qrPng(text) {
  const { data } = encode(text, { ecc: "M", border: QUIET_MODULES });
  return pngOf(data, Math.ceil(SIDE_PIXELS_MIN / data.length));
}

/**
 * As part of the page and not as a blob: apps that show pages save the one and lose the other.
 * @param {Uint8Array} png
 */
export function dataUrl(png) {
  let text = "";
  for (const byte of png) text += String.fromCharCode(byte);
  return `data:image/png;base64,${btoa(text)}`;
}
