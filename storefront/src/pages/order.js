import { language, onLanguage, t } from "../i18n/index.js";
import { clockTime } from "../i18n/local-time.js";
import { problemMessage } from "../i18n/problems.js";
import { dropUrl, keyFromFragment, orderUrl, pathTail, returnedFrom } from "../net/addresses.js";
import { Poller } from "../net/poller.js";
import { Cancel } from "../order/cancel.js";
import { LookUp } from "../order/look-up.js";
import { OrderView } from "../order/order-view.js";
import { PaymentView } from "../order/payment-view.js";
import { keyMissing, orderPollMs, orderStage } from "../order/rules.js";
import { RefundForm } from "../refund/form.js";
import { copy } from "../ui/copy.js";
import { msToNextSecond } from "../ui/countdown.js";
import { byTestId, setText } from "../ui/dom.js";
import { myOrder, updateOrder } from "../ui/my-orders.js";
import { announce, everySecond, startPage } from "../ui/page.js";

/** @typedef {import("../net/types.js").Order} Order */

// Answers come every second; this many missed are worth a word.
const OLD_MS = 5000;

const { clock, api } = startPage();
const orderCode = pathTail();
const returned = returnedFrom(location.search);
const orderKey = keyFromFragment(location.hash) ?? myOrder(orderCode)?.key ?? null;
const link = orderKey === null ? null : orderUrl({ order_code: orderCode, key: orderKey });
// PayOS returns without the key and with parameters that prove nothing; what stays is the link worth keeping.
if (link !== null) history.replaceState(null, "", link);

const orderView = new OrderView();
const paymentView = new PaymentView();
/** @type {Order | null} */
let order = null;
let answeredAt = 0;
/** @type {{title: string, text: string} | null} why there is no order to show */
let failure = orderKey === null ? keyMissing(returned) : null;

const poller = new Poller(async () => {
  if (orderKey === null) return { failed: false, pauseMs: null };
  const answer = await api.order(orderCode, orderKey);
  if (answer.kind === "ok") take(answer.body);
  // A wrong key stays wrong. A missing order may be one that this edge has not heard of yet.
  const refused = answer.kind === "problem" && (answer.status === 401 || answer.status === 404);
  if (refused && order === null) failure = problemMessage(answer.problem.code);
  const failed = answer.kind !== "ok";
  render();
  if (answer.kind === "problem" && answer.status === 401) return { failed, pauseMs: null };
  return { failed, pauseMs: order === null ? 1000 : orderPollMs(orderStage(order, clock.now())) };
});

const cancel = new Cancel(clock, async () => {
  const answer = await api.cancelOrder(orderCode, orderKey ?? "");
  if (answer.kind === "ok") take(answer.body);
  else poller.now();
  render();
  return answer;
});

const lookUp = new LookUp(clock, (question) => api.orderLink(question), orderCode);
/** A shopper without the key gets the link by mail, where the shop sends any. */
async function offerLookUp() {
  const answer = await api.drops();
  lookUp.show(answer.kind === "ok" && answer.body.mail);
}
if (orderKey === null) offerLookUp();

const refundForm = new RefundForm(clock, async (destination) => {
  const answer = await api.refundDestination(orderCode, orderKey ?? "", destination);
  poller.now();
  return answer;
}, render);

/** @param {Order} fresh */
function take(fresh) {
  order = fresh;
  answeredAt = clock.now();
  failure = null;
  updateOrder(fresh, orderKey ?? "");
}

function render() {
  lookUp.tick();
  byTestId("no-key").hidden = failure === null;
  if (failure !== null) {
    setText(byTestId("no-key-title"), t(failure.title));
    setText(byTestId("no-key-text"), t(failure.text));
  }
  byTestId("order-grid").hidden = order === null;
  byTestId("order").setAttribute("aria-busy", String(order === null && failure === null));
  if (order === null) {
    document.title = `${t("order.title.none")} · Dropgate`;
    showConnection(failure === null && clock.known === false, t("site.loading"));
    return 1000;
  }
  const now = clock.now();
  const stage = orderStage(order, now);
  orderView.update(order, stage, now);
  paymentView.update(order, stage, language());
  refundForm.update(order, now);
  cancel.update(order.state === "pending" && stage !== "settling");
  const again = /** @type {HTMLAnchorElement} */ (byTestId("again"));
  again.hidden = stage === "pending" || stage === "partial" || stage === "settling";
  again.href = dropUrl(order.drop.slug);
  showReturned(stage);
  const old = now - answeredAt > OLD_MS + orderPollMs(stage);
  showConnection(old, t("order.stale", { time: clockTime(answeredAt, language()) }));
  return msToNextSecond(Date.parse(order.pay_by) - now);
}

/** @param {import("../order/rules.js").Stage} stage */
function showReturned(stage) {
  const element = byTestId("returned");
  element.hidden = returned === null || stage !== "pending";
  if (returned !== null) setText(element, t(`order.returned.${returned}`));
}

/**
 * @param {boolean} shown
 * @param {string} text
 */
function showConnection(shown, text) {
  byTestId("connection").hidden = !shown;
  if (shown) setText(byTestId("connection"), text);
}

const fullLink = () => new URL(link ?? "/", location.origin).href;
byTestId("copy-link").addEventListener("click", () => copy(fullLink(), t("order.link"), byTestId("copy-link")));
const share = byTestId("share-link");
share.hidden = typeof navigator.share !== "function";
share.addEventListener("click", () => {
  navigator.share({ title: document.title, url: fullLink() }).catch(() => announce(""));
});

onLanguage(render);
// Someone pastes another order's link into the same tab: only the fragment changes, and the browser does not reload.
window.addEventListener("hashchange", () => location.reload());
render();
poller.start();
everySecond(render);
