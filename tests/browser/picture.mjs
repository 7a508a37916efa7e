// Takes the picture of a drop's page that the README shows: node tests/browser/picture.mjs

import { fileURLToPath } from "node:url";

import { Storefront } from "./pages.mjs";
import { dropStatus } from "./samples.mjs";

const PICTURE = fileURLToPath(new URL("../../docs/drop-page.png", import.meta.url));

const storefront = await Storefront.start();
const page = await storefront.open("/drops/binh-gom", (_, path) => ({ json: path === "/api/config" ? {} : dropStatus() }), {
  locale: "en-GB",
  deviceScaleFactor: 2,
});
await page.getByTestId("phone").waitFor();
await page.screenshot({ path: PICTURE });
await storefront.close();
