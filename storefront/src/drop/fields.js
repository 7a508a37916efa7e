import { parsePhone } from "./phone.js";

export const NAME_CHARS_MAX = 120;
export const EMAIL_CHARS_MAX = 254;
export const ADDRESS_CHARS_MAX = 200;

/** @typedef {"quantity" | "name" | "phone" | "email" | "province" | "line"} FieldName */
/** @typedef {{quantity: string, name: string, phone: string, email: string, province: string, line: string}} FieldValues */

/**
 * @param {FieldName} field
 * @param {FieldValues} values
 * @param {number} quantityMax
 * @returns {string | null} the dictionary key of what is wrong
 */
export function fieldError(field, values, quantityMax) {
  const text = values[field].trim();
  switch (field) {
    case "quantity":
      return /^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= quantityMax ? null : "field.quantity.range";
    case "name":
      if (text === "") return "field.name.missing";
      return [...text].length > NAME_CHARS_MAX ? "field.name.long" : null;
    case "phone":
      if (text === "") return "field.phone.missing";
      return parsePhone(text) === null ? "field.phone.wrong" : null;
    case "email":
      if (text === "") return "field.email.missing";
      return isEmail(text) ? null : "field.email.wrong";
    case "province":
      return text === "" && values.line.trim() !== "" ? "field.province.missing" : null;
    case "line":
      if (text === "" && values.province !== "") return "field.line.missing";
      return [...text].length > ADDRESS_CHARS_MAX ? "field.line.long" : null;
  }
}

/**
 * @param {FieldValues} values checked ones
 * @returns {import("../net/types.js").Purchase}
 */
export function purchaseBody(values) {
  const phone = parsePhone(values.phone) ?? values.phone.trim();
  const buyer = { name: values.name.trim(), phone, email: values.email.trim() };
  const quantity = Number(values.quantity);
  if (values.province === "") return { quantity, buyer };
  return { quantity, buyer: { ...buyer, address: { province_code: values.province, line: values.line.trim() } } };
}

const SERVER_FIELDS = /** @type {Record<string, FieldName>} */ ({
  quantity: "quantity",
  name: "name",
  phone: "phone",
  email: "email",
  address: "line",
  province_code: "province",
  line: "line",
});

/**
 * @param {string | undefined} field as a problem names it: `phone`, `buyer.phone`, `buyer.address.line`, `/buyer/phone`
 * @returns {FieldName | null}
 */
export function inputOfServerField(field) {
  const last = (field ?? "").split(/[./]/).pop() ?? "";
  return SERVER_FIELDS[last] ?? null;
}

/** @param {string} text */
function isEmail(text) {
  return text.length <= EMAIL_CHARS_MAX && /^[^\s@<>"(),;:\\]+@[^\s@.]+(\.[^\s@.]+)*\.[^\s@.\d]{2,}$/.test(text);
}
