const SPACE = "\u00a0";

/**
 * @param {number} amount integer VND
 * @returns {string} the way Vietnamese shops write it, in either language: 1.250.000 ₫
 */
export function formatVnd(amount) {
  const sign = amount < 0 ? "−" : "";
  return `${sign}${groupThousands(Math.abs(amount))}${SPACE}₫`;
}

/** @param {number} count */
export function groupThousands(count) {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ".");
}
