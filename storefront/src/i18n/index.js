import { load, save } from "../ui/storage.js";
import { en } from "./en.js";
import { vi } from "./vi.js";

/** @typedef {"vi" | "en"} Language */

const DICTIONARIES = { vi, en };

/** @type {Language} */
let current = "vi";
/** @type {Set<() => void>} */
const listeners = new Set();

/** @returns {Language} */
export function language() {
  return current;
}

/**
 * @param {string} key
 * @param {Record<string, string | number>} [values] for `{name}` in the text
 * @returns {string}
 */
export function t(key, values = {}) {
  const text = /** @type {Record<string, string>} */ (DICTIONARIES[current])[key];
  if (text === undefined) throw new Error(`no text for ${key}`);
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Saved choice first, then the browser's languages; Vietnamese unless the shopper reads only others. */
export function startLanguage() {
  current = chooseLanguage(load("local", "language"), navigator.languages ?? [navigator.language]);
  translatePage();
}

/**
 * @param {unknown} saved
 * @param {readonly string[]} preferred
 * @returns {Language}
 */
export function chooseLanguage(saved, preferred) {
  if (saved === "vi" || saved === "en") return saved;
  return preferred.length === 0 || preferred.some((tag) => /^vi\b/i.test(tag)) ? "vi" : "en";
}

/** @param {Language} next */
export function switchLanguage(next) {
  current = next;
  save("local", "language", next);
  translatePage();
  for (const listener of listeners) listener();
}

/** @param {() => void} listener called after the shopper chose another language */
export function onLanguage(listener) {
  listeners.add(listener);
}

/** Texts that stand in the HTML: `data-i18n` for content, `data-i18n-label` and `-placeholder` for attributes. */
function translatePage() {
  document.documentElement.lang = current;
  for (const element of document.querySelectorAll("[data-i18n]")) {
    element.textContent = t(element.getAttribute("data-i18n") ?? "");
  }
  for (const [data, attribute] of [["data-i18n-label", "aria-label"], ["data-i18n-placeholder", "placeholder"]]) {
    for (const element of document.querySelectorAll(`[${data}]`)) {
      element.setAttribute(attribute, t(element.getAttribute(data) ?? ""));
    }
  }
}
