import { problemMessage } from "../i18n/problems.js";

// What the origin takes as the place a refund goes to. It is written into a list that a spreadsheet opens, hence so strict.

export const BANK_CHARS_MAX = 60;
export const ACCOUNT_NUMBER_CHARS_MAX = 24;
export const ACCOUNT_NAME_CHARS_MAX = 70;

/** The choice in the list of banks that asks for a name instead. */
export const OTHER_BANK = "other";

/** @typedef {"bank" | "other_bank" | "account_number" | "account_name"} RefundFieldName */
/** @typedef {{bank: string, other_bank: string, account_number: string, account_name: string}} RefundValues */

// Rust's char::is_alphanumeric, which decides at the origin, is these two properties.
const PLAIN = /^[\p{Alphabetic}\p{N}][\p{Alphabetic}\p{N} .'-]*$/u;

/**
 * @param {RefundFieldName} field
 * @param {RefundValues} values
 * @returns {string | null} the dictionary key of what is wrong
 */
export function refundFieldError(field, values) {
  switch (field) {
    case "bank":
      return values.bank === "" ? "field.bank.missing" : null;
    case "other_bank": {
      if (values.bank !== OTHER_BANK) return null;
      const text = plain(values.other_bank);
      if (text === "") return "field.other_bank.missing";
      if ([...text].length > BANK_CHARS_MAX) return "field.other_bank.long";
      return PLAIN.test(text) ? null : "field.other_bank.wrong";
    }
    case "account_number": {
      const text = compact(values.account_number);
      if (text === "") return "field.account_number.missing";
      if (!/^[0-9A-Za-z]+$/.test(text)) return "field.account_number.wrong";
      return text.length > ACCOUNT_NUMBER_CHARS_MAX ? "field.account_number.long" : null;
    }
    case "account_name": {
      const text = plain(values.account_name);
      if (text === "") return "field.account_name.missing";
      if ([...text].length > ACCOUNT_NAME_CHARS_MAX) return "field.account_name.long";
      return PLAIN.test(text) ? null : "field.account_name.wrong";
    }
  }
}

/**
 * @param {RefundValues} values checked ones
 * @returns {import("../net/types.js").RefundDestination} a bank of the list by its BIN, another by its name
 */
export function refundBody(values) {
  return {
    bank: values.bank === OTHER_BANK ? plain(values.other_bank) : values.bank,
    account_number: compact(values.account_number),
    account_name: plain(values.account_name),
  };
}

/**
 * @param {string | undefined} field as a problem names it
 * @param {RefundValues} values what was sent
 * @returns {RefundFieldName | null}
 */
export function refundInputOf(field, values) {
  if (field === "account_number" || field === "account_name") return field;
  if (field !== "bank") return null;
  return values.bank === OTHER_BANK ? "other_bank" : "bank";
}

// Most messages of problems speak of buying, which this is not; these three say what to do whatever was asked.
const OWN_WORDS = new Set(["destination_not_owed", "bad_order_key", "order_not_found"]);
const NOT_READ = new Set(["invalid_json", "unsupported_media_type", "body_too_large"]);

/**
 * @param {string} code of a problem, or "unreachable"
 * @returns {{title: string, text: string}} dictionary keys: what happened, and what to do
 */
export function refundRefusal(code) {
  if (OWN_WORDS.has(code)) return problemMessage(code);
  if (NOT_READ.has(code)) return problemMessage("method_not_allowed");
  if (code === "invalid_field") return { title: "problem.invalid_field.title", text: "refund.invalid" };
  const title = code === "unreachable" ? "buy.unreachable.title" : problemMessage(code).title;
  return { title, text: "refund.failed" };
}

/**
 * Some keyboards write accents as marks of their own and apostrophes as curly quotes, which the origin does not take.
 * @param {string} text
 */
function plain(text) {
  return text.normalize("NFC").replace(/[\u2018\u2019]/g, "'").replace(/\s+/g, " ").trim();
}

/** @param {string} text an account number with the gaps it is printed with */
function compact(text) {
  return text.replace(/[\s.-]/g, "");
}
