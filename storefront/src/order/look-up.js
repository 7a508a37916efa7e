import { onLanguage, t } from "../i18n/index.js";
import { problemMessage } from "../i18n/problems.js";
import { byTestId, h, setText } from "../ui/dom.js";
import { RetryLock } from "../ui/retry-lock.js";
import { isEmail } from "../ui/email.js";
import { isCode, plainCode } from "./rules.js";

/** @typedef {"code" | "email"} FieldName */

const FIELDS = /** @type {FieldName[]} */ (["code", "email"]);

/** Asks for a mail with the order's link. The answer does not say whether there is such an order. */
export class LookUp {
  /**
   * @param {{now(): number}} clock
   * @param {(question: {order: string, email: string}) => Promise<import("../net/api.js").Answer<unknown>>} send
   * @param {string | null} code of the order that the page is about
   */
  constructor(clock, send, code = null) {
    this.lock = new RetryLock(clock);
    this.send = send;
    this.code = code;
    this.busy = false;
    /** @type {string | null} the address that was asked about */
    this.askedFor = null;
    /** @type {string | null} */
    this.refusedWith = null;
    /** @type {Map<FieldName, string>} dictionary keys of the mistakes shown */
    this.errors = new Map();
    byTestId("look-up").replaceChildren(...content());
    this.submit = /** @type {HTMLButtonElement} */ (byTestId("look-up-submit"));
    byTestId("look-up-code-field").hidden = code !== null;
    for (const field of FIELDS) {
      input(field).addEventListener("input", () => {
        if (this.errors.has(field)) this.#check(field);
        this.#words();
      });
    }
    byTestId("look-up-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#ask();
    });
    onLanguage(() => this.#words());
    this.#words();
  }

  /** @param {boolean} shown only a shop that sends mail can answer */
  show(shown) {
    byTestId("look-up").hidden = !shown;
  }

  /** Counts down until the next try. */
  tick() {
    this.#showSubmit();
  }

  async #ask() {
    if (this.busy || this.lock.secondsLeft > 0) return;
    this.refusedWith = this.askedFor = null;
    for (const field of FIELDS) this.#check(field);
    this.#words();
    const first = FIELDS.find((field) => this.errors.has(field));
    if (first !== undefined) return input(first).focus();
    const email = input("email").value.trim();
    this.busy = true;
    this.#words();
    const answer = await this.send({ order: this.code ?? plainCode(input("code").value), email });
    this.busy = false;
    if (answer.kind === "ok") {
      this.askedFor = email;
    } else if (answer.kind === "problem") {
      this.refusedWith = answer.problem.code;
      this.lock.hold(answer.retryAfterMs);
    } else {
      this.refusedWith = "unreachable";
    }
    this.#words();
    byTestId("look-up-answer").focus();
  }

  /** @param {FieldName} field */
  #check(field) {
    const typed = input(field).value;
    const right = field === "email" ? isEmail(typed.trim()) : this.code !== null || isCode(plainCode(typed));
    if (right) this.errors.delete(field);
    else this.errors.set(field, `look_up.${field}_wrong`);
  }

  #words() {
    this.#showSubmit();
    for (const field of FIELDS) {
      const key = this.errors.get(field);
      const message = byTestId(`look-up-${field}-error`);
      message.hidden = key === undefined;
      setText(message, key === undefined ? "" : t(key));
      if (key === undefined) input(field).removeAttribute("aria-invalid");
      else input(field).setAttribute("aria-invalid", "true");
    }
    const answer = byTestId("look-up-answer");
    answer.hidden = this.askedFor === null && this.refusedWith === null;
    answer.classList.toggle("refused", this.refusedWith !== null);
    if (this.askedFor !== null) setText(answer, t("look_up.asked", { email: this.askedFor }));
    if (this.refusedWith !== null) setText(answer, t(refusal(this.refusedWith)));
  }

  #showSubmit() {
    const seconds = this.lock.secondsLeft;
    this.submit.disabled = this.busy || seconds > 0;
    this.submit.setAttribute("aria-busy", String(this.busy));
    setText(this.submit, t(this.busy ? "look_up.sending" : "look_up.send"));
  }
}

/** What stands in the section, on every page that has one. */
function content() {
  return [
    translated("h2", "look_up.title", { id: "look-up-title" }),
    translated("p", "look_up.text"),
    h(
      "form",
      { "data-testid": "look-up-form", novalidate: true },
      row("code", "order.short_code", { type: "text", autocomplete: "off", autocapitalize: "characters", enterkeyhint: "next" }),
      row("email", "form.email", {
        type: "email", inputmode: "email", autocomplete: "email", autocapitalize: "none", enterkeyhint: "send", required: true,
      }),
      h("button", { class: "button", type: "submit", "data-testid": "look-up-submit" }),
      h("p", { class: "look-up-answer", "data-testid": "look-up-answer", role: "status", tabindex: "-1", hidden: true }),
    ),
  ];
}

/**
 * @param {FieldName} field
 * @param {string} label dictionary key
 * @param {Record<string, string | boolean>} attributes of the input
 */
function row(field, label, attributes) {
  const id = `look-up-${field}`;
  const error = `${id}-error`;
  return h(
    "div",
    { class: "field", "data-testid": `${id}-field` },
    translated("label", label, { for: id }),
    h("input", { id, "data-testid": id, name: field, spellcheck: "false", "aria-describedby": error, ...attributes }),
    h("p", { class: "error", id: error, "data-testid": error, hidden: true }),
  );
}

/**
 * Goes along when the page changes to another language.
 * @param {string} tag
 * @param {string} key of the dictionary
 * @param {Record<string, string>} [attributes]
 */
function translated(tag, key, attributes = {}) {
  return h(tag, { "data-i18n": key, ...attributes }, t(key));
}

/** @param {string} code of the problem */
function refusal(code) {
  if (code === "rate_limited") return "look_up.too_often";
  return code === "unreachable" ? "look_up.unreachable" : problemMessage(code).text;
}

/**
 * @param {FieldName} field
 * @returns {HTMLInputElement}
 */
function input(field) {
  return byTestId(`look-up-${field}`);
}
