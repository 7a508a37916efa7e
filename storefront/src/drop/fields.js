import { isEmail } from "../ui/email.js";
import { meantPhone, parsePhone } from "./phone.js";

export const NAME_CHARS_MAX = 120;
export const ADDRESS_CHARS_MAX = 200;

/** @typedef {"quantity" | "name" | "phone" | "email" | "province" | "line"} FieldName */
/**
 * `province` is the code of the chosen one, `province_typed` what stands in its box.
 * @typedef {{quantity: string, name: string, phone: string, email: string, province: string, province_typed: string,
 *   line: string}} FieldValues
 * @typedef {{quantityMax: number, mail: boolean}} Demands `mail` is whether the shop sends any, and so needs an address
 */

/**
 * @param {FieldName} field
 * @param {FieldValues} values
 * @param {Demands} demands
 * @returns {string | null} the dictionary key of what is wrong
 */
export function fieldError(field, values, { quantityMax, mail }) {
  const text = values[field].trim();
  switch (field) {
    case "quantity":
      return /^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= quantityMax ? null : "field.quantity.range";
    case "name":
      if (text === "") return "field.name.missing";
      return [...text].length > NAME_CHARS_MAX ? "field.name.long" : null;
    case "phone":
      if (text === "") return "field.phone.missing";
      return parsePhone(text) === null ? `field.phone.${meantPhone(text)?.why ?? "wrong"}` : null;
    case "email":
      if (text === "") return mail ? "field.email.missing" : null;
      return isEmail(text) ? null : "field.email.wrong";
    case "province":
      if (text !== "") return null;
      if (values.province_typed.trim() !== "") return "field.province.unknown";
      return values.line.trim() === "" ? null : "field.province.missing";
    case "line":
      if (text === "" && values.province !== "") return "field.line.missing";
      return [...text].length > ADDRESS_CHARS_MAX ? "field.line.long" : null;
  }
}

/**
 * @param {FieldValues} values checked ones
 * @param {"vi" | "en"} language of the page: mail is written in it
 * @returns {import("../net/types.js").Purchase}
 */
export function purchaseBody(values, language) {
  const phone = parsePhone(values.phone) ?? values.phone.trim();
  const buyer = { name: values.name.trim(), phone, email: values.email.trim() };
  const quantity = Number(values.quantity);
  if (values.province === "") return { quantity, language, buyer };
  return { quantity, language, buyer: { ...buyer, address: { province_code: values.province, line: values.line.trim() } } };
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
