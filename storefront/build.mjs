// Bundles the pages into storefront/dist, which the Worker serves as static assets.
import { build } from "esbuild";
import { cp, mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { BUNDLE } from "./bundle.mjs";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

await rm(here("dist"), { recursive: true, force: true });
await mkdir(here("dist"), { recursive: true });
await cp(here("static"), here("dist"), { recursive: true });
await build({ ...BUNDLE, outdir: here("dist/assets") });
