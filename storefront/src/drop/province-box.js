import { onLanguage, t } from "../i18n/index.js";
import { byTestId, h } from "../ui/dom.js";
import { findPlaces, placeNamed, placeOf } from "./provinces.js";

/** @typedef {import("./provinces.js").Place} Place */

/**
 * A text box that offers provinces while the shopper types (the ARIA pattern "combobox with list autocomplete"), because
 * people and browsers still write the names of before July 2025, often without accents.
 */
export class ProvinceBox {
  /** @param {() => void} onChange another place is chosen, or none any more */
  constructor(onChange) {
    this.onChange = onChange;
    /** @type {Place | null} */
    this.chosen = null;
    /** @type {Place[]} */
    this.offered = [];
    this.active = -1;
    this.input = /** @type {HTMLInputElement} */ (byTestId("province"));
    this.list = byTestId("province-list");
    this.input.addEventListener("input", () => this.#typed());
    this.input.addEventListener("click", () => this.#open());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.input.addEventListener("blur", () => this.#left());
    // The list must not take the focus away before it is pressed.
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.#pressed(event));
    onLanguage(() => this.#write());
  }

  /** @returns {string} the chosen one's code, or nothing */
  get code() {
    return this.chosen?.code ?? "";
  }

  /** @param {string} code as it was kept */
  restore(code) {
    this.chosen = placeOf(code);
    this.#write();
  }

  #typed() {
    const had = this.chosen !== null;
    this.chosen = null;
    const filledIn = document.activeElement !== this.input;
    if (filledIn) return this.#left();
    this.#open();
    if (had) this.onChange();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const isOpen = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!isOpen) return this.#open();
      this.#activate(this.active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && isOpen) {
      event.preventDefault();
      const place = this.offered[this.active];
      if (place === undefined) this.#close();
      else this.#choose(place);
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      this.#close();
    }
  }

  #open() {
    const typed = this.chosen === null ? this.input.value : "";
    this.offered = findPlaces(typed);
    this.list.replaceChildren(
      ...this.offered.map((place, at) => h("li", { role: "option", id: `province-${at}` }, label(place))),
    );
    this.#show(this.offered.length > 0);
    // The best match is taken by Enter; of all there is no best.
    this.#activate(typed.trim() === "" ? -1 : 0);
  }

  /** @param {number} at beyond an end it goes on at the other */
  #activate(at) {
    const count = this.offered.length;
    this.active = at < 0 && this.active < 0 ? -1 : (at + count) % count;
    for (const [index, option] of [...this.list.children].entries()) {
      option.setAttribute("aria-selected", String(index === this.active));
    }
    const option = this.list.children[this.active];
    if (option === undefined) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  /** @param {Event} event */
  #pressed(event) {
    const option = /** @type {Element} */ (event.target).closest('[role="option"]');
    const place = option === null ? undefined : this.offered[[...this.list.children].indexOf(option)];
    if (place !== undefined) this.#choose(place);
  }

  #left() {
    this.#close();
    const place = this.chosen ?? placeNamed(this.input.value);
    if (place !== null) this.#choose(place);
  }

  /** @param {Place} place */
  #choose(place) {
    const isNew = this.chosen !== place;
    this.chosen = place;
    this.#write();
    this.#close();
    if (isNew) this.onChange();
  }

  #write() {
    if (this.chosen !== null) this.input.value = label(this.chosen);
    if (!this.list.hidden) this.#open();
  }

  #close() {
    this.#show(false);
    this.input.removeAttribute("aria-activedescendant");
  }

  /** @param {boolean} shown */
  #show(shown) {
    this.list.hidden = !shown;
    this.input.setAttribute("aria-expanded", String(shown));
  }
}

/** @param {Place} place */
function label({ name, formerly }) {
  return formerly === null ? name : t("form.province_formerly", { name, formerly });
}
