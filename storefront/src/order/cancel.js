import { onLanguage, t } from "../i18n/index.js";
import { problemMessage } from "../i18n/problems.js";
import { byTestId, setText } from "../ui/dom.js";
import { RetryLock } from "../ui/retry-lock.js";

// Most messages of problems speak of buying, which this is not; these say what to do whatever was asked.
const OWN_WORDS = new Set(["order_not_pending", "bad_order_key", "order_not_found"]);

/** The cancel button, its question, and what the server says to it. */
export class Cancel {
  /**
   * @param {{now(): number}} clock
   * @param {() => Promise<import("../net/api.js").Answer<unknown>>} send
   */
  constructor(clock, send) {
    this.lock = new RetryLock(clock);
    this.send = send;
    this.busy = false;
    /** @type {string | null} */
    this.refusedWith = null;
    this.button = /** @type {HTMLButtonElement} */ (byTestId("cancel"));
    this.dialog = /** @type {HTMLDialogElement} */ (byTestId("confirm"));
    this.button.addEventListener("click", () => this.#ask());
    byTestId("confirm-no").addEventListener("click", () => this.dialog.close());
    byTestId("confirm-yes").addEventListener("click", () => {
      this.dialog.close();
      this.#cancel();
    });
    onLanguage(() => this.#words());
  }

  /** @param {boolean} possible */
  update(possible) {
    byTestId("cancel-section").hidden = !possible;
    if (!possible && this.dialog.open) this.dialog.close();
    this.#showButton();
  }

  #ask() {
    if (this.busy) return;
    // Safari before 15.4 has no dialog element.
    if (typeof this.dialog.showModal === "function") return this.dialog.showModal();
    if (window.confirm(`${t("order.cancel_ask")}\n${t("order.cancel_text")}`)) this.#cancel();
  }

  async #cancel() {
    this.busy = true;
    this.refusedWith = null;
    this.#words();
    const answer = await this.send();
    this.busy = false;
    if (answer.kind === "problem") {
      this.refusedWith = answer.problem.code;
      this.lock.hold(answer.retryAfterMs);
    }
    if (answer.kind === "unreachable") this.refusedWith = "unreachable";
    this.#words();
    if (this.refusedWith !== null) byTestId("refusal").focus();
  }

  #words() {
    this.#showButton();
    byTestId("refusal").hidden = this.refusedWith === null;
    if (this.refusedWith === null) return;
    const { title, text } = cancelRefusal(this.refusedWith);
    setText(byTestId("refusal-title"), t(title));
    setText(byTestId("refusal-text"), t(text));
  }

  #showButton() {
    const seconds = this.lock.secondsLeft;
    this.button.disabled = this.busy || seconds > 0;
    const free = t(this.busy ? "order.cancelling" : "order.cancel");
    setText(this.button, seconds > 0 ? t("order.retry_in", { seconds }) : free);
  }
}

/**
 * @param {string} code of a problem, or "unreachable"
 * @returns {{title: string, text: string}} dictionary keys: what happened, and what to do
 */
export function cancelRefusal(code) {
  if (OWN_WORDS.has(code)) return problemMessage(code);
  const title = code === "unreachable" ? "buy.unreachable.title" : problemMessage(code).title;
  return { title, text: "order.cancel_failed" };
}
