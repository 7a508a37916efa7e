import { onLanguage, t } from "../i18n/index.js";
import { orderUrl } from "../net/addresses.js";
import { byTestId, h } from "../ui/dom.js";
import { myOrders, updateOrder } from "../ui/my-orders.js";

// A link to the first few is a reminder; the home page lists them all.
const SHOWN_MAX = 3;

/** The orders this device has for the drop on the page, so that a shopper does not buy again for want of a link. */
export class OwnOrders {
  /**
   * @param {import("../net/api.js").Api} api
   * @param {string} slug
   */
  constructor(api, slug) {
    this.api = api;
    this.slug = slug;
    onLanguage(() => this.show());
  }

  /** Shows what is stored at once, then asks the server about those that may have changed. */
  async refresh() {
    this.show();
    for (const order of this.#orders().filter(({ state }) => state === "pending")) {
      const answer = await this.api.order(order.order_code, order.key);
      if (answer.kind === "ok") updateOrder(answer.body, order.key);
    }
    this.show();
  }

  show() {
    const orders = this.#orders();
    const box = byTestId("own-orders");
    box.hidden = orders.length === 0;
    box.replaceChildren(...orders.map((order) => link(order)));
  }

  #orders() {
    return myOrders()
      .filter((order) => order.slug === this.slug && (order.state === "pending" || order.state === "paid"))
      .sort((a, b) => Number(b.state === "pending") - Number(a.state === "pending"))
      .slice(0, SHOWN_MAX);
  }
}

/** @param {import("../ui/my-orders.js").MyOrder} order */
function link(order) {
  return h(
    "a",
    { href: orderUrl(order), "data-testid": "own-order", "data-state": order.state },
    h("span", {}, t(`drop.own_${order.state}`, { short_code: order.short_code })),
    h("strong", {}, t(`drop.own_${order.state}_action`)),
  );
}
