// The storefront's pages as they ship, content policy included, in a browser. Only the answers of the shop are a test's.

import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { BUNDLE } from "../../storefront/bundle.mjs";
import { launchBrowser } from "./launch.mjs";

/**
 * @typedef {import("playwright-core").Page} Page
 * @typedef {import("playwright-core").Request} Request
 * @typedef {{status?: number, headers?: Record<string, string>, contentType?: string, body?: string | Buffer, json?: unknown}} Answer
 * @typedef {(request: Request, path: string) => Answer} Shop answers what is asked below `/api/`
 */

export const SHOP = "http://shop.test";
export const NOW = Date.parse("2026-11-21T13:10:00Z");

const STATIC = fileURLToPath(new URL("../../storefront/static", import.meta.url));
const TYPES = /** @type {Record<string, string>} */ ({
  ".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml",
});

export class Storefront {
  static async start() {
    const [files, browser] = await Promise.all([assets(), launchBrowser()]);
    return new Storefront(files, browser);
  }

  /**
   * @param {Map<string, Answer>} files
   * @param {import("playwright-core").Browser} browser
   */
  constructor(files, browser) {
    this.files = files;
    this.browser = browser;
    this.headers = pageHeaders();
  }

  /**
   * A page on a phone whose time passes only when a test says so.
   * @param {string} address
   * @param {Shop} shop
   * @param {import("playwright-core").BrowserContextOptions} [options]
   * @param {(() => void)} [before] runs in the page before its own scripts
   * @returns {Promise<Page>}
   */
  async open(address, shop, options = {}, before = () => {}) {
    const context = await this.browser.newContext({ viewport: { width: 390, height: 844 }, locale: "vi-VN", ...options });
    const page = await context.newPage();
    await page.addInitScript(before);
    await page.clock.install({ time: NOW - 1000 });
    await page.clock.pauseAt(NOW);
    await context.route("**/*", (route) => route.fulfill(this.#answer(shop, route.request())));
    await page.goto(SHOP + address);
    return page;
  }

  close() {
    return this.browser.close();
  }

  /**
   * @param {Shop} shop
   * @param {Request} request
   * @returns {Answer}
   */
  #answer(shop, request) {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/api/")) return shop(request, pathname);
    if (pathname.startsWith("/assets/")) return this.files.get(pathname) ?? { status: 404 };
    const name = pathname.startsWith("/drops/") ? "drop" : pathname.startsWith("/orders/") ? "order" : "index";
    return { ...this.files.get(`/${name}.html`), headers: this.headers };
  }
}

async function assets() {
  const { outputFiles } = await build({ ...BUNDLE, outdir: "/assets", write: false });
  const built = outputFiles.map((file) => /** @type {const} */ ([`/assets/${path.basename(file.path)}`, file.text]));
  const names = readdirSync(STATIC, { recursive: true, encoding: "utf8" }).filter((name) => path.extname(name) in TYPES);
  const fixed = names.map((name) => /** @type {const} */ ([`/${name}`, readFileSync(path.join(STATIC, name), "utf8")]));
  return new Map([...built, ...fixed].map(([name, body]) => [name, { contentType: TYPES[path.extname(name)], body }]));
}

/** What `_headers` says of every page. */
function pageHeaders() {
  const lines = readFileSync(path.join(STATIC, "_headers"), "utf8").split("\n\n")[0].split("\n").slice(1);
  return Object.fromEntries(lines.map((line) => line.trim().split(/: (.*)/).slice(0, 2)));
}
