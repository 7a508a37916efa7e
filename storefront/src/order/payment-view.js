import { t } from "../i18n/index.js";
import { formatVnd } from "../i18n/money.js";
import { webUrl } from "../net/addresses.js";
import { bankName } from "../ui/banks.js";
import { copyButton } from "../ui/copy.js";
import { byTestId, h, setText } from "../ui/dom.js";
import { qrPng, qrSvg } from "../ui/qr.js";

/**
 * @typedef {import("../net/types.js").Order} Order
 * @typedef {import("./rules.js").Stage} Stage
 */

/** QR, the way to PayOS, and the transfer by hand. */
export class PaymentView {
  constructor() {
    this.shown = "";
    /** @type {Order | null} */
    this.order = null;
    byTestId("qr-save").addEventListener("click", () => this.#saveQr());
  }

  /**
   * @param {Order} order
   * @param {Stage} stage
   * @param {string} language rebuilds the texts when it changes
   */
  update(order, stage, language) {
    this.order = order;
    const payable = stage === "pending" || stage === "partial";
    const ready = payable && order.payment_state === "ready" && order.payment !== null;
    // The QR asks for the whole amount; after a part of it that would be paying too much.
    const showQr = payable && stage !== "partial" && (ready || order.payment_state === "preparing");
    byTestId("payment").hidden = !showQr && !ready;
    byTestId("qr-card").hidden = !showQr;
    byTestId("qr-save").hidden = !(showQr && ready);
    byTestId("qr-hint").hidden = !ready;
    byTestId("transfer").hidden = !ready;
    const key = JSON.stringify([language, stage, showQr, ready, order.payment, order.amount, order.amount_applied]);
    if (key === this.shown) return;
    this.shown = key;
    this.#showQr(order, showQr, ready);
    this.#showCheckout(order, ready);
    if (ready) this.#showTransfer(order, stage);
  }

  /**
   * @param {Order} order
   * @param {boolean} showQr
   * @param {boolean} ready
   */
  #showQr(order, showQr, ready) {
    const box = byTestId("qr");
    box.classList.toggle("skeleton", showQr && !ready);
    box.dataset.ready = String(showQr && ready);
    if (!showQr) return box.replaceChildren();
    if (!ready || order.payment === null) return box.replaceChildren(h("span", {}, t("order.qr_preparing")));
    box.replaceChildren(qrSvg(order.payment.qr_code, t("order.qr", { amount: formatVnd(order.amount) })));
  }

  /**
   * @param {Order} order
   * @param {boolean} ready
   */
  #showCheckout(order, ready) {
    const link = /** @type {HTMLAnchorElement} */ (byTestId("checkout"));
    const url = ready && order.payment !== null ? webUrl(order.payment.checkout_url) : null;
    link.hidden = url === null;
    if (url !== null) link.href = url;
  }

  /**
   * @param {Order} order
   * @param {Stage} stage
   */
  #showTransfer(order, stage) {
    if (order.payment === null) return;
    const { bank_bin, account_number, account_name, memo } = order.payment;
    const owed = order.amount - order.amount_applied;
    setText(byTestId("transfer-title"), t(stage === "partial" ? "order.transfer_only" : "order.transfer"));
    const bank = bankName(bank_bin) ?? t("order.bank_bin", { bin: bank_bin });
    byTestId("transfer-rows").replaceChildren(
      row("bank", t("order.bank"), bank, bank),
      row("account-number", t("order.account"), account_number, account_number),
      row("account-name", t("order.account_name"), account_name, account_name),
      row("transfer-amount", t("order.amount"), formatVnd(owed), String(owed)),
      row("memo", t("order.memo"), memo, memo),
    );
  }

  async #saveQr() {
    if (this.order === null || this.order.payment === null) return;
    const png = await qrPng(this.order.payment.qr_code);
    if (png === null) return;
    const name = `QR-${this.order.code}.png`;
    const file = new File([png], name, { type: "image/png" });
    // On iOS only the share sheet reaches the photo library; a download would land among files.
    if (matchMedia("(pointer: coarse)").matches && navigator.canShare?.({ files: [file] })) {
      return navigator.share({ files: [file] }).catch(() => {});
    }
    const url = URL.createObjectURL(png);
    h("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
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
