import { fileURLToPath } from "node:url";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

/** What becomes of `src`, for the build and for the tests that open pages. */
export const BUNDLE = /** @satisfies {import("esbuild").BuildOptions} */ ({
  entryPoints: {
    index: here("src/pages/index.js"),
    drop: here("src/pages/drop.js"),
    order: here("src/pages/order.js"),
    style: here("src/pages/style.css"),
  },
  bundle: true,
  format: "esm",
  minify: true,
  // Vietnamese text stays readable and small instead of \u escapes.
  charset: "utf8",
  // The oldest phones still common among shoppers: iOS 14.5 and Chrome 87.
  target: ["es2020", "safari14.1", "chrome87", "firefox78"],
  legalComments: "none",
  logLevel: "warning",
});
