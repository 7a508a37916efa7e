/**
 * @typedef {import("../net/types.js").Order} Order
 * @typedef {"none" | "away" | "ask" | "known" | "waits" | "change"} RefundView
 */

/** The parts of what goes back. What is still due comes last, because the question where it goes stands below it. */
export const REFUND_PARTS = /** @type {const} */ (["sent", "sending", "due"]);

// A first destination is usable from the origin's now, which this page's clock may reach a little later.
const CLOCKS_APART_MS = 60_000;

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
