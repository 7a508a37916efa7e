// Absolute times in the shopper's own zone, which is always named: "20:00" alone has cost people drops.

/**
 * @param {number} ms unix ms
 * @param {string} language
 * @param {string} [timeZone] the device's own when left out
 * @returns {string} "20:00, Thứ Bảy 21 tháng 11"
 */
export function longDateTime(ms, language, timeZone) {
  const part = (/** @type {Intl.DateTimeFormatOptions} */ options) =>
    new Intl.DateTimeFormat(locale(language), { ...options, timeZone }).format(ms);
  const time = part({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const date = part({ day: "numeric", month: "long" }).replace(/ /g, "\u00a0");
  const day = `${part({ weekday: "long" })} ${date}`;
  return language === "vi" ? `${time}, ${day}` : `${day}, ${time}`;
}

/**
 * @param {number} ms unix ms; the name may change with summer time
 * @param {string} language
 * @param {string} [timeZone]
 * @returns {string} "Giờ Đông Dương (GMT+7)"
 */
export function zoneName(ms, language, timeZone) {
  const long = zonePart(ms, language, "long", timeZone);
  const offset = zonePart(ms, "en", "shortOffset", timeZone);
  return long === offset || offset === "" ? long : `${long} (${offset})`;
}

/**
 * @param {number} ms
 * @param {string} language
 * @param {string} [timeZone]
 * @returns {string} "20:00:05"
 */
export function clockTime(ms, language, timeZone) {
  return new Intl.DateTimeFormat(locale(language), {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZone,
  }).format(ms);
}

/** @param {string} language */
function locale(language) {
  return language === "vi" ? "vi-VN" : "en-GB";
}

/**
 * @param {number} ms
 * @param {string} language
 * @param {"long" | "shortOffset"} style
 * @param {string} [timeZone]
 */
function zonePart(ms, language, style, timeZone) {
  try {
    const parts = new Intl.DateTimeFormat(locale(language), { timeZoneName: style, timeZone }).formatToParts(ms);
    return parts.find((part) => part.type === "timeZoneName")?.value ?? "";
  } catch {
    // Safari before 15.4 does not know shortOffset; the long name alone still names the zone.
    return "";
  }
}
