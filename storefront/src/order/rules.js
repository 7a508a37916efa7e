/**
 * @typedef {{qr_code: string, checkout_url: string, bank_bin: string, account_number: string, account_name: string, memo: string}} Payment
 * @typedef {{order_code: number, code: string, drop: {id: number, slug: string, name: string},
 *   state: "pending" | "paid" | "expired" | "cancelled", settling: boolean, quantity: number, amount: number,
 *   amount_applied: number, refund_due: number, refund_sending: number, refund_sent: number,
 *   refund_destination_usable_at: string | null,
 *   ordered_at: string, pay_by: string, ended_at: string | null,
 *   payment: Payment | null, payment_state: "preparing" | "ready" | "unavailable" | "closed",
 *   buyer: {name: string, phone: string, email: string}}} Order
 * @typedef {"pending" | "partial" | "settling" | "paid" | "expired" | "cancelled"} Stage
 * @typedef {"none" | "away" | "ask" | "known" | "waits" | "change"} RefundView
 */

/** The parts of what goes back. What is still due comes last, because the question where it goes stands below it. */
export const REFUND_PARTS = /** @type {const} */ (["sent", "sending", "due"]);

// A first destination is usable from the origin's now, which this page's clock may reach a little later.
const CLOCKS_APART_MS = 60_000;

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
 * The dictionary key of the sentence under the state.
 * @param {Order} order
 * @param {Stage} stage
 */
export function stageText(order, stage) {
  if (stage !== "pending") return `order.text.${stage}`;
  return order.payment_state === "closed" ? "order.text.payment_closed" : `order.text.${order.payment_state}`;
}

/**
 * What the shopper sees besides the amounts: of one that is still due, the question where it goes, or that it is known.
 * @param {Pick<Order, "refund_due" | "refund_sending" | "refund_sent" | "refund_destination_usable_at">} order
 * @param {number} nowMs server time
 * @param {boolean} editing the form was opened or typed into: it stays, even when someone else answers meanwhile
 * @returns {RefundView}
 */
export function refundView(order, nowMs, editing) {
  if (order.refund_due === 0) return order.refund_sending + order.refund_sent > 0 ? "away" : "none";
  if (order.refund_destination_usable_at === null) return "ask";
  if (editing) return "change";
  return Date.parse(order.refund_destination_usable_at) - nowMs > CLOCKS_APART_MS ? "waits" : "known";
}

/**
 * An answer to an older question may arrive last; where the money goes is never forgotten again.
 * @param {string | null} asRead
 * @param {string | null} asGiven what this page was answered when it said so
 * @returns {string | null} the later
 */
export function laterUsableAt(asRead, asGiven) {
  if (asRead === null || asGiven === null) return asRead ?? asGiven;
  return Date.parse(asGiven) > Date.parse(asRead) ? asGiven : asRead;
}

/**
 * PayOS sends the shopper back with unsigned parameters: good for a sentence while we wait, never for a state.
 * @param {string} search
 * @returns {"paid" | "cancelled" | null}
 */
export function returnedFrom(search) {
  const query = new URLSearchParams(search);
  if (query.get("cancel") === "true" || query.get("status") === "CANCELLED") return "cancelled";
  return query.get("status") === "PAID" ? "paid" : null;
}

/** @param {string} hash @returns {string | null} the order key in `#key=…` */
export function keyFromFragment(hash) {
  const key = new URLSearchParams(hash.replace(/^#/, "")).get("key");
  return key !== null && /^[0-9a-z][A-Za-z0-9_-]{22}$/.test(key) ? key : null;
}

/** @param {string} url @returns {string | null} only a web address may become a link */
export function webUrl(url) {
  try {
    const { protocol, href } = new URL(url);
    return protocol === "https:" || protocol === "http:" ? href : null;
  } catch {
    return null;
  }
}
