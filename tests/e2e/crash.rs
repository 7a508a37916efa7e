use std::sync::Arc;

use harness::{DropTerms, Order, Shop};
use tokio::task::JoinSet;

#[tokio::test]
async fn kill_9_after_the_201_keeps_the_order() {
    let mut shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let shopper = shop.shopper("0912000040");

    let order = shopper.buys(&drop, 1).await;
    shop.kill_origin().await;
    let token = shopper.token(&drop).await;
    let refusal = shopper.purchases(&drop, &token, 1).await;
    refusal.refused(503, "origin_unavailable");
    assert!(!refusal.header("retry-after").is_empty());

    shop.restart_origin().await;
    assert_eq!(shopper.order(&order).await["state"], "pending");
    // The payment link was owed at the crash and is made after it, or is still the one made before.
    shopper.sees(&order, "payment_state", "ready").await;
    shop.payos.pays(order.code).await;
    shopper.sees(&order, "state", "paid").await;
    shop.finish().await;
}

#[tokio::test]
async fn every_purchase_answered_before_a_kill_9_in_the_middle_of_a_rush_is_kept() {
    let mut shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { size: 1000, ..DropTerms::default() }).await;
    let mut rush = JoinSet::new();
    for buyer in 0..100 {
        let shopper = Arc::new(shop.shopper(&format!("0933{buyer:06}")));
        let drop = drop.clone();
        rush.spawn(async move {
            let token = shopper.token(&drop).await;
            (shopper.clone(), shopper.purchases(&drop, &token, 1).await)
        });
    }

    let mut answered = Vec::new();
    while let Some(joined) = rush.join_next().await {
        let (shopper, answer) = joined.expect("a buyer who does not panic");
        match answer.status {
            201 => answered.push((shopper, Order::of(&answer))),
            _ => drop_refusal(&answer),
        }
        if answered.len() == 10 {
            shop.kill_origin().await;
        }
    }
    assert!(answered.len() >= 10, "only {} answers before the kill", answered.len());

    shop.restart_origin().await;
    for (shopper, order) in &answered {
        assert_eq!(shopper.order(order).await["state"], "pending");
    }
    shop.finish().await;
}

/// While the origin is down the edge says so, and never guesses.
fn drop_refusal(answer: &harness::Answer) {
    answer.refused(503, "origin_unavailable");
}

#[tokio::test]
async fn a_second_serve_on_the_same_folder_refuses_to_start() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;

    let refusal = shop.starts_second_origin().await.expect_err("two writers on one folder");
    assert!(refusal.contains("data"), "the refusal names the folder: {refusal}");

    // The first one is not disturbed.
    shop.shopper("0912000041").buys(&drop, 1).await;
    shop.finish().await;
}
