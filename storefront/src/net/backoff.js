/** @typedef {() => number} Random in [0, 1) */

/**
 * Pause before asking again after `failures` failed polls in a row. Jitter spreads the shoppers, who would
 * otherwise all come back in the same moment after an outage.
 * @param {number} failures
 * @param {number} usualMs
 * @param {Random} random
 */
export function pollPauseMs(failures, usualMs, random) {
  if (failures === 0) return usualMs;
  const base = Math.min(2000 * 1.5 ** (failures - 1), 4000);
  return Math.round(base + random() * base * 0.25);
}

/**
 * Pause before sending the same purchase once more, when the page does not know whether it arrived.
 * @param {number} attempt from 0
 * @param {Random} random
 */
export function replayPauseMs(attempt, random) {
  const base = Math.min(500 * 2 ** attempt, 4000);
  return Math.round(base * (0.75 + random() * 0.5));
}

/**
 * @param {string | null} header seconds or an HTTP date
 * @param {number} nowMs
 * @returns {number | null} ms
 */
export function parseRetryAfter(header, nowMs) {
  if (header === null || header.trim() === "") return null;
  if (/^\d+$/.test(header.trim())) return Number(header.trim()) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

/**
 * Never earlier than the server asked for, spread behind it.
 * @param {number | null} retryAfterMs
 * @param {Random} random
 */
export function busyPauseMs(retryAfterMs, random) {
  const base = retryAfterMs ?? 2000;
  return Math.round(base + random() * Math.max(500, base * 0.3));
}
