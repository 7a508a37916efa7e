import { Api } from "../net/api.js";
import { ServerClock } from "../net/clock.js";
import { byTestId } from "./dom.js";
import { startLanguage } from "./language.js";

/** What the three pages have in common: language, clock, API. Called once, first. */
export function startPage() {
  startLanguage();
  const clock = new ServerClock();
  return { clock, api: new Api(clock) };
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
