import { onLanguage, t } from "../i18n/index.js";
import { formatVnd } from "../i18n/money.js";
import { problemMessage } from "../i18n/problems.js";
import { orderUrl } from "../net/addresses.js";
import { countdownText } from "../ui/countdown.js";
import { byTestId, setText } from "../ui/dom.js";
import { myOrders } from "../ui/my-orders.js";
import { announce } from "../ui/page.js";
import { RetryLock } from "../ui/retry-lock.js";
import { inputOfServerField } from "./fields.js";
import { FormFields } from "./form-fields.js";
import { holdMinutes, quantityMax } from "./rules.js";

/**
 * @typedef {import("../net/types.js").Drop} Drop
 * @typedef {import("./rules.js").Phase} Phase
 */

export class BuyForm {
  /** @param {{now(): number}} clock */
  constructor(clock) {
    this.clock = clock;
    /** @type {Drop | null} */
    this.drop = null;
    /** @type {Phase} */
    this.phase = "coming";
    this.busy = false;
    /** @type {import("./purchase.js").Progress | {stage: "ordered"} | null} */
    this.progress = null;
    /** @type {{title: string, text: string, code: string} | null} */
    this.refusal = null;
    this.lock = new RetryLock(clock);
    this.form = byTestId("buy-form");
    this.submit = /** @type {HTMLButtonElement} */ (byTestId("submit"));
    this.fields = new FormFields(() => this.#words());
    onLanguage(() => {
      this.#words();
      this.#showRefusal();
    });
  }

  /** @param {() => void} act called with valid fields, never while a purchase is under way */
  onBuy(act) {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.busy || this.submit.disabled) return;
      this.#refuse(null);
      const mistakes = this.fields.validateAll();
      if (mistakes > 0) return setText(byTestId("progress"), t("form.wrong", { n: mistakes }));
      act();
    });
  }

  /**
   * @param {Drop} drop
   * @param {Phase} phase
   * @param {boolean} mail whether the shop sends any
   */
  update(drop, phase, mail) {
    if (this.drop === null) this.fields.restore(drop.slug);
    // A refusal that says "come back when it opens" must not stand beside a button that has come back. Only the change
    // counts: the status lags behind the sale, so right after the refusal it may still say open.
    const cameBack = phase === "open" && this.phase !== "open";
    if (cameBack && ["paused", "held_out", "not_open_yet"].includes(this.refusal?.code ?? "")) this.#refuse(null);
    this.drop = drop;
    this.phase = phase;
    this.form.hidden = !this.busy && this.refusal === null && (phase === "sold_out" || phase === "closed");
    this.fields.setQuantityMax(quantityMax(drop, phase), drop.limit_per_customer);
    this.fields.setMail(mail);
    byTestId("form-intro").hidden = phase !== "coming";
    this.#words();
  }

  begin() {
    this.busy = true;
    this.fields.lock(true);
    this.#words();
  }

  /** @param {import("./purchase.js").Progress | {stage: "ordered"}} progress */
  report(progress) {
    this.progress = progress;
    // A countdown that is read out every second drowns everything else: it is said once.
    const waiting = progress.stage === "waiting";
    byTestId("progress").setAttribute("aria-live", waiting ? "off" : "polite");
    this.#words();
    if (waiting) announce(byTestId("progress").textContent ?? "");
  }

  /** @param {import("./purchase.js").Outcome} outcome other than an order */
  fail(outcome) {
    this.release();
    if (outcome.kind === "refused") {
      const { code, field } = outcome.problem;
      this.lock.hold(outcome.retryAfterMs);
      this.#refuse({ ...problemMessage(code), code });
      const input = code === "invalid_phone" || code === "customer_mismatch" ? "phone"
        : code === "invalid_quantity" ? "quantity" : inputOfServerField(field);
      if (input !== null) return this.fields.refuse(input, serverErrorKey(input));
    } else {
      this.#refuse({ title: `buy.${outcome.kind}.title`, text: `buy.${outcome.kind}.text`, code: outcome.kind });
    }
    byTestId("refusal").focus();
  }

  /** Also after the browser brought the page back from its history, where a finished purchase still stood. */
  release() {
    this.busy = false;
    this.progress = null;
    this.fields.lock(false);
    this.#words();
  }

  /** @param {{title: string, text: string, code: string} | null} refusal */
  #refuse(refusal) {
    this.refusal = refusal;
    this.#showRefusal();
  }

  #showRefusal() {
    const box = byTestId("refusal");
    box.hidden = this.refusal === null;
    if (this.refusal === null) return box.removeAttribute("data-code");
    box.dataset.code = this.refusal.code;
    setText(byTestId("refusal-title"), t(this.refusal.title));
    setText(byTestId("refusal-text"), t(this.refusal.text));
    const own = ["order_pending", "limit_reached"].includes(this.refusal.code)
      ? myOrders().find((order) => order.slug === this.drop?.slug && order.state !== "cancelled" && order.state !== "expired")
      : undefined;
    const link = /** @type {HTMLAnchorElement} */ (byTestId("refusal-link"));
    link.hidden = own === undefined;
    if (own === undefined) return;
    link.href = orderUrl(own);
    setText(link, t("problem.open_order"));
  }

  #words() {
    if (this.drop === null) return;
    const now = this.clock.now();
    const locked = this.lock.secondsLeft;
    this.submit.disabled = this.busy || this.phase !== "open" || locked > 0;
    this.submit.setAttribute("aria-busy", String(this.busy));
    const total = formatVnd(this.drop.price * this.fields.quantity);
    setText(this.submit, this.#label(total, locked, now));
    setText(byTestId("after"), t("form.after", { n: holdMinutes(this.drop) }));
    byTestId("after").hidden = this.phase !== "open";
    if (this.busy || this.fields.errors.size === 0) setText(byTestId("progress"), this.#progressText(now));
  }

  /**
   * @param {string} total
   * @param {number} locked
   * @param {number} now
   */
  #label(total, locked, now) {
    if (this.phase === "open" && locked > 0) return t("form.retry_in", { seconds: locked });
    switch (this.phase) {
      case "coming":
        return t("form.opens_in", { time: countdownText(Date.parse(this.drop?.opens_at ?? "") - now) });
      case "open":
        return t("form.buy_total", { amount: total });
      case "held_out":
        return t("form.waiting_stock");
      case "paused":
        return t("form.paused");
      default:
        return t("form.sold_out");
    }
  }

  /** @param {number} now */
  #progressText(now) {
    if (this.progress === null) return "";
    if (this.progress.stage !== "waiting") return t(`buy.${this.progress.stage}`);
    return t("buy.waiting", { seconds: Math.max(1, Math.ceil((this.progress.until - now) / 1000)) });
  }
}

/** @param {import("./fields.js").FieldName} field */
function serverErrorKey(field) {
  const keys = { quantity: "field.quantity.range", phone: "field.phone.wrong", email: "field.email.wrong" };
  return /** @type {Record<string, string>} */ (keys)[field] ?? "field.server";
}
