import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { KEY, PENDING } from "../../../tests/browser/samples.mjs";
import { myOrder, myOrders, rememberOrder, updateOrder } from "../../src/ui/my-orders.js";

const GOOD = {
  order_code: "7", key: KEY, slug: "binh-gom", drop_name: "Bình gốm", short_code: "DG7", quantity: 1, amount: 400_000,
  state: "pending",
};

/** @type {Map<string, string>} */
let stored;

beforeEach(() => {
  stored = new Map();
  Object.assign(globalThis, {
    localStorage: {
      getItem: (/** @type {string} */ key) => stored.get(key) ?? null,
      setItem: (/** @type {string} */ key, /** @type {string} */ value) => stored.set(key, value),
    },
  });
});

/** @param {unknown} value */
const store = (value) => stored.set("dropgate.orders", typeof value === "string" ? value : JSON.stringify(value));

test("a broken entry is dropped, and the others stay", () => {
  const broken = [
    null, 7, "7", [], {}, { ...GOOD, key: undefined }, { ...GOOD, order_code: 7 }, { ...GOOD, order_code: "x/y" },
    { ...GOOD, state: "gone" }, { ...GOOD, slug: null }, { ...GOOD, short_code: 7 }, { ...GOOD, key: "short" },
  ];
  store([broken[0], GOOD, ...broken.slice(1)]);
  assert.deepEqual(myOrders(), [GOOD]);
  assert.deepEqual(myOrder("7"), GOOD);
  rememberOrder({ ...GOOD, order_code: "8" });
  assert.equal(JSON.parse(stored.get("dropgate.orders") ?? "").length, 2);
});

test("a list that is none is taken for an empty one", () => {
  for (const text of ["", "{", "null", "7", "{}", '"orders"']) {
    store(text);
    assert.deepEqual(myOrders(), [], text);
  }
});

test("an order read from the server takes the place of a broken copy", () => {
  store([{ ...GOOD, state: 3 }]);
  updateOrder(PENDING, KEY);
  assert.deepEqual(myOrders(), [GOOD]);
});
