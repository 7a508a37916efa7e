use harness::{DropTerms, Order, Shop};
use serde_json::json;
use tokio::task::JoinSet;

#[tokio::test]
async fn the_same_token_twice_gives_the_same_order_byte_for_byte() {
    let mut shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { size: 5, limit: 5, ..DropTerms::default() }).await;
    let shopper = shop.shopper("0912000010");
    let token = shopper.token(&drop).await;

    let order = Order::of(&shopper.purchases(&drop, &token, 1).await);
    let again = shopper.purchases(&drop, &token, 1).await;
    assert_eq!((again.status, &again.body), (201, &order.receipt));

    // The same content in another spelling is the same content.
    let mut form = shopper.form(1);
    form["buyer"]["phone"] = json!("+84 912-000-010");
    assert_eq!(shopper.purchases_as(&drop, &token, &form).await.body, order.receipt);
    for (result, times) in [("placed", 1), ("replayed", 2)] {
        assert_eq!(shop.metric(&format!("dropgate_purchases_total{{result=\"{result}\"}}")).await, times, "{result}");
    }

    shop.kill_origin().await;
    shop.restart_origin().await;
    let after_crash = shopper.purchases(&drop, &token, 1).await;
    assert_eq!((after_crash.status, &after_crash.body), (201, &order.receipt));
    shop.shows_stock(&drop, "held", 1).await;
    shop.finish().await;
}

#[tokio::test]
async fn ten_copies_of_one_purchase_at_once_make_one_order() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { size: 50, limit: 50, ..DropTerms::default() }).await;
    let shopper = std::sync::Arc::new(shop.shopper("0912000011"));
    let token = shopper.token(&drop).await;

    let mut copies = JoinSet::new();
    for _ in 0..10 {
        let (shopper, drop, token) = (shopper.clone(), drop.clone(), token.clone());
        copies.spawn(async move { Order::of(&shopper.purchases(&drop, &token, 2).await).receipt });
    }
    let mut receipts = copies.join_all().await;
    receipts.dedup();
    assert_eq!(receipts.len(), 1, "different answers to one token");
    shop.shows_stock(&drop, "held", 2).await;
    shop.finish().await;
}

#[tokio::test]
async fn a_token_does_not_buy_a_second_thing() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { size: 5, limit: 3, ..DropTerms::default() }).await;
    let shopper = shop.shopper("0912000012");
    let token = shopper.token(&drop).await;

    shopper.purchases(&drop, &token, 1).await.assert_status(201);
    shopper.purchases(&drop, &token, 2).await.assert_refused(422, "token_reused");
    let mut form = shopper.form(1);
    form["buyer"]["name"] = json!("Someone Else");
    shopper.purchases_as(&drop, &token, &form).await.assert_refused(422, "token_reused");
    shop.finish().await;
}

#[tokio::test]
async fn a_shopper_with_a_pending_order_gets_that_order_again() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { size: 5, limit: 3, ..DropTerms::default() }).await;
    let shopper = shop.shopper("0912000013");
    let order = shopper.buys(&drop, 1).await;

    let token = shopper.token(&drop).await;
    let again = shopper.purchases(&drop, &token, 1).await;
    assert_eq!(again.assert_status(200)["order_code"], order.code);
    for result in ["placed", "resumed"] {
        assert_eq!(shop.metric(&format!("dropgate_purchases_total{{result=\"{result}\"}}")).await, 1, "{result}");
    }
    let token = shopper.token(&drop).await;
    shopper.purchases(&drop, &token, 2).await.assert_refused(409, "order_pending");
    shop.shows_stock(&drop, "held", 1).await;
    shop.finish().await;
}
