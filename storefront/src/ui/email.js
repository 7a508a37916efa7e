export const EMAIL_CHARS_MAX = 254;

// Where nearly all shoppers have their mail; a mistyped one of these is worth a question.
const HOSTS = ["gmail.com", "yahoo.com", "yahoo.com.vn", "hotmail.com", "outlook.com", "icloud.com"];
// Real hosts that look like a mistyped one of those.
const OTHER_HOSTS = new Set(["ymail.com", "mail.com", "email.com", "gmx.com", "hotmail.co.uk", "outlook.com.vn", "me.com"]);
const COM_MISTYPED = /\.(con|cim|cpm|cm|co|om|comm|vom|xom|ocm|cmo|coom)$/;
// No name in the mail system ends so; one that does was meant to end in .com.
const NO_ENDING = /\.(con|cim|cpm|comm|vom|xom|ocm|cmo|coom)$/;

// What an address holds only between quotes, which no shopper has.
const ATOM = /^[^\s\x00-\x1f\x7f@<>()[\]:;,\\"]+$/;
const LOCAL_BYTES_MAX = 64;
// Letters of any script, digits and hyphens inside.
const LABEL = /^([a-z\d-]|[^\s\x00-\x7f])+$/i;
const LABEL_BYTES_MAX = 63;
// Not the end of an address in numbers. A name of another script in ASCII has digits.
const TOP_LEVEL = /^([^\d]{2,}|xn--.*)$/;

/**
 * The same as the origin takes: a table of cases holds for both.
 * @param {string} text
 */
export function isEmail(text) {
  const at = text.indexOf("@");
  const [local, labels] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1).split(".")];
  return (
    [...text].length <= EMAIL_CHARS_MAX &&
    bytes(local) <= LOCAL_BYTES_MAX &&
    local.split(".").every((atom) => ATOM.test(atom)) &&
    labels.length > 1 &&
    labels.every(isLabel) &&
    TOP_LEVEL.test(labels[labels.length - 1])
  );
}

/** @param {string} label */
function isLabel(label) {
  return LABEL.test(label) && !label.startsWith("-") && !label.endsWith("-") && bytes(label) <= LABEL_BYTES_MAX;
}

/** @param {string} text */
function bytes(text) {
  return new TextEncoder().encode(text).length;
}

/**
 * The address that was probably meant. Only a question: there are odd hosts, and a shopper may insist.
 * @param {string} text
 * @returns {string | null}
 */
export function meantEmail(text) {
  const typed = text.trim();
  if (!isEmail(typed)) return null;
  const at = typed.lastIndexOf("@") + 1;
  const host = typed.slice(at).toLowerCase();
  if (HOSTS.includes(host) || OTHER_HOSTS.has(host)) return null;
  const mended = host.replace(COM_MISTYPED, ".com");
  const near = HOSTS.find((known) => known === mended || isOneSlipAway(host, known) || isOneSlipAway(mended, known));
  if (near !== undefined) return typed.slice(0, at) + near;
  return NO_ENDING.test(host) ? typed.slice(0, at) + mended : null;
}

/**
 * One letter too many, too few, another one, or two that changed places.
 * @param {string} typed
 * @param {string} known
 */
function isOneSlipAway(typed, known) {
  let start = 0;
  while (start < typed.length && typed[start] === known[start]) start++;
  const [rest, wanted] = [typed.slice(start), known.slice(start)];
  return (
    rest.slice(1) === wanted ||
    rest === wanted.slice(1) ||
    rest.slice(1) === wanted.slice(1) ||
    (rest.slice(2) === wanted.slice(2) && rest[0] === wanted[1] && rest[1] === wanted[0])
  );
}
