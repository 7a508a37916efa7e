import { language, onLanguage, t } from "../i18n/index.js";
import { longDateTime, zoneName } from "../i18n/local-time.js";
import { countdownParts, twoDigits } from "../ui/countdown.js";
import { byTestId, h, setText } from "../ui/dom.js";
import { announce } from "../ui/page.js";

const MINUTE_MS = 60_000;

export class CountdownView {
  constructor() {
    this.panel = byTestId("countdown");
    this.digits = byTestId("countdown-digits");
    /** @type {Array<{unit: string, box: HTMLElement, number: HTMLElement, label: HTMLElement}>} */
    this.boxes = ["days", "hours", "minutes", "seconds"].map((unit) => {
      const number = h("span", { class: "number" });
      const label = h("span", { class: "unit" });
      const box = h("span", { class: "box", "data-unit": unit }, number, label);
      this.digits.append(box);
      return { unit, box, number, label };
    });
    this.previousMs = Infinity;
    this.opensAt = 0;
    onLanguage(() => this.#words());
  }

  /**
   * @param {import("../net/types.js").Drop} drop
   * @param {import("./rules.js").Phase} phase
   * @param {number} nowMs
   */
  update(drop, phase, nowMs) {
    this.panel.hidden = phase !== "coming";
    if (phase !== "coming") {
      this.previousMs = Infinity;
      return;
    }
    const opensAt = Date.parse(drop.opens_at);
    if (opensAt !== this.opensAt) {
      this.opensAt = opensAt;
      this.#words();
    }
    this.#tick(opensAt - nowMs);
  }

  /** @param {number} remainingMs */
  #tick(remainingMs) {
    const parts = countdownParts(remainingMs);
    for (const { unit, box, number } of this.boxes) {
      const value = parts[/** @type {keyof typeof parts} */ (unit)];
      setText(number, twoDigits(value));
      if (unit === "days") box.hidden = value === 0;
    }
    this.panel.classList.toggle("near", remainingMs <= MINUTE_MS);
    for (const [mark, key] of /** @type {const} */ ([[MINUTE_MS, "drop.opens_in_minute"], [10_000, "drop.opens_in_ten"]])) {
      if (this.previousMs !== Infinity && this.previousMs > mark && remainingMs <= mark) announce(t(key));
    }
    this.previousMs = remainingMs;
  }

  #words() {
    for (const { unit, label } of this.boxes) label.textContent = t(`drop.${unit}`);
    if (this.opensAt === 0) return;
    const time = byTestId("opens-at");
    time.textContent = longDateTime(this.opensAt, language());
    time.setAttribute("datetime", new Date(this.opensAt).toISOString());
    byTestId("zone").textContent = zoneName(this.opensAt, language());
  }
}
