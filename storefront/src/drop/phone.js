const PHONE_CHARS_MAX = 32;

/**
 * The same reading of a phone number as at the edge, so that a mistake is shown while the shopper types.
 * @param {string} text
 * @returns {string | null} E.164, or null when it is neither a Vietnamese mobile number nor an international one
 */
export function parsePhone(text) {
  const typed = text.trim();
  // Numbers copied from a chat often bring no-break spaces along.
  const compact = typed.replace(/[\s.\-()]/g, "");
  if (typed.length > PHONE_CHARS_MAX || !/^\+?\d+$/.test(compact)) return null;
  const digits = compact.replace("+", "");
  if (digits.startsWith("84")) return vietnamese(digits.slice(2).replace(/^0/, ""));
  if (compact.startsWith("+")) return /^[1-9]\d{6,14}$/.test(digits) ? `+${digits}` : null;
  return digits.startsWith("0") ? vietnamese(digits.slice(1)) : null;
}

/** @param {string} subscriber nine digits after the zero; mobile prefixes are 03, 05, 07, 08 and 09 */
function vietnamese(subscriber) {
  return /^[35789]\d{8}$/.test(subscriber) ? `+84${subscriber}` : null;
}
