use harness::{DropTerms, Order, Shop};
use serde_json::json;

#[tokio::test]
async fn a_shopper_buys_and_the_order_becomes_paid() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { size: 3, price: 250_000, ..DropTerms::default() }).await;
    let shopper = shop.shopper("0912 345 678");

    let order = shopper.buys(&drop, 2).await;
    let pending = shopper.sees(&order, "payment_state", "ready").await;
    assert_eq!(pending["state"], "pending");
    assert_eq!(pending["amount"], 500_000);
    assert_eq!(pending["payment"]["memo"], pending["short_code"], "the transfer is recognised by its memo");
    assert!(pending["payment"]["qr_code"].as_str().is_some_and(|qr| qr.starts_with("000201")));
    shop.shows_stock(&drop, "held", 2).await;

    shop.payos.pays(order.code).await;
    let paid = shopper.sees(&order, "state", "paid").await;
    assert_eq!(paid["amount_applied"], 500_000);
    assert_eq!(paid["refund_due"], 0);
    shop.shows_stock(&drop, "sold", 2).await;
    let stock = json!({ "available": 1, "held": 0, "sold": 2, "withdrawn": 0 });
    assert_eq!(shop.stock(&drop).await, stock);
    shop.finish().await;
}

#[tokio::test]
async fn a_cancelled_order_frees_its_unit_for_the_next_buyer() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { size: 1, ..DropTerms::default() }).await;
    let first = shop.shopper("0912000001");
    let second = shop.shopper("0912000002");

    let order = first.buys(&drop, 1).await;
    let token = second.token(&drop).await;
    second.purchases(&drop, &token, 1).await.assert_refused(409, "held_out");
    assert_eq!(first.cancels(&order).await.assert_status(200)["state"], "cancelled");

    // A refusal is not remembered: the same token may try again.
    let bought = Order::of(&second.purchases(&drop, &token, 1).await);
    // A second cancellation succeeds too. A shopper cannot cancel a paid order.
    assert_eq!(first.cancels(&order).await.assert_status(200)["state"], "cancelled");
    second.sees(&bought, "payment_state", "ready").await;
    shop.payos.pays(bought.code).await;
    second.sees(&bought, "state", "paid").await;
    second.cancels(&bought).await.assert_refused(409, "order_not_pending");
    shop.shows_stock(&drop, "sold", 1).await;
    shop.finish().await;
}

#[tokio::test]
async fn a_drop_sells_nothing_before_it_opens_or_while_it_is_paused() {
    let shop = Shop::start().await;
    let coming = shop.opens_drop(DropTerms { opens_in_seconds: 3600, ..DropTerms::default() }).await;
    let open = shop.opens_drop(DropTerms::default()).await;
    let shopper = shop.shopper("0912000003");

    shopper.asks_for_token(&coming).await.assert_refused(409, "not_open_yet");
    // A token taken before the pause must not get through it.
    let token = shopper.token(&open).await;
    assert!(shop.dropgate(&["drop", "pause", &open.id.to_string()]).status.success());
    shopper.purchases(&open, &token, 1).await.assert_refused(409, "paused");

    assert!(shop.dropgate(&["drop", "resume", &open.id.to_string()]).status.success());
    Order::of(&shopper.purchases(&open, &token, 1).await);
    shop.finish().await;
}
