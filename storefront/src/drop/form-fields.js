import { onLanguage, t } from "../i18n/index.js";
import { byTestId, setText } from "../ui/dom.js";
import { afterPress } from "../ui/press.js";
import { load, save } from "../ui/storage.js";
import { meantEmail } from "../ui/email.js";
import { fieldError } from "./fields.js";
import { meantPhone, shownPhone } from "./phone.js";
import { ProvinceBox } from "./province-box.js";
import { Question } from "./question.js";

/** @typedef {import("./fields.js").FieldName} FieldName */

/** @type {FieldName[]} in the order of the page, which is the order mistakes are walked through */
const FIELDS = ["quantity", "name", "phone", "email", "province", "line"];
const BUYER_FIELDS = FIELDS.filter((field) => field !== "quantity");

/** The inputs of the buy form: their values, what is wrong with them, and that they outlive a reload. */
export class FormFields {
  /** @param {() => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
    this.quantityMax = 1;
    this.limit = 1;
    this.mail = false;
    this.slug = "";
    /** @type {Map<FieldName, string>} dictionary keys of the mistakes shown */
    this.errors = new Map();
    this.province = new ProvinceBox(() => this.#changed("province"));
    /** @type {Partial<Record<FieldName, Question>>} */
    this.questions = {
      phone: new Question("phone", (text) => spelled(meantPhone(text)), (text) => this.#answered("phone", text)),
      email: new Question("email", meantEmail, (text) => this.#answered("email", text)),
    };
    for (const field of FIELDS) this.#listen(field);
    byTestId("fewer").addEventListener("click", () => this.#step(-1));
    byTestId("more").addEventListener("click", () => this.#step(1));
    onLanguage(() => {
      this.#showErrors();
      this.#showMail();
    });
    this.#showMail();
  }

  /** @param {string} slug quantity is remembered per drop, the buyer for all */
  restore(slug) {
    this.slug = slug;
    const stored = { ...load("session", "buyer"), quantity: load("session", `quantity.${slug}`) };
    for (const field of FIELDS) {
      if (typeof stored[field] !== "string" || stored[field] === "") continue;
      if (field === "province") this.province.restore(stored[field]);
      else input(field).value = stored[field];
    }
    if (input("line").value !== "" || input("province").value !== "") {
      /** @type {HTMLDetailsElement} */ (byTestId("address")).open = true;
    }
  }

  /** @returns {import("./fields.js").FieldValues} */
  values() {
    const entries = FIELDS.map((field) => [field, input(field).value]);
    return { ...Object.fromEntries(entries), province: this.province.code, province_typed: input("province").value };
  }

  get quantity() {
    const value = Number(input("quantity").value);
    return Number.isInteger(value) && value > 0 ? value : 1;
  }

  /**
   * @param {number} quantityMax
   * @param {number} limit
   */
  setQuantityMax(quantityMax, limit) {
    if (quantityMax === this.quantityMax && limit === this.limit) return this.#steppers();
    this.quantityMax = Math.max(1, quantityMax);
    this.limit = limit;
    // Less is left than was chosen: what can still be had is the best guess, and the shopper sees it change.
    if (this.quantity > this.quantityMax) input("quantity").value = String(this.quantityMax);
    this.#steppers();
    if (this.errors.has("quantity")) this.#check("quantity");
  }

  /** @param {boolean} mail whether the shop sends any: only then is an address needed, and a confirmation promised */
  setMail(mail) {
    if (mail === this.mail) return;
    this.mail = mail;
    this.#showMail();
    if (this.errors.has("email")) this.#check("email");
  }

  /** @returns {number} how many mistakes there are; the first gets the focus */
  validateAll() {
    for (const field of FIELDS) {
      // A question that stands here for the first time stops the shopper once; pressing on is an answer.
      if (this.#check(field) && !this.errors.has(field)) this.errors.set(field, "field.look_again");
    }
    this.#showErrors();
    this.#focusFirst();
    return this.errors.size;
  }

  /** @returns {HTMLElement | null} the first input that still needs the shopper */
  firstIncomplete() {
    const values = this.values();
    const field = FIELDS.find((name) => fieldError(name, values, this) !== null);
    return field === undefined ? null : input(field);
  }

  /**
   * @param {FieldName} field
   * @param {string} key
   */
  refuse(field, key) {
    this.errors.set(field, key);
    this.#showErrors();
    this.#focusFirst();
  }

  /** @param {boolean} locked while a purchase is under way nothing may be typed that it does not hold */
  lock(locked) {
    /** @type {HTMLFieldSetElement} */ (byTestId("form-fields")).disabled = locked;
  }

  /** @param {FieldName} field */
  #listen(field) {
    const element = input(field);
    element.addEventListener("input", () => this.#changed(field));
    element.addEventListener("blur", () => {
      if (element.value.trim() !== "") afterPress(() => this.#check(field));
    });
  }

  /** @param {FieldName} field */
  #changed(field) {
    this.#keep();
    // A mistake that is already shown goes away as soon as it is mended, not only on leaving the field.
    if (this.errors.has(field)) this.#check(field);
    this.#steppers();
    this.onChange();
  }

  /**
   * @param {FieldName} field
   * @param {string} text
   */
  #answered(field, text) {
    input(field).value = text;
    this.#changed(field);
    this.#check(field);
    input(field).focus();
  }

  /** @param {number} by */
  #step(by) {
    const next = Math.min(this.quantityMax, Math.max(1, this.quantity + by));
    input("quantity").value = String(next);
    this.#keep();
    this.#check("quantity");
    this.#steppers();
    this.onChange();
  }

  #steppers() {
    /** @type {HTMLButtonElement} */ (byTestId("fewer")).disabled = this.quantity <= 1;
    /** @type {HTMLButtonElement} */ (byTestId("more")).disabled = this.quantity >= this.quantityMax;
    input("quantity").readOnly = this.limit === 1;
  }

  #keep() {
    const values = this.values();
    save("session", "buyer", Object.fromEntries(BUYER_FIELDS.map((field) => [field, values[field]])));
    save("session", `quantity.${this.slug}`, values.quantity);
  }

  /**
   * @param {FieldName} field
   * @returns {boolean} whether the shopper is asked something new about it
   */
  #check(field) {
    const key = fieldError(field, this.values(), this);
    if (key === null) this.errors.delete(field);
    else this.errors.set(field, key);
    this.#showErrors();
    return this.questions[field]?.ask(input(field).value.trim(), key === null) ?? false;
  }

  #showMail() {
    input("email").required = this.mail;
    byTestId("email-optional").hidden = this.mail;
    setText(byTestId("email-hint"), t(this.mail ? "form.email_hint" : "form.email_hint_no_mail"));
  }

  #showErrors() {
    for (const field of FIELDS) {
      const key = this.errors.get(field);
      const message = byTestId(`${field}-error`);
      setText(message, key === undefined ? "" : t(key, { max: this.quantityMax }));
      message.hidden = key === undefined;
      if (key === undefined) input(field).removeAttribute("aria-invalid");
      else input(field).setAttribute("aria-invalid", "true");
    }
  }

  #focusFirst() {
    const first = FIELDS.find((field) => this.errors.has(field));
    if (first === undefined) return;
    if (first === "province" || first === "line") {
      /** @type {HTMLDetailsElement} */ (byTestId("address")).open = true;
    }
    input(first).focus();
  }
}

/** @param {ReturnType<typeof meantPhone>} meant */
function spelled(meant) {
  return meant === null ? null : shownPhone(meant.phone);
}

/**
 * @param {FieldName} field
 * @returns {HTMLInputElement}
 */
function input(field) {
  return byTestId(field);
}
