import { language, t } from "../i18n/index.js";
import { clockTime, longDateTime, zoneName } from "../i18n/local-time.js";
import { formatVnd } from "../i18n/money.js";
import { countdownText } from "../ui/countdown.js";
import { byTestId, h, setText, svg } from "../ui/dom.js";
import { announce } from "../ui/page.js";
import { stageText } from "./rules.js";

/**
 * @typedef {import("../net/types.js").Order} Order
 * @typedef {import("./rules.js").Stage} Stage
 */

const HURRY_MS = 60_000;

/** State, amount, time left and the facts of the order. */
export class OrderView {
  constructor() {
    /** @type {Stage | null} */
    this.stage = null;
    this.leftMs = Infinity;
    this.shownRows = "";
  }

  /**
   * @param {Order} order
   * @param {Stage} stage
   * @param {number} nowMs
   */
  update(order, stage, nowMs) {
    document.title = t(`order.title.${stage === "partial" ? "pending" : stage}`, { short_code: order.short_code });
    const head = byTestId("order-state");
    setText(head, t(`order.state.${stage}`));
    head.dataset.state = stage;
    head.dataset.payment = order.payment_state;
    byTestId("order").dataset.stage = stage;
    const text = t(stageText(order, stage), {
      applied: formatVnd(order.amount_applied),
      owed: formatVnd(order.amount - order.amount_applied),
    });
    setText(byTestId("order-text"), text);
    if (stage !== this.stage) {
      if (this.stage !== null) announce(`${t(`order.state.${stage}`)}. ${text}`);
      this.stage = stage;
      showSeal(stage);
    }
    setText(byTestId("amount-label"), t(stage === "partial" ? "order.still_owed" : "order.amount"));
    setText(byTestId("amount"), formatVnd(stage === "partial" ? order.amount - order.amount_applied : order.amount));
    this.#showTime(order, stage, nowMs);
    this.#showRows(order);
  }

  /**
   * @param {Order} order
   * @param {Stage} stage
   * @param {number} nowMs
   */
  #showTime(order, stage, nowMs) {
    const payable = stage === "pending" || stage === "partial";
    byTestId("time-panel").hidden = byTestId("time-bar").hidden = !payable;
    if (!payable) return;
    const payBy = Date.parse(order.pay_by);
    const left = Math.max(0, payBy - nowMs);
    const whole = payBy - Date.parse(order.ordered_at);
    setText(byTestId("time-left"), countdownText(left));
    byTestId("time-panel").classList.toggle("near", left <= HURRY_MS);
    byTestId("time-bar").classList.toggle("near", left <= HURRY_MS);
    const bar = /** @type {HTMLElement} */ (byTestId("time-bar").firstElementChild);
    bar.style.setProperty("transform", `scaleX(${whole > 0 ? Math.min(1, left / whole) : 0})`);
    const payByElement = byTestId("pay-by");
    payByElement.setAttribute("datetime", order.pay_by);
    payByElement.setAttribute("title", zoneName(payBy, language()));
    setText(payByElement, t("order.pay_by", { time: clockTime(payBy, language()) }));
    if (this.leftMs > HURRY_MS && left <= HURRY_MS && this.leftMs !== Infinity) announce(t("order.almost"));
    this.leftMs = left;
  }

  /** @param {Order} order */
  #showRows(order) {
    const rows = [
      ["product", t("order.product"), order.drop.name],
      ["short-code", t("order.short_code"), order.short_code],
      ["order-quantity", t("order.quantity"), String(order.quantity)],
      ["order-amount", t("order.amount"), formatVnd(order.amount)],
      ["ordered-at", t("order.ordered_at"), longDateTime(Date.parse(order.ordered_at), language())],
    ];
    if (order.buyer !== null) {
      const { name, phone, email } = order.buyer;
      rows.splice(-1, 0, ["buyer", t("order.buyer"), [name, phone, email].filter(Boolean).join("\n")]);
    }
    if (order.state === "paid" && order.ended_at !== null) {
      rows.push(["paid-at", t("order.paid_at"), longDateTime(Date.parse(order.ended_at), language())]);
    }
    const key = JSON.stringify(rows);
    if (key === this.shownRows) return;
    this.shownRows = key;
    byTestId("order-rows").replaceChildren(
      ...rows.map(([testid, label, value]) =>
        h("div", {}, h("dt", {}, label), h("dd", {}, h("span", { "data-testid": testid }, value))),
      ),
    );
  }
}

/** @param {Stage} stage a mark that says the state before anything is read */
function showSeal(stage) {
  const marks = { paid: "M14 25l7 7 14-15", expired: "M24 14v11l7 5", cancelled: "M17 17l14 14M31 17L17 31" };
  const mark = /** @type {Record<string, string>} */ (marks)[stage];
  const box = byTestId("seal");
  if (mark === undefined) return box.replaceChildren();
  box.replaceChildren(
    svg("svg", { viewBox: "0 0 48 48" }, svg("circle", { cx: "24", cy: "24", r: "21" }), svg("path", { d: mark })),
  );
}
