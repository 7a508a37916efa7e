/**
 * @typedef {import("../net/types.js").Drop} Drop
 * @typedef {"coming" | "open" | "held_out" | "sold_out" | "paused" | "closed"} Phase
 */

/**
 * What a shopper can do now. Opening and closing follow the server's clock between two polls, so the form opens
 * in the second it should and not with the next answer.
 * @param {Drop} drop
 * @param {number} nowMs server time
 * @returns {Phase}
 */
export function dropPhase(drop, nowMs) {
  if (drop.state === "closed") return "closed";
  if (drop.closes_at !== null && nowMs >= Date.parse(drop.closes_at)) return "closed";
  if (drop.state === "coming" && nowMs < Date.parse(drop.opens_at)) return "coming";
  if (drop.paused) return "paused";
  if (drop.stock.available > 0) return "open";
  return drop.stock.held > 0 ? "held_out" : "sold_out";
}

/**
 * @param {Drop} drop
 * @param {Phase} phase
 * @returns {number} the most one purchase may ask for now
 */
export function quantityMax(drop, phase) {
  return phase === "open" ? Math.min(drop.limit_per_customer, drop.stock.available) : drop.limit_per_customer;
}

/**
 * Every second while seconds matter; the hour before and the days after need no such haste.
 * @param {Drop} drop
 * @param {Phase} phase
 * @param {number} nowMs
 */
export function pollMs(drop, phase, nowMs) {
  if (phase === "coming") return Date.parse(drop.opens_at) - nowMs > 120_000 ? 5000 : 1000;
  return phase === "closed" || phase === "sold_out" ? 5000 : 1000;
}

/** @param {Drop} drop */
export function holdMinutes(drop) {
  return Math.max(1, Math.round(drop.hold_seconds / 60));
}
