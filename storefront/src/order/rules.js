import { webUrl } from "../net/addresses.js";

/**
 * @typedef {import("../net/types.js").Order} Order
 * @typedef {{bank_bin: string, account_number: string, account_name: string | null, memo: string}} Transfer
 * @typedef {"pending" | "partial" | "settling" | "paid" | "expired" | "cancelled"} Stage
 */

/**
 * What the shopper has to know. A pending order whose time is over is settling even before the server says so:
 * money sent from then on may come too late.
 * @param {Order} order
 * @param {number} nowMs server time
 * @returns {Stage}
 */
export function orderStage(order, nowMs) {
  if (order.state !== "pending") return order.state;
  if (order.settling || nowMs >= Date.parse(order.pay_by)) return "settling";
  return order.amount_applied > 0 ? "partial" : "pending";
}

/**
 * A payment shows within a second. An ended order changes seldom (a late payment, a refund), so it is asked about seldom.
 * @param {Stage} stage
 */
export function orderPollMs(stage) {
  if (stage === "pending" || stage === "partial") return 1000;
  if (stage === "settling") return 2000;
  return stage === "paid" ? 30_000 : 10_000;
}

/**
 * What the payment of an order can be made with. A link that was found again lacks what PayOS says only once.
 * @param {Pick<Order, "payment" | "payment_state">} order
 * @param {Stage} stage
 * @returns {{qrCode: string | null, transfer: Transfer | null, checkoutUrl: string | null} | null} null when none is asked for
 */
export function paymentWays({ payment, payment_state }, stage) {
  const payable = stage === "pending" || stage === "partial";
  if (!payable || payment_state !== "ready" || payment === null) return null;
  const { bank_bin, account_number, account_name, memo } = payment;
  return {
    // The QR code asks for the whole amount; after a part of it that would be paying too much.
    qrCode: stage === "partial" ? null : payment.qr_code,
    transfer: bank_bin && account_number && memo ? { bank_bin, account_number, account_name, memo } : null,
    checkoutUrl: webUrl(payment.checkout_url),
  };
}

/**
 * The dictionary key of the sentence under the state.
 * @param {Pick<Order, "payment" | "payment_state">} order
 * @param {Stage} stage
 */
export function stageText(order, stage) {
  const ways = paymentWays(order, stage);
  if (stage === "partial") return ways?.transfer === null ? "order.text.partial_link" : "order.text.partial";
  if (stage !== "pending") return `order.text.${stage}`;
  if (order.payment_state === "closed") return "order.text.payment_closed";
  if (ways === null) return `order.text.${order.payment_state}`;
  if (ways.qrCode !== null) return ways.transfer !== null ? "order.text.ready" : "order.text.ready_no_account";
  return ways.transfer !== null ? "order.text.ready_no_qr" : "order.text.ready_link";
}

/**
 * Banks' apps come back into the browser of the phone, which has no key when the order was made inside another app.
 * @param {"paid" | "cancelled" | null} returned what PayOS put into the address
 * @returns {{title: string, text: string}} dictionary keys
 */
export function keyMissing(returned) {
  const what = returned === null ? "no_key" : `no_key_${returned}`;
  return { title: `order.${what}`, text: `order.${what}_text` };
}

/** As it is typed, with blanks and small letters. @param {string} typed */
export function plainCode(typed) {
  return typed.replace(/[\s-]/g, "").toUpperCase();
}

/** The nine characters that people see, or the digits of the address. @param {string} code */
export function isCode(code) {
  return /^[0-9A-Z]{9}$/.test(code) || /^\d{15,16}$/.test(code);
}
