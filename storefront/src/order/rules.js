/**
 * @typedef {import("../net/types.js").Order} Order
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
 * The dictionary key of the sentence under the state.
 * @param {Order} order
 * @param {Stage} stage
 */
export function stageText(order, stage) {
  if (stage !== "pending") return `order.text.${stage}`;
  return order.payment_state === "closed" ? "order.text.payment_closed" : `order.text.${order.payment_state}`;
}
