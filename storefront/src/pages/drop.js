import { BuyForm } from "../drop/buy-form.js";
import { CountdownView } from "../drop/countdown-view.js";
import { purchaseBody } from "../drop/fields.js";
import { JumpBar } from "../drop/jump-bar.js";
import { OwnOrders } from "../drop/own-orders.js";
import { showProduct } from "../drop/product-view.js";
import { buy, isAttempt, resume } from "../drop/purchase.js";
import { dropPhase, pollMs } from "../drop/rules.js";
import { showFreshness, showStock } from "../drop/stock-view.js";
import { Turnstile } from "../drop/turnstile.js";
import { language, onLanguage, t } from "../i18n/index.js";
import { orderUrl, pathTail } from "../net/addresses.js";
import { Poller } from "../net/poller.js";
import { msToNextSecond } from "../ui/countdown.js";
import { byTestId, setText } from "../ui/dom.js";
import { rememberOrder } from "../ui/my-orders.js";
import { announce, everySecond, startPage } from "../ui/page.js";
import { load, save } from "../ui/storage.js";

/**
 * @typedef {import("../net/types.js").Drop} Drop
 * @typedef {{drop: Drop, mail: boolean, stale: boolean, asOf: number, answeredAt: number, etag: string | null}} Status
 */

const slug = pathTail();
const { clock, api } = startPage();
const countdown = new CountdownView();
const form = new BuyForm(clock);
const jumpBar = new JumpBar(form);
const ownOrders = new OwnOrders(api, slug);
const turnstile = new Turnstile(byTestId("turnstile"));

/** @type {Status | null} */
let status = null;
/** @type {import("../drop/rules.js").Phase | null} */
let shownPhase = null;

const poller = new Poller(async () => {
  const answer = await api.drop(slug, status?.etag ?? null);
  const gone = answer.kind === "problem" && answer.status === 404;
  byTestId("drop-missing").hidden = !gone;
  byTestId("offer").hidden = gone || status === null;
  if (answer.kind === "ok") {
    const { drop, mail = false, stale, as_of } = answer.body;
    const first = status === null;
    status = { drop, mail, stale, asOf: Date.parse(as_of), answeredAt: clock.now(), etag: answer.etag };
    if (first) firstStatus(status.drop);
  } else if (answer.kind === "not_modified" && status !== null) {
    status.answeredAt = clock.now();
    // The figures are confirmed as of now; only a full answer can call them stale.
    status.asOf = status.stale ? status.asOf : status.answeredAt;
  }
  const failed = answer.kind === "unreachable" || answer.kind === "problem";
  byTestId("connection").hidden = !(failed && status === null && !gone);
  setText(byTestId("connection"), t("site.offline"));
  render();
  const usual = status === null ? 1000 : pollMs(status.drop, shownPhase ?? "coming", clock.now());
  return { failed, pauseMs: usual };
});

/** @param {Drop} drop */
function firstStatus(drop) {
  const main = byTestId("drop");
  main.setAttribute("aria-busy", "false");
  main.classList.add("ready");
  byTestId("offer").hidden = false;
  ownOrders.slug = drop.slug;
  ownOrders.refresh();
  api.config().then((answer) => answer.kind === "ok" && turnstile.start(answer.body.turnstile_site_key));
  const attempt = load("session", `attempt.${drop.id}`);
  if (isAttempt(attempt)) run(drop, (deps) => resume(deps, drop.id, attempt));
}

/** Shows the present; also the one place where the page notices that it is open. */
function render() {
  if (status === null) return 1000;
  const { drop } = status;
  const now = clock.now();
  const phase = dropPhase(drop, now);
  setText(byTestId("phase"), t(`drop.${phase}`));
  byTestId("drop").dataset.phase = phase;
  showProduct(drop);
  countdown.update(drop, phase, now);
  showStock(drop, phase);
  showFreshness(status, now);
  form.update(drop, phase, status.mail);
  jumpBar.update(drop, phase);
  if (shownPhase !== null && phase !== shownPhase) announcePhase(phase, shownPhase);
  shownPhase = phase;
  return phase === "coming" ? msToNextSecond(Date.parse(drop.opens_at) - now) : 1000 - (now % 1000);
}

/**
 * Units change every second and are not read out; what a shopper can do is.
 * @param {import("../drop/rules.js").Phase} phase
 * @param {import("../drop/rules.js").Phase} before
 */
function announcePhase(phase, before) {
  if (phase !== "open") return announce(t(`drop.${phase}`));
  announce(t(before === "held_out" || before === "sold_out" ? "drop.back" : "drop.now_open"));
}

form.onBuy(() => {
  if (status === null) return;
  const body = purchaseBody(form.fields.values(), language());
  const { drop } = status;
  run(drop, async (deps) => {
    deps.report({ stage: "token" });
    const check = await turnstile.token();
    const admission = { phone: body.buyer.phone, ...(check === undefined ? {} : { turnstile_token: check }) };
    return buy(deps, drop.id, admission, body);
  });
});

/**
 * @param {Drop} drop
 * @param {(deps: import("../drop/purchase.js").Deps) => Promise<import("../drop/purchase.js").Outcome>} purchase
 */
async function run(drop, purchase) {
  form.begin();
  const outcome = await purchase({
    api,
    clock,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    random: Math.random,
    keepAttempt: (attempt) => save("session", `attempt.${drop.id}`, attempt),
    report: (progress) => form.report(progress),
  });
  if (outcome.kind !== "ordered") {
    form.fail(outcome);
    poller.now();
    ownOrders.refresh();
    return;
  }
  form.report({ stage: "ordered" });
  const { order } = outcome;
  const mine = {
    order_code: String(order.order_code),
    key: order.order_key,
    slug: drop.slug,
    drop_name: drop.product.name,
    short_code: order.short_code,
    quantity: order.quantity,
    amount: order.amount,
    state: "pending",
  };
  rememberOrder(mine);
  location.assign(orderUrl(mine));
}

window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  form.release();
  ownOrders.refresh();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && status !== null) ownOrders.refresh();
});
onLanguage(render);
byTestId("offer").hidden = true;
poller.start();
everySecond(render);
