use std::time::Duration;

use harness::{DropTerms, OpenedDrop, Order, Shop, Shopper};
use serde_json::{Value, json};

const PRICE: u64 = 250_000;

/// Long enough for the links to be made while they are valid. `pay_by` is at most twice this after the purchase.
const HOLD_SECONDS: u32 = 5;

/// The hold ends 60 seconds after `pay_by`; the rest is for a busy machine.
const HOLD_END_DEADLINE: Duration = Duration::from_secs(110);

/// One test, because every claim waits for the end of a hold.
#[tokio::test]
async fn money_after_the_hold_buys_late_when_a_unit_is_left_and_is_owed_back_otherwise() {
    let shop = Shop::start().await;
    let [plenty, sold_out, own] = [(3, 1), (1, 1), (1, 1)].map(|(size, limit)| DropTerms {
        size,
        limit,
        price: PRICE,
        hold_seconds: HOLD_SECONDS,
        ..DropTerms::default()
    });
    let (plenty, sold_out, own) =
        (shop.opens_drop(plenty).await, shop.opens_drop(sold_out).await, shop.opens_drop(own).await);
    let in_parts = buys(&shop, &plenty, "0912000160").await;
    let exact = buys(&shop, &plenty, "0912000161").await;
    let too_much = buys(&shop, &plenty, "0912000162").await;
    let beaten = buys(&shop, &sold_out, "0912000163").await;
    let again = buys(&shop, &own, "0912000164").await;
    for (shopper, order) in [&in_parts, &exact, &too_much, &beaten, &again] {
        shopper.sees_within(HOLD_END_DEADLINE, order, "state", "expired").await;
    }

    is_paid_late_in_parts_that_together_suffice(&shop, &in_parts).await;
    pays(&shop, &exact, PRICE).await;
    has(&exact, "paid", PRICE, 0).await;
    pays(&shop, &too_much, PRICE + 30_000).await;
    has(&too_much, "paid", PRICE, 30_000).await;
    shop.shows_stock(&plenty, "sold", 3).await;

    let next = buys(&shop, &sold_out, "0912000165").await;
    pays(&shop, &beaten, PRICE).await;
    has(&beaten, "expired", 0, PRICE).await;
    pays(&shop, &next, PRICE).await;
    has(&next, "paid", PRICE, 0).await;
    pays(&shop, &beaten, PRICE + 1).await;
    has(&beaten, "expired", 0, 2 * PRICE + 1).await;
    shop.shows_stock(&sold_out, "sold", 1).await;

    takes_the_place_of_the_customers_own_pending_order(&shop, &own, &again).await;
    shop.finish().await;
}

async fn is_paid_late_in_parts_that_together_suffice(shop: &Shop, bought: &(Shopper, Order)) {
    let before = shop.payos.webhook_bodies().await.len();
    let part = json!({ "amount": 100_000, "times": 2 });
    shop.payos.pays_as(bought.1.code, &part).await;
    assert_eq!(shop.payos.delivers_all_webhooks().await, before + 2);
    has(bought, "expired", 0, 100_000).await;
    pays(shop, bought, PRICE - 100_000).await;
    // The part was not sent back yet: it is owed no more.
    has(bought, "paid", PRICE, 0).await;
}

async fn takes_the_place_of_the_customers_own_pending_order(shop: &Shop, drop: &OpenedDrop, first: &(Shopper, Order)) {
    let (shopper, ended) = first;
    let pending = shopper.buys(drop, 1).await;
    assert_ne!(pending.code, ended.code);
    shopper.sees(&pending, "payment_state", "ready").await;
    shop.shows_stock(drop, "held", 1).await;

    pays(shop, first, PRICE).await;
    has(first, "paid", PRICE, 0).await;
    shopper.sees(&pending, "state", "expired").await;
    shop.payos.closes_link(pending.code).await;
    shop.shows_stock(drop, "sold", 1).await;
}

async fn buys(shop: &Shop, drop: &OpenedDrop, phone: &str) -> (Shopper, Order) {
    let shopper = shop.shopper(phone);
    let order = shopper.buys(drop, 1).await;
    shopper.sees(&order, "payment_state", "ready").await;
    (shopper, order)
}

async fn pays(shop: &Shop, (_, order): &(Shopper, Order), amount: u64) {
    shop.payos.pays_as(order.code, &json!({ "amount": amount })).await;
    shop.payos.delivers_all_webhooks().await;
}

/// Every webhook was answered, and what it brought is on disk.
async fn has((shopper, order): &(Shopper, Order), state: &str, applied: u64, owed: u64) {
    let view: Value = shopper.order(order).await;
    let money = (&view["state"], &view["amount_applied"], &view["refund_due"]);
    assert_eq!(money, (&json!(state), &json!(applied), &json!(owed)), "{view}");
}
