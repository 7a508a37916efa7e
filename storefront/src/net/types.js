// The shapes of what the API takes and answers. Only types: nothing of this file reaches a page.

/**
 * @typedef {{available: number, held: number, sold: number, withdrawn: number}} Stock in units
 * @typedef {{name: string, description: string, image_url: string | null}} Product
 * @typedef {{id: number, slug: string, product: Product, price: number, size: number, limit_per_customer: number,
 *   hold_seconds: number, opens_at: string, closes_at: string | null, state: "coming" | "open" | "closed",
 *   paused: boolean, stock: Stock}} Drop
 * @typedef {{as_of: string, stale: boolean, mail?: boolean, drop: Drop}} DropStatus `mail` is whether the shop sends any
 * @typedef {{as_of: string, stale: boolean, mail: boolean, drops: Drop[]}} DropList
 * @typedef {{turnstile_site_key: string | null}} ShopConfig
 */

/**
 * @typedef {{phone: string, turnstile_token?: string}} Admission
 * @typedef {{token: string, expires_at: string}} PurchaseToken
 * @typedef {{province_code: string, line: string}} Address
 * @typedef {{name: string, phone: string, email: string, address?: Address}} Buyer
 * @typedef {{quantity: number, language: "vi" | "en", buyer: Buyer}} Purchase
 * @typedef {{order_code: number, short_code: string, order_key: string, quantity: number, amount: number}} Receipt
 */

/**
 * A link that was found again after an interruption lacks what PayOS tells only when it makes one.
 * @typedef {{checkout_url: string, qr_code: string | null, bank_bin: string | null, account_number: string | null,
 *   account_name: string | null, memo: string | null}} Payment
 * @typedef {{name: string, phone: string, email: string}} BuyerHint
 * @typedef {{order_code: number, short_code: string, drop: {id: number, slug: string, name: string},
 *   state: "pending" | "paid" | "expired" | "cancelled", settling: boolean, quantity: number, amount: number,
 *   amount_applied: number, refund_due: number, refund_sending: number, refund_sent: number,
 *   refund_destination_usable_at: string | null, ordered_at: string, pay_by: string, ended_at: string | null,
 *   payment: Payment | null, payment_state: "preparing" | "ready" | "unavailable" | "closed",
 *   buyer: BuyerHint | null}} Order
 */

/**
 * @typedef {{bank: string, account_number: string, account_name: string}} RefundDestination
 * @typedef {{usable_at: string}} RefundDestinationKept
 */

/** @typedef {{code: string, title?: string, detail?: string, field?: string}} Problem */

export {};
