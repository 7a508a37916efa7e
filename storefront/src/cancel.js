import { byTestId, setText } from "./dom.js";
import { onLanguage, t } from "./i18n/index.js";
import { problemMessage } from "./problems.js";

/** The cancel button, its question, and what the server says to it. */
export class Cancel {
  /** @param {() => Promise<import("./api.js").Answer>} send */
  constructor(send) {
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
    if (answer.kind === "problem") this.refusedWith = answer.problem.code;
    if (answer.kind === "unreachable") this.refusedWith = "origin_unreachable";
    this.#words();
    if (this.refusedWith !== null) byTestId("refusal").focus();
  }

  #words() {
    this.button.disabled = this.busy;
    setText(this.button, t(this.busy ? "order.cancelling" : "order.cancel"));
    byTestId("refusal").hidden = this.refusedWith === null;
    if (this.refusedWith === null) return;
    const message =
      this.refusedWith === "origin_unreachable"
        ? { title: "buy.unreachable.title", text: "order.cancel_failed" }
        : problemMessage(this.refusedWith);
    setText(byTestId("refusal-title"), t(message.title));
    setText(byTestId("refusal-text"), t(message.text));
  }
}
