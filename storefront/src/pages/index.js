import { showPhoto } from "../drop/product-view.js";
import { dropPhase } from "../drop/rules.js";
import { language, onLanguage, t } from "../i18n/index.js";
import { longDateTime } from "../i18n/local-time.js";
import { formatVnd, groupThousands } from "../i18n/money.js";
import { dropUrl, orderUrl } from "../net/addresses.js";
import { Poller } from "../net/poller.js";
import { LookUp } from "../order/look-up.js";
import { countdownText } from "../ui/countdown.js";
import { byTestId, h, setText } from "../ui/dom.js";
import { myOrders } from "../ui/my-orders.js";
import { everySecond, startPage } from "../ui/page.js";

/** @typedef {import("../net/types.js").Drop} Drop */

// A list is not a race: a shopper who wants the second goes to the drop's own page.
const POLL_MS = 3000;

const { clock, api } = startPage();
/** @type {Drop[] | null} */
let drops = null;
let shown = "";

const lookUp = new LookUp(clock, (question) => api.orderLink(question));

const poller = new Poller(async () => {
  const answer = await api.drops();
  if (answer.kind === "ok") {
    drops = answer.body.drops;
    lookUp.show(answer.body.mail);
  }
  const failed = answer.kind !== "ok";
  byTestId("connection").hidden = !failed;
  setText(byTestId("connection"), t("site.offline"));
  render();
  return { failed, pauseMs: POLL_MS };
});

function render() {
  lookUp.tick();
  if (drops === null) return 1000;
  const now = clock.now();
  const groups = groupDrops(drops, now);
  // Cards are rebuilt only when something else than a countdown changed, so that focus and images stay.
  const key = JSON.stringify([language(), groups.map(([name, list]) => [name, list.map((d) => [d, dropPhase(d, now)])])]);
  if (key !== shown) {
    shown = key;
    const box = byTestId("drops");
    box.setAttribute("aria-busy", "false");
    box.replaceChildren(...groups.map(([name, list]) => group(name, list, now)));
    if (drops.length === 0) box.replaceChildren(h("p", { class: "quiet" }, t("home.empty")));
  }
  for (const element of document.querySelectorAll("[data-opens-at]")) {
    const left = Number(element.getAttribute("data-opens-at")) - now;
    setText(element, t("form.opens_in", { time: countdownText(left) }));
  }
  return 1000 - (now % 1000);
}

/**
 * @param {Drop[]} all
 * @param {number} now
 * @returns {Array<[string, Drop[]]>}
 */
function groupDrops(all, now) {
  const opening = (/** @type {Drop} */ drop) => Date.parse(drop.opens_at);
  const phaseOf = (/** @type {Drop} */ drop) => dropPhase(drop, now);
  const live = all.filter((drop) => ["open", "held_out", "paused"].includes(phaseOf(drop)));
  const coming = all.filter((drop) => phaseOf(drop) === "coming").sort((a, b) => opening(a) - opening(b));
  const ended = all.filter((drop) => ["sold_out", "closed"].includes(phaseOf(drop)));
  const byLatest = (/** @type {Drop} */ a, /** @type {Drop} */ b) => opening(b) - opening(a);
  /** @type {Array<[string, Drop[]]>} */
  const groups = [["live", live.sort(byLatest)], ["coming", coming], ["ended", ended.sort(byLatest)]];
  return groups.filter(([, list]) => list.length > 0);
}

/**
 * @param {string} name
 * @param {Drop[]} list
 * @param {number} now
 */
function group(name, list, now) {
  return h(
    "section",
    { class: `group group-${name}`, "data-testid": `group-${name}` },
    h("h2", {}, t(`home.${name}`)),
    h("ul", { class: "cards" }, ...list.map((drop) => h("li", {}, card(drop, dropPhase(drop, now))))),
  );
}

/**
 * @param {Drop} drop
 * @param {import("../drop/rules.js").Phase} phase
 */
function card(drop, phase) {
  const photo = h("img", { width: "800", height: "800", loading: "lazy" });
  showPhoto(photo, drop);
  photo.setAttribute("alt", "");
  return h(
    "a",
    { class: "card", href: dropUrl(drop.slug), "data-testid": "card", "data-phase": phase },
    h("span", { class: "card-photo" }, photo),
    h("span", { class: "card-name" }, drop.product.name),
    h("span", { class: "card-price" }, formatVnd(drop.price)),
    h("span", { class: "card-state" }, ...cardState(drop, phase)),
  );
}

/**
 * @param {Drop} drop
 * @param {import("../drop/rules.js").Phase} phase
 */
function cardState(drop, phase) {
  if (phase === "open") {
    return [t("drop.left", { n: groupThousands(drop.stock.available), size: groupThousands(drop.size) })];
  }
  if (phase !== "coming") return [t(`drop.${phase}`)];
  const opensAt = Date.parse(drop.opens_at);
  return [
    h("strong", { "data-opens-at": String(opensAt) }),
    h("span", {}, longDateTime(opensAt, language())),
  ];
}

function showMyOrders() {
  const section = byTestId("my-orders");
  const orders = myOrders();
  section.hidden = orders.length === 0;
  const rows = orders.map((order) =>
    h(
      "li",
      {},
      h(
        "a",
        { href: orderUrl(order), "data-state": order.state },
        h("span", { class: "order-name" }, order.drop_name),
        h("span", { class: "short-code" }, order.short_code),
        h("span", { class: "order-chip" }, t(`order.state.${order.state}`)),
      ),
    ),
  );
  /** @type {HTMLElement} */ (section.querySelector("ul")).replaceChildren(...rows);
}

function words() {
  document.title = `${t("home.title")} · Dropgate`;
  showMyOrders();
  render();
}

onLanguage(words);
window.addEventListener("pageshow", showMyOrders);
words();
poller.start();
everySecond(render);
