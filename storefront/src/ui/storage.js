// Storage may be switched off (private windows, full disks). The shop works without it, so nothing here throws.

/**
 * @param {"local" | "session"} area
 * @param {string} key
 * @returns {any} null when absent or unreadable
 */
export function load(area, key) {
  try {
    return JSON.parse(storageOf(area).getItem(`dropgate.${key}`) ?? "null");
  } catch {
    return null;
  }
}

/**
 * @param {"local" | "session"} area
 * @param {string} key
 * @param {unknown} value null removes the entry
 */
export function save(area, key, value) {
  try {
    if (value === null) storageOf(area).removeItem(`dropgate.${key}`);
    else storageOf(area).setItem(`dropgate.${key}`, JSON.stringify(value));
  } catch {
    // See above.
  }
}

/** @param {"local" | "session"} area */
function storageOf(area) {
  return area === "local" ? localStorage : sessionStorage;
}
