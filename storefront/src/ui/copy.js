import { t } from "../i18n/index.js";
import { h } from "./dom.js";
import { announce } from "./page.js";

const SHOWN_MS = 2000;

/**
 * @param {string} text
 * @param {string} what as the announcement names it
 * @returns {HTMLElement}
 */
export function copyButton(text, what) {
  const button = h("button", { type: "button", class: "copy", "aria-label": `${t("order.copy")}: ${what}` }, t("order.copy"));
  button.addEventListener("click", () => copy(text, what, button));
  return button;
}

/**
 * @param {string} text
 * @param {string} what
 * @param {HTMLElement} button shows for a moment that it worked
 */
export async function copy(text, what, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // No permission, or an in-app browser without clipboard: then the shopper has to select it.
    return announce(t("site.copy_failed"));
  }
  const before = button.textContent;
  button.textContent = t("order.copied");
  button.classList.add("done");
  announce(t("site.copied", { what }));
  setTimeout(() => {
    button.textContent = before;
    button.classList.remove("done");
  }, SHOWN_MS);
}
