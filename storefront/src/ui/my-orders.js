import { isOrderKey } from "../net/addresses.js";
import { load, save } from "./storage.js";

/**
 * The orders made or opened on this device, newest first. Only the order key lets anyone see an order,
 * and PayOS sends the shopper back without it, so it is kept here.
 * @typedef {{order_code: string, key: string, slug: string, drop_name: string, short_code: string, quantity: number, amount: number, state: string}} MyOrder
 */

const ORDERS_MAX = 50;

const STATES = ["pending", "paid", "expired", "cancelled"];

/** @returns {MyOrder[]} */
export function myOrders() {
  const stored = load("local", "orders");
  return Array.isArray(stored) ? stored.filter(isMyOrder) : [];
}

/** @param {string} orderCode */
export function myOrder(orderCode) {
  return myOrders().find((order) => order.order_code === orderCode) ?? null;
}

/** @param {MyOrder} order */
export function rememberOrder(order) {
  const others = myOrders().filter((other) => other.order_code !== order.order_code);
  save("local", "orders", [order, ...others].slice(0, ORDERS_MAX));
}

/**
 * Brings the stored copy up to what the server says, without moving it to the front.
 * @param {import("../net/types.js").Order} order as the server answered it
 * @param {string} key
 */
export function updateOrder(order, key) {
  const fresh = {
    order_code: String(order.order_code),
    key,
    slug: order.drop.slug,
    drop_name: order.drop.name,
    short_code: order.short_code,
    quantity: order.quantity,
    amount: order.amount,
    state: order.state,
  };
  const orders = myOrders();
  const at = orders.findIndex((other) => other.order_code === fresh.order_code);
  if (at === -1) return rememberOrder(fresh);
  orders[at] = fresh;
  save("local", "orders", orders);
}

/**
 * Storage outlives releases, and extensions and shoppers write there too.
 * @param {any} entry
 * @returns {entry is MyOrder}
 */
function isMyOrder(entry) {
  const texts = [entry?.slug, entry?.drop_name, entry?.short_code];
  return (
    /^\d+$/.test(typeof entry?.order_code === "string" ? entry.order_code : "") &&
    isOrderKey(entry.key) &&
    STATES.includes(entry.state) &&
    texts.every((text) => typeof text === "string")
  );
}
