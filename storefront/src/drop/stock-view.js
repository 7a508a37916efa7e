import { language, t } from "../i18n/index.js";
import { clockTime } from "../i18n/local-time.js";
import { groupThousands } from "../i18n/money.js";
import { byTestId, setText } from "../ui/dom.js";

// The edge serves an old status for up to a minute when the origin is away; three missed polls look the same to a shopper.
const OLD_MS = 4000;

/**
 * @param {import("../net/types.js").Drop} drop
 * @param {import("./rules.js").Phase} phase
 */
export function showStock(drop, phase) {
  const panel = byTestId("stock-panel");
  panel.hidden = phase === "coming";
  panel.dataset.phase = phase;
  const { available, held } = drop.stock;
  const size = groupThousands(drop.size);
  const line = {
    coming: "",
    open: t("drop.left", { n: groupThousands(available), size }),
    paused: t("drop.left", { n: groupThousands(available), size }),
    held_out: t("drop.held_text", { n: groupThousands(held) }),
    sold_out: t("drop.sold_out_text", { n: size }),
    closed: t("drop.closed_text"),
  }[phase];
  setText(byTestId("stock"), line);
  setText(byTestId("stock-held"), phase === "open" && held > 0 ? t("drop.in_checkout", { n: groupThousands(held) }) : "");
  const hint = {
    coming: "",
    open: "",
    paused: t("drop.paused_hint"),
    held_out: t("drop.held_hint"),
    sold_out: t("drop.ended_hint"),
    closed: t("drop.ended_hint"),
  }[phase];
  setText(byTestId("stock-hint"), hint);
  byTestId("stock-hint").hidden = hint === "";
  byTestId("stock-meter").hidden = phase === "closed";
  showMeter(drop);
}

/**
 * @param {{stale: boolean, asOf: number, answeredAt: number}} status
 * @param {number} nowMs
 */
export function showFreshness(status, nowMs) {
  const element = byTestId("stale");
  const old = status.stale || nowMs - status.answeredAt > OLD_MS;
  element.hidden = !old;
  // The time of the figures, not of the answer: an edge that cannot reach the shop repeats old ones.
  if (old) setText(element, t("drop.stale", { time: clockTime(status.asOf, language()) }));
}

/** @param {import("../net/types.js").Drop} drop */
function showMeter(drop) {
  const meter = byTestId("stock-meter");
  const { held, available } = drop.stock;
  const gone = drop.size - available - held;
  const parts = { ".meter-sold": gone, ".meter-held": held };
  for (const [selector, units] of Object.entries(parts)) {
    const part = /** @type {HTMLElement} */ (meter.querySelector(selector));
    part.style.setProperty("width", `${drop.size === 0 ? 0 : (units / drop.size) * 100}%`);
  }
}
