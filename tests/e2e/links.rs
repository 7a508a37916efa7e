use std::time::Duration;

use harness::{DropTerms, Order, Shop, Shopper};
use serde_json::{Value, json};

/// Longer than the origin waits for PayOS, so that the link appears after the origin has given up its creation.
const SLOW_MS: u64 = 10_500;

/// Long enough for the shopper to cancel the order first, and shorter than the origin waits for PayOS.
const APPEARS_AFTER_MS: u64 = 5_000;

/// The timeout of a call, a retry after seconds, and time for a busy machine.
const LINK_DEADLINE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_creation_that_payos_fails_delays_or_leaves_unanswered_ends_in_one_link_that_can_be_paid() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { price: 250_000, ..DropTerms::default() }).await;
    let failures = [
        json!({ "create": "slow", "delay_ms": SLOW_MS, "next": 1 }),
        json!({ "create": "silent_after_create", "next": 1 }),
        json!({ "create": "fail_5xx", "next": 2 }),
    ];
    // Each order's first call meets its failure before the next order is placed.
    let mut orders: Vec<(Shopper, Order)> = Vec::new();
    for (number, failure) in (1..).zip(&failures) {
        shop.payos.behaves(failure).await;
        let shopper = shop.shopper(&format!("091200012{number}"));
        let order = shopper.buys(&drop, 1).await;
        shop.payos.is_asked_for_links(number).await;
        orders.push((shopper, order));
    }

    for ((shopper, order), failure) in orders.iter().zip(&failures) {
        let ready = shopper.sees_within(LINK_DEADLINE, order, "payment_state", "ready").await;
        let link = shop.payos.link(order.code).await.expect("a link");
        let id = link["paymentLinkId"].as_str().expect("an id");
        let checkout_url = ready["payment"]["checkout_url"].as_str().expect("a page to pay at");
        assert!(checkout_url.ends_with(id), "{failure}: {checkout_url} is not the page of {id}");
        assert_eq!(link["amount"], 250_000, "{failure}");
    }
    for (shopper, order) in &orders {
        shop.payos.pays(order.code).await;
        shopper.sees(order, "state", "paid").await;
    }
    assert_eq!(shop.payos.links_made().await, orders.len());
    shop.finish().await;
}

#[tokio::test]
async fn an_operator_sees_how_far_payment_links_are_behind() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { price: 250_000, ..DropTerms::default() }).await;
    shop.payos.behaves(&json!({ "create": "fail_5xx" })).await;
    let shopper = shop.shopper("0912000125");
    let order = shopper.buys(&drop, 1).await;
    shop.shows_metric("dropgate_outbox_retries{channel=\"payment_links\"}", 1).await;
    shop.shows_metric("dropgate_outbox_lag_seconds{channel=\"payment_links\"}", 1).await;

    shop.payos.behaves(&json!({ "create": "ok" })).await;
    shopper.sees_within(LINK_DEADLINE, &order, "payment_state", "ready").await;
    shop.shows_metric("dropgate_outbox_retries{channel=\"payment_links\"}", 0).await;
    shop.shows_metric("dropgate_outbox_lag_seconds{channel=\"payment_links\"}", 0).await;
    shop.finish().await;
}

#[tokio::test]
async fn a_link_that_appears_after_its_order_has_ended_is_cancelled_and_takes_no_unit() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { size: 1, price: 250_000, ..DropTerms::default() }).await;
    let (first, second) = (shop.shopper("0912000124"), shop.shopper("0912000125"));
    shop.payos.behaves(&json!({ "create": "slow", "delay_ms": APPEARS_AFTER_MS, "next": 1 })).await;
    let ended = first.buys(&drop, 1).await;
    shop.payos.is_asked_for_links(1).await;
    first.cancels(&ended).await.assert_status(200);
    assert!(shop.payos.link(ended.code).await.is_none(), "the link is there before its order has ended");

    shop.payos.closes_link(ended.code).await;
    shop.shows_stock(&drop, "available", 1).await;
    let order = second.buys(&drop, 1).await;
    second.sees(&order, "payment_state", "ready").await;
    // A shopper who paid the late link gets the money back, and not the unit.
    shop.payos.pays_as(ended.code, &json!({ "amount": 250_000 })).await;
    let view = first.sees_money(&ended, "refund_due", 250_000).await;
    assert_eq!((&view["state"], &view["amount_applied"]), (&json!("cancelled"), &json!(0)));
    shop.payos.pays(order.code).await;
    second.sees(&order, "state", "paid").await;
    shop.finish().await;
}

#[tokio::test]
async fn money_that_lands_while_its_link_is_cancelled_is_found_by_the_read_and_owed_back() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { price: 250_000, ..DropTerms::default() }).await;
    for (phone, when) in [("0912000126", "before_cancel"), ("0912000127", "after_cancel")] {
        let shopper = shop.shopper(phone);
        let order = shopper.buys(&drop, 1).await;
        shopper.sees(&order, "payment_state", "ready").await;
        shop.payos.pays_as(order.code, &json!({ "amount": 250_000, "when": when, "webhook": false })).await;
        shopper.cancels(&order).await.assert_status(200);

        let view = shopper.sees_money(&order, "refund_due", 250_000).await;
        assert_eq!((&view["state"], &view["amount_applied"]), (&json!("cancelled"), &json!(0)), "{when}");
        let link = shop.payos.link(order.code).await.expect("a link");
        // Money that came first makes the cancellation a refused one.
        let status = if when == "before_cancel" { "PAID" } else { "CANCELLED" };
        assert_eq!(link["status"], status, "{when}");
    }
    shop.shows_stock(&drop, "available", 10).await;
    assert!(shop.payos.webhook_bodies().await.is_empty(), "no webhook reported it");
    shop.finish().await;
}

#[tokio::test]
async fn a_drop_sells_while_payos_is_down_and_every_order_can_be_paid_when_it_comes_back() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { size: 3, price: 250_000, ..DropTerms::default() }).await;
    shop.payos.behaves(&json!({ "create": "down", "get": "down", "cancel": "down" })).await;
    let mut orders = Vec::new();
    for phone in ["0912000128", "0912000129", "0912000130"] {
        let shopper = shop.shopper(phone);
        let order = shopper.buys(&drop, 1).await;
        orders.push((shopper, order));
    }
    let late = shop.shopper("0912000131");
    let token = late.token(&drop).await;
    late.purchases(&drop, &token, 1).await.assert_refused(409, "held_out");
    shop.payos.is_asked_for_links(3).await;
    // Money needs no PayOS where an operator has read it on the statement.
    let [recorded, by_webhook, given_up] = orders.as_slice() else { unreachable!("three orders") };
    let code = recorded.1.code.to_string();
    let record = ["payment", "record", "--bank-reference", "FT1", "--amount", "250000", "--order", &code];
    shop.operates(&[&record[..], &["--at", "2026-11-21T12:06:00+07:00"]].concat());
    assert_eq!(recorded.0.order(&recorded.1).await["state"], "paid");
    given_up.0.cancels(&given_up.1).await.assert_status(200);
    assert_eq!(shop.payos.links_made().await, 0);

    shop.payos.behaves(&json!({ "create": "ok", "get": "ok", "cancel": "ok" })).await;
    by_webhook.0.sees_within(LINK_DEADLINE, &by_webhook.1, "payment_state", "ready").await;
    shop.payos.pays(by_webhook.1.code).await;
    by_webhook.0.sees(&by_webhook.1, "state", "paid").await;
    shop.shows_stock(&drop, "sold", 2).await;
    shop.shows_stock(&drop, "available", 1).await;
    assert_eq!(shop.payos.links_made().await, 1, "a link for an order that needs none");
    shop.finish().await;
}

#[tokio::test]
async fn a_strangers_link_under_an_orders_code_ends_the_order_and_its_money_waits_for_a_person() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { size: 1, price: 250_000, ..DropTerms::default() }).await;
    let shopper = shop.shopper("0912000132");
    shop.payos.behaves(&json!({ "create": "fail_5xx", "get": "fail_5xx" })).await;
    let order = shopper.buys(&drop, 1).await;
    shop.payos.is_asked_for_links(1).await;
    // Another program of the merchant uses the same channel. The origin asks what is there before it creates again.
    shop.payos.behaves(&json!({ "create": "ok" })).await;
    shop.payos.makes_link_for_another_program(order.code, 10_000).await;
    shop.payos.behaves(&json!({ "get": "ok" })).await;

    let view = shopper.sees_within(LINK_DEADLINE, &order, "state", "expired").await;
    assert_eq!((&view["payment_state"], &view["payment"]), (&"closed".into(), &Value::Null));
    shop.shows_stock(&drop, "available", 1).await;
    shop.payos.pays(order.code).await;
    shop.shows_metric("dropgate_payments_unmatched_vnd", 10_000).await;
    let view = shopper.order(&order).await;
    assert_eq!((&view["state"], &view["amount_applied"]), (&"expired".into(), &0.into()));
    let link = shop.payos.link(order.code).await.expect("the link of the other program");
    assert_eq!(link["status"], "PAID", "the origin cancelled the link of another program");

    let again = shopper.buys(&drop, 1).await;
    shopper.sees(&again, "payment_state", "ready").await;
    shop.payos.pays(again.code).await;
    shopper.sees(&again, "state", "paid").await;
    shop.finish().await;
}
