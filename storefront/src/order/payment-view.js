import { t } from "../i18n/index.js";
import { formatVnd } from "../i18n/money.js";
import { bankName } from "../ui/banks.js";
import { copyButton } from "../ui/copy.js";
import { byTestId, h, setText } from "../ui/dom.js";
import { dataUrl, qrPng } from "../ui/qr.js";
import { paymentWays } from "./rules.js";

/**
 * @typedef {import("../net/types.js").Order} Order
 * @typedef {import("./rules.js").Stage} Stage
 * @typedef {import("./rules.js").Transfer} Transfer
 */

/** QR, the way to PayOS, and the transfer by hand. */
export class PaymentView {
  constructor() {
    this.shown = "";
    this.shortCode = "";
    /** @type {Uint8Array<ArrayBuffer> | null} of the QR code that is shown */
    this.png = null;
    // A share sheet may refuse, and an app that shows pages drops a download without a word.
    this.savedInVain = false;
    byTestId("qr-save").addEventListener("click", () => this.#saveQr());
  }

  /**
   * @param {Order} order
   * @param {Stage} stage
   * @param {string} language rebuilds the texts when it changes
   */
  update(order, stage, language) {
    this.shortCode = order.short_code;
    const ways = paymentWays(order, stage);
    const key = JSON.stringify([language, stage, ways, order.payment_state, order.amount, order.amount_applied]);
    if (key === this.shown) return;
    this.shown = key;
    const preparing = stage === "pending" && order.payment_state === "preparing";
    this.#showQr(ways?.qrCode ?? null, preparing, order.amount);
    this.#showCheckout(ways?.checkoutUrl ?? null);
    this.#showTransfer(ways?.transfer ?? null, order.amount - order.amount_applied, stage);
    byTestId("payment").hidden = !preparing && ways === null;
  }

  /**
   * @param {string | null} code
   * @param {boolean} preparing
   * @param {number} amount
   */
  #showQr(code, preparing, amount) {
    const box = byTestId("qr");
    byTestId("qr-card").hidden = code === null && !preparing;
    box.classList.toggle("skeleton", preparing);
    box.dataset.ready = String(code !== null);
    this.png = code === null ? null : qrPng(code);
    if (this.png !== null) box.replaceChildren(h("img", { src: dataUrl(this.png), alt: t("order.qr", { amount: formatVnd(amount) }) }));
    else box.replaceChildren(...(preparing ? [h("span", {}, t("order.qr_preparing"))] : []));
    this.#showSaving();
  }

  /** The picture itself can be pressed and saved everywhere; a button stands only where one can work. */
  #showSaving() {
    const byHand = isTouched() && !canShare();
    byTestId("qr-save").hidden = this.png === null || byHand;
    byTestId("qr-hint").hidden = this.png === null;
    setText(byTestId("qr-hint"), t(byHand || this.savedInVain ? "order.qr_hold" : "order.qr_hint"));
  }

  /** @param {string | null} url */
  #showCheckout(url) {
    const link = /** @type {HTMLAnchorElement} */ (byTestId("checkout"));
    link.hidden = url === null;
    if (url !== null) link.href = url;
  }

  /**
   * @param {Transfer | null} transfer
   * @param {number} owed
   * @param {Stage} stage
   */
  #showTransfer(transfer, owed, stage) {
    byTestId("transfer").hidden = transfer === null;
    if (transfer === null) return;
    const { bank_bin, account_number, account_name, memo } = transfer;
    setText(byTestId("transfer-title"), t(stage === "partial" ? "order.transfer_only" : "order.transfer"));
    const bank = bankName(bank_bin) ?? t("order.bank_bin", { bin: bank_bin });
    byTestId("transfer-rows").replaceChildren(
      row("bank", t("order.bank"), bank, bank),
      row("account-number", t("order.account"), account_number, account_number),
      ...(account_name ? [row("account-name", t("order.account_name"), account_name, account_name)] : []),
      row("transfer-amount", t("order.amount"), formatVnd(owed), String(owed)),
      row("memo", t("order.memo"), memo, memo),
    );
  }

  async #saveQr() {
    if (this.png === null) return;
    const name = `QR-${this.shortCode}.png`;
    const file = new File([this.png], name, { type: "image/png" });
    // On iOS only the share sheet reaches the photo library; a download would land among files.
    if (isTouched() && canShare()) {
      const outcome = await navigator.share({ files: [file] }).catch((/** @type {DOMException} */ error) => error);
      if (outcome === undefined || outcome.name === "AbortError") return;
    } else {
      const url = URL.createObjectURL(file);
      h("a", { href: url, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    }
    this.savedInVain = true;
    this.#showSaving();
  }
}

function isTouched() {
  return matchMedia("(pointer: coarse)").matches;
}

function canShare() {
  const files = [new File([], "QR.png", { type: "image/png" })];
  return typeof navigator.share === "function" && navigator.canShare?.({ files }) === true;
}

/**
 * @param {string} testid
 * @param {string} label
 * @param {string} shown
 * @param {string} copied
 */
function row(testid, label, shown, copied) {
  return h(
    "div",
    {},
    h("dt", {}, label),
    h("dd", {}, h("span", { "data-testid": testid }, shown), copyButton(copied, label)),
  );
}
