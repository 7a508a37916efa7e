// What the shop answers in tests of the pages.

/**
 * @typedef {import("../../storefront/src/net/types.js").Order} Order
 * @typedef {import("../../storefront/src/net/types.js").Payment} Payment
 * @typedef {import("../../storefront/src/net/types.js").Drop} Drop
 */

export const KEY = "1abcdefghijklmnopqrst-_";

/** @type {Order} an order that was cancelled, with nothing owed */
export const ORDER = {
  order_code: 7, short_code: "DG7", drop: { id: 1, slug: "binh-gom", name: "Bình gốm" }, state: "cancelled", settling: false,
  quantity: 1, amount: 400_000, amount_applied: 0, refund_due: 0, refund_sending: 0, refund_sent: 0,
  refund_destination_usable_at: null, ordered_at: "2026-11-21T13:00:00Z", pay_by: "2026-11-21T13:05:00Z",
  ended_at: "2026-11-21T13:05:00Z", payment: null, payment_state: "closed", buyer: { name: "N", phone: "09…678", email: "" },
};

/** @type {Payment} */
export const PAYMENT = {
  checkout_url: "https://pay.test/web/7",
  qr_code: "00020101021238570010A000000727012700069704220113VQRQAAAA0000070208QRIBFTTA53037045406400000" +
    "5802VN62200816DG7 thanh toan6304ABCD",
  bank_bin: "970422", account_number: "VQRQAAAA00000", account_name: "CONG TY TNHH AN", memo: "DG7",
};

/** @type {Order} an order that waits for its payment, the way to pay ready */
export const PENDING = {
  ...ORDER, state: "pending", pay_by: "2026-11-21T13:15:00Z", ended_at: null, payment: PAYMENT, payment_state: "ready",
};

/** @type {Drop} an open one */
export const DROP = {
  id: 1, slug: "binh-gom", product: { name: "Bình gốm", description: "Gốm Bát Tràng.\nCao 20 cm.", image_url: null },
  price: 400_000, size: 20, limit_per_customer: 2, hold_seconds: 300, opens_at: "2026-11-21T13:00:00Z", closes_at: null,
  state: "open", paused: false, stock: { available: 12, held: 3, sold: 5, withdrawn: 0 },
};

/** @param {Partial<Drop>} [over] */
export function dropStatus(over = {}) {
  return { as_of: "2026-11-21T13:10:00Z", stale: false, drop: { ...DROP, ...over } };
}
