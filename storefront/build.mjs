// Bundles the pages into storefront/dist, which the Worker serves as static assets.
import { build } from "esbuild";
import { cp, mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

await rm(here("dist"), { recursive: true, force: true });
await mkdir(here("dist"), { recursive: true });
await cp(here("static"), here("dist"), { recursive: true });
await build({
  entryPoints: {
    index: here("src/pages/index.js"),
    drop: here("src/pages/drop.js"),
    order: here("src/pages/order.js"),
    style: here("src/pages/style.css"),
  },
  outdir: here("dist/assets"),
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
