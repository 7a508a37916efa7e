import { Api } from "../net/api.js";
import { ServerClock } from "../net/clock.js";
import { byTestId } from "./dom.js";
import { language, onLanguage, startLanguage, switchLanguage } from "../i18n/index.js";

/** What the three pages have in common: language, clock, API. Called once, first. */
export function startPage() {
  startLanguage();
  const buttons = [...byTestId("language").querySelectorAll("button")];
  const mark = () => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.language === language()));
  };
  for (const button of buttons) {
    button.addEventListener("click", () => switchLanguage(button.dataset.language === "en" ? "en" : "vi"));
  }
  onLanguage(mark);
  mark();
  const clock = new ServerClock();
  return { clock, api: new Api(clock) };
}

/** @returns {string} what stands behind `/drops/` or `/orders/` */
export function pathTail() {
  return decodeURIComponent(location.pathname.split("/")[2] ?? "");
}

/**
 * Says something to screen readers that is shown elsewhere on the page or needs no showing.
 * @param {string} text
 */
export function announce(text) {
  const region = byTestId("announcer");
  region.textContent = "";
  // A region that is filled in the same turn it was emptied is not read out again.
  setTimeout(() => (region.textContent = text), 50);
}

/**
 * Runs `step` now and at every change of a shown second.
 * @param {() => number} step returns the ms until something shown changes
 */
export function everySecond(step) {
  const run = () => setTimeout(run, Math.min(1000, Math.max(20, step())));
  run();
}
