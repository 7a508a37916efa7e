// Every code the server may answer with, and what a shopper reads. A code that is not here gets the general message.

const CODES = new Set([
  "invalid_json", "invalid_field", "invalid_phone", "unsupported_media_type",
  "bad_token", "bad_order_key", "bad_signature",
  "challenge_failed", "not_your_order", "forbidden",
  "not_found", "drop_not_found", "order_not_found", "method_not_allowed",
  "order_pending", "paused", "not_open_yet", "closed", "limit_reached", "sold_out", "held_out", "insufficient_stock",
  "order_not_pending", "destination_not_owed", "slug_taken", "no_mail", "body_too_large",
  "token_reused", "customer_mismatch", "invalid_quantity",
  "rate_limited", "busy", "origin_unavailable", "clock_behind", "internal",
]);

/** @returns {string[]} */
export function problemCodes() {
  return [...CODES];
}

/**
 * @param {string} code
 * @returns {{title: string, text: string}} dictionary keys: what happened, and what to do
 */
export function problemMessage(code) {
  const known = CODES.has(code) ? code : "internal";
  return { title: `problem.${known}.title`, text: `problem.${known}.text` };
}
