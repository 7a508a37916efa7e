use std::time::Duration;

use harness::{DropTerms, Order, Shop, Shopper};
use serde_json::json;

/// Longer than our client waits for PayOS, so that the link appears after its creation was given up.
const SLOW_MS: u64 = 10_500;

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
