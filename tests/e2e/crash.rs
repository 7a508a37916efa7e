use harness::{DropTerms, Shop};

#[tokio::test]
async fn kill_9_after_the_201_keeps_the_order() {
    let mut shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let shopper = shop.shopper("0912000040");

    let order = shopper.buys(&drop, 1).await;
    shop.kill_origin().await;
    let token = shopper.token(&drop).await;
    let refusal = shopper.purchases(&drop, &token, 1).await;
    refusal.assert_refused(503, "origin_unavailable");
    assert!(!refusal.header("retry-after").is_empty());

    shop.restart_origin().await;
    assert_eq!(shopper.order(&order).await["state"], "pending");
    // The payment link was owed at the crash and is made after it, or is still the one made before.
    shopper.sees(&order, "payment_state", "ready").await;
    shop.payos.pays(order.code).await;
    shopper.sees(&order, "state", "paid").await;
    shop.finish().await;
}
