const SECOND = 1000;

/**
 * @param {number} remainingMs
 * @returns {{days: number, hours: number, minutes: number, seconds: number}}
 *   rounded up, so that zero is shown at the moment itself and not a second before
 */
export function countdownParts(remainingMs) {
  const total = Math.max(0, Math.ceil(remainingMs / SECOND));
  return {
    days: Math.floor(total / 86_400),
    hours: Math.floor(total / 3600) % 24,
    minutes: Math.floor(total / 60) % 60,
    seconds: total % 60,
  };
}

/**
 * @param {number} remainingMs
 * @returns {string} `4:07`, `1:04:07`, or with more than a day all hours: `49:00:00`
 */
export function countdownText(remainingMs) {
  const { days, hours, minutes, seconds } = countdownParts(remainingMs);
  const hoursAll = days * 24 + hours;
  return hoursAll > 0
    ? `${hoursAll}:${twoDigits(minutes)}:${twoDigits(seconds)}`
    : `${minutes}:${twoDigits(seconds)}`;
}

/**
 * @param {number} remainingMs
 * @returns {number} ms until the countdown shows another second; one that is over is looked at once a second
 */
export function msToNextSecond(remainingMs) {
  return remainingMs > 0 ? remainingMs % SECOND : SECOND;
}

/** @param {number} n */
export function twoDigits(n) {
  return String(n).padStart(2, "0");
}
