import { language, onLanguage, t } from "../i18n/index.js";
import { longDateTime, zoneName } from "../i18n/local-time.js";
import { formatVnd } from "../i18n/money.js";
import { bankList } from "../ui/banks.js";
import { byTestId, h, setText } from "../ui/dom.js";
import { afterPress } from "../ui/press.js";
import { RetryLock } from "../ui/retry-lock.js";
import { OTHER_BANK, refundBody, refundFieldError, refundInputOf, refundRefusal } from "./fields.js";
import { laterUsableAt, REFUND_PARTS, refundView } from "./rules.js";

/**
 * @template T
 * @typedef {import("../net/api.js").Answer<T>} Answer
 */
/**
 * @typedef {import("../net/types.js").Order} Order
 * @typedef {import("./fields.js").RefundFieldName} RefundFieldName
 */

/** @type {RefundFieldName[]} in the order of the page, which is the order mistakes are walked through */
const FIELDS = ["bank", "other_bank", "account_number", "account_name"];

/** What goes back to the shopper, and the form that says where to. Nothing typed here is kept: it is a bank account. */
export class RefundForm {
  /**
   * @param {{now(): number}} clock
   * @param {(destination: import("../net/types.js").RefundDestination) => Promise<Answer<import("../net/types.js").RefundDestinationKept>>} send
   * @param {() => void} onChange shows the order anew
   */
  constructor(clock, send, onChange) {
    this.lock = new RetryLock(clock);
    this.send = send;
    this.onChange = onChange;
    this.busy = false;
    this.editing = false;
    this.saved = false;
    /** @type {string | null} */
    this.givenUsableAt = null;
    /** @type {string | null} */
    this.refusedWith = null;
    /** @type {Map<RefundFieldName, string>} dictionary keys of the mistakes shown */
    this.errors = new Map();
    this.mistakes = 0;
    this.panel = byTestId("refund");
    this.form = /** @type {HTMLFormElement} */ (byTestId("refund-form"));
    this.submit = /** @type {HTMLButtonElement} */ (byTestId("refund-submit"));
    const banks = bankList().map(([bin, name]) => h("option", { value: bin }, name));
    input("bank").lastElementChild?.before(...banks);
    for (const field of FIELDS) this.#listen(field);
    byTestId("refund-change").addEventListener("click", () => this.#open());
    byTestId("refund-keep").addEventListener("click", () => this.#close());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    onLanguage(() => this.#words());
    this.#words();
  }

  /**
   * @param {Order} order
   * @param {number} nowMs
   */
  update(order, nowMs) {
    const usableAt = laterUsableAt(order.refund_destination_usable_at, this.givenUsableAt);
    const view = refundView({ ...order, refund_destination_usable_at: usableAt }, nowMs, this.editing);
    // That nothing is owed any more may be the very answer the shopper has just got.
    this.panel.hidden = view === "none" && this.refusedWith === null;
    this.panel.dataset.view = view;
    const focused = document.activeElement;
    showAmounts(order);
    const text = byTestId("refund-text");
    text.hidden = view !== "ask" && view !== "known" && view !== "waits";
    if (!text.hidden) setText(text, t(`refund.text.${view}`));
    const from = byTestId("refund-usable-at");
    from.hidden = view !== "waits";
    if (view === "waits" && usableAt !== null) setText(from, usableFrom(Date.parse(usableAt)));
    this.form.hidden = view !== "ask" && view !== "change";
    byTestId("refund-warning").hidden = byTestId("refund-keep").hidden = view !== "change";
    byTestId("refund-change").hidden = view !== "known" && view !== "waits";
    byTestId("refund-saved").hidden = !this.saved;
    this.#showSubmit();
    // The money went its way while the shopper stood in the form, which has just closed.
    if (view === "away" && focused?.closest('[data-testid="refund"] [hidden]')) byTestId("refund-amounts").focus();
  }

  #open() {
    this.editing = true;
    this.saved = false;
    this.onChange();
    input("bank").focus();
  }

  #close() {
    this.#clear();
    this.onChange();
    byTestId("refund-change").focus();
  }

  async #submit() {
    if (this.busy || this.lock.secondsLeft > 0) return;
    this.refusedWith = null;
    for (const field of FIELDS) this.#check(field);
    this.mistakes = this.errors.size;
    this.#words();
    if (this.mistakes > 0) return this.#focusFirst();
    const values = this.#values();
    this.busy = this.editing = true;
    this.#words();
    const answer = await this.send(refundBody(values));
    this.busy = false;
    if (answer.kind === "ok") return this.#thank(answer.body.usable_at);
    if (answer.kind === "problem") {
      this.refusedWith = answer.problem.code;
      this.lock.hold(answer.retryAfterMs);
      const field = refundInputOf(answer.problem.field, values);
      if (field !== null) this.errors.set(field, "field.server");
    } else {
      this.refusedWith = "unreachable";
    }
    this.#words();
    this.onChange();
    if (this.errors.size > 0) this.#focusFirst();
    else byTestId("refund-refusal").focus();
  }

  /** @param {string} usableAt */
  #thank(usableAt) {
    this.givenUsableAt = usableAt;
    this.saved = true;
    this.#clear();
    this.onChange();
    byTestId("refund-saved").focus();
  }

  #clear() {
    this.form.reset();
    this.editing = false;
    this.refusedWith = null;
    this.errors.clear();
    this.#words();
  }

  /** @param {RefundFieldName} field */
  #listen(field) {
    const element = input(field);
    element.addEventListener("input", () => {
      this.editing = true;
      // A mistake that is already shown goes away as soon as it is mended, not only on leaving the field.
      if (this.errors.has(field)) this.#check(field);
      if (field === "bank") this.errors.delete("other_bank");
      this.#words();
    });
    element.addEventListener("blur", () => {
      if (element.value.trim() === "") return;
      afterPress(() => {
        // The press may have been the one that closed the form.
        if (element.value.trim() === "") return;
        this.#check(field);
        this.#words();
      });
    });
  }

  /** @returns {import("./fields.js").RefundValues} */
  #values() {
    const entries = FIELDS.map((field) => [field, input(field).value]);
    return Object.fromEntries(entries);
  }

  /** @param {RefundFieldName} field */
  #check(field) {
    const key = refundFieldError(field, this.#values());
    if (key === null) this.errors.delete(field);
    else this.errors.set(field, key);
  }

  #words() {
    const other = input("bank").value === OTHER_BANK;
    byTestId("refund-other-bank-field").hidden = !other;
    this.#showSubmit();
    /** @type {HTMLButtonElement} */ (byTestId("refund-keep")).disabled = this.busy;
    /** @type {HTMLFieldSetElement} */ (byTestId("refund-fields")).disabled = this.busy;
    if (this.errors.size === 0) this.mistakes = 0;
    setText(byTestId("refund-progress"), this.mistakes === 0 ? "" : t("form.wrong", { n: this.mistakes }));
    this.#showErrors();
    byTestId("refund-refusal").hidden = this.refusedWith === null;
    if (this.refusedWith === null) return;
    const { title, text } = refundRefusal(this.refusedWith);
    setText(byTestId("refund-refusal-title"), t(title));
    setText(byTestId("refund-refusal-text"), t(text));
  }

  #showSubmit() {
    const seconds = this.lock.secondsLeft;
    this.submit.disabled = this.busy || seconds > 0;
    this.submit.setAttribute("aria-busy", String(this.busy));
    const free = t(this.busy ? "refund.sending" : "refund.send");
    setText(this.submit, seconds > 0 ? t("order.retry_in", { seconds }) : free);
  }

  #showErrors() {
    for (const field of FIELDS) {
      const key = this.errors.get(field);
      const message = byTestId(`${testid(field)}-error`);
      setText(message, key === undefined ? "" : t(key));
      message.hidden = key === undefined;
      if (key === undefined) input(field).removeAttribute("aria-invalid");
      else input(field).setAttribute("aria-invalid", "true");
    }
  }

  #focusFirst() {
    const first = FIELDS.find((field) => this.errors.has(field));
    if (first !== undefined) input(first).focus();
  }
}

/** @param {Order} order */
function showAmounts(order) {
  for (const part of REFUND_PARTS) {
    const amount = order[`refund_${part}`];
    const line = byTestId(`refund-${part}`);
    line.hidden = !(amount > 0);
    if (amount > 0) setText(line, t(`refund.amount.${part}`, { amount: formatVnd(amount) }));
  }
}

/** @param {number} ms */
function usableFrom(ms) {
  return t("refund.usable_from", { when: longDateTime(ms, language()), zone: zoneName(ms, language()) });
}

/** @param {RefundFieldName} field */
function testid(field) {
  return `refund-${field.replaceAll("_", "-")}`;
}

/**
 * @param {RefundFieldName} field
 * @returns {HTMLInputElement}
 */
function input(field) {
  return byTestId(testid(field));
}
