//! Money that does not come as asked: in parts, too much, twice, too late. All of it is applied or owed back.

use harness::{DropTerms, OpenedDrop, Order, Shop, Shopper};
use serde_json::json;

const PRICE: u64 = 250_000;

#[tokio::test]
async fn a_part_of_the_money_waits_and_the_rest_pays() {
    let (shop, drop, shopper, order) = shop_with_payable_order("0912000100").await;

    shop.payos.pays_as(order.code, &json!({ "amount": 100_000 })).await;
    let part = shopper.sees_money(&order, "amount_applied", 100_000).await;
    assert_eq!((&part["state"], &part["refund_due"]), (&json!("pending"), &json!(0)));
    shop.shows_stock(&drop, "held", 1).await;

    shop.payos.pays_as(order.code, &json!({ "amount": PRICE - 100_000 })).await;
    let paid = shopper.sees(&order, "state", "paid").await;
    assert_eq!((&paid["amount_applied"], &paid["refund_due"]), (&json!(PRICE), &json!(0)));
    shop.shows_stock(&drop, "sold", 1).await;
    ends_with_payos_agreeing(shop).await;
}

#[tokio::test]
async fn an_overpayment_pays_and_what_is_too_much_is_owed_back() {
    let (shop, drop, shopper, order) = shop_with_payable_order("0912000101").await;

    shop.payos.pays_as(order.code, &json!({ "amount": PRICE + 30_000 })).await;
    let paid = shopper.sees(&order, "state", "paid").await;
    assert_eq!((&paid["amount_applied"], &paid["refund_due"]), (&json!(PRICE), &json!(30_000)));
    shop.shows_stock(&drop, "sold", 1).await;
    assert_eq!(shop.metric("dropgate_refunds_due_vnd").await, 30_000);
    ends_with_payos_agreeing(shop).await;
}

#[tokio::test]
async fn a_second_full_transfer_for_a_paid_order_is_owed_back() {
    let (shop, drop, shopper, order) = shop_with_payable_order("0912000102").await;
    let first = shop.payos.pays_as(order.code, &json!({})).await;
    shopper.sees(&order, "state", "paid").await;

    let second = shop.payos.pays_as(order.code, &json!({ "amount": PRICE })).await;
    assert_ne!(first["reference"], second["reference"]);
    let paid = shopper.sees_money(&order, "refund_due", PRICE).await;
    assert_eq!((&paid["state"], &paid["amount_applied"]), (&json!("paid"), &json!(PRICE)));
    shop.shows_stock(&drop, "sold", 1).await;
    assert_eq!(shop.stock(&drop).await["available"], 2, "the second transfer buys nothing");
    ends_with_payos_agreeing(shop).await;
}

#[tokio::test]
async fn a_transfer_after_the_shopper_cancelled_is_owed_back() {
    let (shop, drop, shopper, order) = shop_with_payable_order("0912000103").await;
    shopper.cancels(&order).await.expect(200);
    shop.shows_stock(&drop, "available", 3).await;

    shop.payos.pays_as(order.code, &json!({ "amount": PRICE })).await;
    let cancelled = shopper.sees_money(&order, "refund_due", PRICE).await;
    assert_eq!((&cancelled["state"], &cancelled["amount_applied"]), (&json!("cancelled"), &json!(0)));
    assert_eq!(shop.stock(&drop).await["available"], 3, "units are free to be sold, although the money came");
    ends_with_payos_agreeing(shop).await;
}

#[tokio::test]
async fn what_a_webhook_brought_is_settled_by_a_signed_read_within_seconds() {
    let (shop, _drop, shopper, order) = shop_with_payable_order("0912000104").await;
    // While PayOS answers no read the payment counts, and waits.
    shop.payos.behaves(&json!({ "get": "fail_5xx" })).await;
    shop.payos.pays(order.code).await;
    shopper.sees(&order, "state", "paid").await;
    assert_eq!(shop.metric("dropgate_payments_unsettled").await, 1);

    shop.payos.behaves(&json!({ "get": "ok" })).await;
    shop.shows_metric("dropgate_payments_unsettled", 0).await;
    ends_with_payos_agreeing(shop).await;
}

async fn shop_with_payable_order(phone: &str) -> (Shop, OpenedDrop, Shopper, Order) {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { size: 3, price: PRICE, ..DropTerms::default() }).await;
    let shopper = shop.shopper(phone);
    let order = shopper.buys(&drop, 1).await;
    shopper.sees(&order, "payment_state", "ready").await;
    (shop, drop, shopper, order)
}

/// All that PayOS has booked is in the ledger, and nothing else.
async fn ends_with_payos_agreeing(shop: Shop) {
    let said = shop.operates(&["reconcile"]);
    assert!(said.starts_with("1 links read") && said.ends_with(" 0 differences, 0 not read\n"), "{said}");
    shop.finish().await;
}
