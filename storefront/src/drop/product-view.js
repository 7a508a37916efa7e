import { language, t } from "../i18n/index.js";
import { longDateTime } from "../i18n/local-time.js";
import { formatVnd, groupThousands } from "../i18n/money.js";
import { safeImageUrl } from "../net/addresses.js";
import { byTestId, h, setText } from "../ui/dom.js";
import { holdMinutes } from "./rules.js";

const PLACEHOLDER = "/assets/placeholder.svg";

/** @param {import("../net/types.js").Drop} drop */
export function showProduct(drop) {
  setText(byTestId("drop-name"), drop.product.name);
  setText(byTestId("price"), formatVnd(drop.price));
  document.title = t("drop.title", { name: drop.product.name });
  showPhoto(byTestId("photo"), drop);
  showDescription(drop.product.description);
  const facts = [
    t("drop.size", { n: groupThousands(drop.size) }),
    t("drop.limit", { n: drop.limit_per_customer }),
    t("drop.hold", { n: holdMinutes(drop) }),
  ];
  if (drop.closes_at !== null) {
    facts.push(t("drop.closes_at", { when: longDateTime(Date.parse(drop.closes_at), language()) }));
  }
  const list = byTestId("facts");
  if (list.dataset.shown !== facts.join("\n")) {
    list.dataset.shown = facts.join("\n");
    list.replaceChildren(...facts.map((fact) => h("li", {}, fact)));
  }
}

/**
 * @param {HTMLElement} element an img
 * @param {import("../net/types.js").Drop} drop
 */
export function showPhoto(element, drop) {
  const image = /** @type {HTMLImageElement} */ (element);
  image.alt = t("drop.photo", { name: drop.product.name });
  const source = safeImageUrl(drop.product.image_url) ?? PLACEHOLDER;
  if (image.dataset.source === source) return;
  image.dataset.source = source;
  image.onerror = () => {
    image.onerror = null;
    image.src = PLACEHOLDER;
  };
  image.src = source;
}

/** @param {string} text paragraphs are divided by line breaks */
function showDescription(text) {
  const element = byTestId("description");
  if (element.dataset.shown === text) return;
  element.dataset.shown = text;
  const paragraphs = text.split(/\n+/).filter((line) => line.trim() !== "");
  element.replaceChildren(...paragraphs.map((line) => h("p", {}, line)));
}
