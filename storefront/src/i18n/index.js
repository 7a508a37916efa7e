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
  const text = DICTIONARIES[current][key];
  if (text === undefined) throw new Error(`no text for ${key}`);
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/**
 * Saved choice first, then the browser's languages; Vietnamese unless the shopper reads only others.
 * @param {unknown} saved
 * @param {readonly string[]} preferred
 * @returns {Language}
 */
export function chooseLanguage(saved, preferred) {
  if (saved === "vi" || saved === "en") return saved;
  return preferred.length === 0 || preferred.some((tag) => /^vi\b/i.test(tag)) ? "vi" : "en";
}

/** @param {Language} next */
export function speak(next) {
  current = next;
  for (const listener of listeners) listener();
}

/** @param {() => void} listener called when the page changes to another language */
export function onLanguage(listener) {
  listeners.add(listener);
}
