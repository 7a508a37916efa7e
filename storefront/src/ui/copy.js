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
 * @param {HTMLElement} button shows for a moment that it worked; words beside it say when it did not
 */
export async function copy(text, what, button) {
  button.parentElement?.querySelector('[data-testid="copy-by-hand"]')?.remove();
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // No permission, or an app's own browser, which has no clipboard.
    return offerByHand(text, button);
  }
  const [before, label] = [button.textContent, button.getAttribute("aria-label")];
  button.textContent = t("order.copied");
  button.removeAttribute("aria-label");
  button.classList.add("done");
  announce(t("site.copied", { what }));
  setTimeout(() => {
    button.textContent = before;
    if (label !== null) button.setAttribute("aria-label", label);
    button.classList.remove("done");
  }, SHOWN_MS);
}

/**
 * Shows the very text to copy, selected, since what stands on the page may be spelled otherwise: 450.000 ₫.
 * @param {string} text
 * @param {HTMLElement} button
 */
function offerByHand(text, button) {
  const value = h("span", { class: "copy-value" }, text);
  const words = h("span", {}, t("site.copy_by_hand"));
  button.parentElement?.append(h("p", { class: "copy-by-hand", "data-testid": "copy-by-hand" }, value, words));
  getSelection()?.selectAllChildren(value);
  announce(t("site.copy_failed"));
}
