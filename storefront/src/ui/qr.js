import { encode } from "uqr";
import { svg } from "./dom.js";

// Four modules of white on every side are part of the code: without them cameras fail on a dark page.
const QUIET_MODULES = 4;
const PNG_MODULE_PIXELS = 14;

/**
 * @param {string} text
 * @returns {boolean[][]}
 */
export function qrModules(text) {
  return encode(text, { ecc: "M", border: 0 }).data;
}

/**
 * @param {boolean[][]} modules
 * @returns {string} an SVG path with one rectangle for each run of dark modules in a row
 */
export function qrPath(modules) {
  const runs = [];
  for (const [y, row] of modules.entries()) {
    for (let x = 0; x < row.length; x++) {
      const start = x;
      while (x < row.length && row[x]) x++;
      if (x > start) runs.push(`M${start} ${y}h${x - start}v1h${start - x}z`);
    }
  }
  return runs.join("");
}

/**
 * @param {string} text
 * @param {string} label
 */
export function qrSvg(text, label) {
  const modules = qrModules(text);
  const size = modules.length + 2 * QUIET_MODULES;
  return svg(
    "svg",
    {
      viewBox: `${-QUIET_MODULES} ${-QUIET_MODULES} ${size} ${size}`,
      role: "img",
      "aria-label": label,
      "shape-rendering": "crispEdges",
    },
    svg("rect", { x: `${-QUIET_MODULES}`, y: `${-QUIET_MODULES}`, width: `${size}`, height: `${size}`, fill: "#fff" }),
    svg("path", { d: qrPath(modules), fill: "#000" }),
  );
}

/**
 * A phone cannot scan its own screen, but every banking app here reads a QR from the photo library.
 * @param {string} text
 * @returns {Promise<Blob | null>}
 */
export function qrPng(text) {
  const modules = qrModules(text);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = (modules.length + 2 * QUIET_MODULES) * PNG_MODULE_PIXELS;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(PNG_MODULE_PIXELS, PNG_MODULE_PIXELS);
  context.translate(QUIET_MODULES, QUIET_MODULES);
  context.fillStyle = "#000";
  context.fill(new Path2D(qrPath(modules)));
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
