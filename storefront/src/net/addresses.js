// How an address is written and what may be read from one.

/** @param {string} slug */
export function dropUrl(slug) {
  return `/drops/${encodeURIComponent(slug)}`;
}

/** @param {{order_code: string, key: string}} order */
export function orderUrl(order) {
  return `/orders/${order.order_code}#key=${encodeURIComponent(order.key)}`;
}

/** @returns {string} what stands behind `/drops/` or `/orders/`; as it is when a mistyped % makes it undecodable */
export function pathTail() {
  const tail = location.pathname.split("/")[2] ?? "";
  try {
    return decodeURIComponent(tail);
  } catch {
    return tail;
  }
}

/** @param {string} hash @returns {string | null} the order key in `#key=…` */
export function keyFromFragment(hash) {
  const key = new URLSearchParams(hash.replace(/^#/, "")).get("key");
  return isOrderKey(key) ? key : null;
}

/** @param {unknown} key @returns {key is string} */
export function isOrderKey(key) {
  return typeof key === "string" && /^[0-9a-z][A-Za-z0-9_-]{22}$/.test(key);
}

/**
 * PayOS sends the shopper back with unsigned parameters: good for a sentence while we wait, never for a state.
 * @param {string} search
 * @returns {"paid" | "cancelled" | null}
 */
export function returnedFrom(search) {
  const query = new URLSearchParams(search);
  if (query.get("cancel") === "true" || query.get("status") === "CANCELLED") return "cancelled";
  return query.get("status") === "PAID" ? "paid" : null;
}

/** @param {string} url @returns {string | null} only a web address may become a link */
export function webUrl(url) {
  try {
    const { protocol, href } = new URL(url);
    return protocol === "https:" || protocol === "http:" ? href : null;
  } catch {
    return null;
  }
}

/** @param {string | null} url @returns {string | null} an address an image may be loaded from */
export function safeImageUrl(url) {
  if (typeof url !== "string" || url === "") return null;
  try {
    const parsed = new URL(url, location.origin);
    return parsed.protocol === "https:" || parsed.origin === location.origin ? parsed.href : null;
  } catch {
    return null;
  }
}
