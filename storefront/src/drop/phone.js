const PHONE_CHARS_MAX = 32;

// What divides digits, and what cannot be seen at all: numbers copied from contacts, chats and web pages bring both along.
const DIVIDES = /[\s\u0085.\-()\u2010-\u2015\u2212]/g;
const UNSEEN =
  /[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\u{e0100}-\u{e01ef}]/gu;

// Prefixes of eleven digits, and what became of them in 2018.
const PREFIXES_OF_2018 = /** @type {Record<string, string>} */ ({
  162: "32", 163: "33", 164: "34", 165: "35", 166: "36", 167: "37", 168: "38", 169: "39",
  120: "70", 121: "79", 122: "77", 126: "76", 128: "78",
  123: "83", 124: "84", 125: "85", 127: "81", 129: "82",
  186: "56", 188: "58", 199: "59",
});

/**
 * The same reading of a phone number as at the edge, so that a mistake is shown while the shopper types.
 * @param {string} text
 * @returns {string | null} E.164, or null when it is neither a Vietnamese mobile number nor an international one
 */
export function parsePhone(text) {
  const read = digitsOf(text);
  if (read === null) return null;
  const { digits, international } = read;
  if (digits.startsWith("84")) return vietnamese(digits.slice(2).replace(/^0/, ""));
  if (international) return /^[1-9]\d{6,14}$/.test(digits) ? `+${digits}` : null;
  return digits.startsWith("0") ? vietnamese(digits.slice(1)) : null;
}

/**
 * What a number that is refused was surely meant to be.
 * @param {string} text
 * @returns {{why: "nine_digits" | "eleven_digits", phone: string} | null} E.164
 */
export function meantPhone(text) {
  const read = digitsOf(text);
  if (read === null || parsePhone(text) !== null) return null;
  const { digits, international } = read;
  if (international && !digits.startsWith("84")) return null;
  const subscriber = digits.replace(/^84/, "").replace(/^0/, "");
  const nine = vietnamese(digits);
  if (nine !== null) return { why: "nine_digits", phone: nine };
  const prefix = PREFIXES_OF_2018[subscriber.slice(0, 3)];
  const ten = prefix === undefined || subscriber.length !== 10 ? null : vietnamese(prefix + subscriber.slice(3));
  return ten === null ? null : { why: "eleven_digits", phone: ten };
}

/** @param {string} phone a Vietnamese one in E.164 @returns {string} as people write it: 0912 345 678 */
export function shownPhone(phone) {
  return phone.replace(/^\+84(\d{3})(\d{3})(\d{3})$/, "0$1 $2 $3");
}

/**
 * @param {string} text
 * @returns {{digits: string, international: boolean} | null} null when it holds what no number does
 */
function digitsOf(text) {
  if ([...text].length > PHONE_CHARS_MAX) return null;
  const narrow = text.replace(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
  const compact = narrow.replace(DIVIDES, "").replace(UNSEEN, "");
  const match = /^(\+|00(?=\d))?(\d*)$/.exec(compact);
  if (match === null) return null;
  return { digits: match[2], international: match[1] !== undefined };
}

/** @param {string} subscriber nine digits after the zero; mobile prefixes are 03, 05, 07, 08 and 09 */
function vietnamese(subscriber) {
  return /^[35789]\d{8}$/.test(subscriber) ? `+84${subscriber}` : null;
}
