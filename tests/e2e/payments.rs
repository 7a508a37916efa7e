//! Money that does not come as asked: in parts, too much, twice, too late. All of it is applied or owed back.

use harness::{DropTerms, OpenedDrop, Order, Shop, Shopper};
use serde_json::json;

const PRICE: u64 = 250_000;

/// Webhooks for payments that the ledger already had.
const DUPLICATES: &str = "dropgate_webhooks_total{result=\"duplicate\"}";

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
    shopper.cancels(&order).await.assert_status(200);
    shop.shows_stock(&drop, "available", 3).await;

    shop.payos.pays_as(order.code, &json!({ "amount": PRICE })).await;
    let cancelled = shopper.sees_money(&order, "refund_due", PRICE).await;
    assert_eq!((&cancelled["state"], &cancelled["amount_applied"]), (&json!("cancelled"), &json!(0)));
    assert_eq!(shop.stock(&drop).await["available"], 3, "units are free to be sold, although the money came");
    ends_with_payos_agreeing(shop).await;
}

#[tokio::test]
async fn a_part_that_is_reported_twice_counts_once() {
    let (shop, _drop, shopper, order) = shop_with_payable_order("0912000105").await;

    shop.payos.pays_as(order.code, &json!({ "amount": 100_000, "times": 2 })).await;
    assert_eq!(shop.payos.delivers_all_webhooks().await, 2);
    assert_eq!(shop.metric(DUPLICATES).await, 1);
    let part = shopper.order(&order).await;
    let money = (&part["state"], &part["amount_applied"], &part["refund_due"]);
    assert_eq!(money, (&json!("pending"), &json!(100_000), &json!(0)));
    ends_with_payos_agreeing(shop).await;
}

#[tokio::test]
async fn any_further_money_for_a_paid_order_is_owed_back_whole_and_once() {
    let (shop, drop, shopper, order) = shop_with_payable_order("0912000106").await;
    shop.payos.pays(order.code).await;
    shopper.sees(&order, "state", "paid").await;

    shop.payos.pays_as(order.code, &json!({ "amount": 40_000 })).await;
    shopper.sees_money(&order, "refund_due", 40_000).await;
    shop.payos.pays_as(order.code, &json!({ "amount": PRICE + 10_000, "times": 2 })).await;
    assert_eq!(shop.payos.delivers_all_webhooks().await, 4);
    assert_eq!(shop.metric(DUPLICATES).await, 1);
    let paid = shopper.order(&order).await;
    let money = (&paid["state"], &paid["amount_applied"], &paid["refund_due"]);
    assert_eq!(money, (&json!("paid"), &json!(PRICE), &json!(PRICE + 50_000)));
    shop.shows_stock(&drop, "sold", 1).await;
    ends_with_payos_agreeing(shop).await;
}

#[tokio::test]
async fn any_money_for_a_cancelled_order_is_owed_back_whole_and_once() {
    let (shop, drop, shopper, order) = shop_with_payable_order("0912000107").await;
    shop.payos.pays_as(order.code, &json!({ "amount": 5_000 })).await;
    shopper.sees_money(&order, "amount_applied", 5_000).await;
    shopper.cancels(&order).await.assert_status(200);
    assert_eq!(shopper.order(&order).await["refund_due"], 5_000, "what was applied is not the shop's any more");

    shop.payos.pays_as(order.code, &json!({ "amount": 40_000 })).await;
    shopper.sees_money(&order, "refund_due", 45_000).await;
    shop.payos.pays_as(order.code, &json!({ "amount": PRICE + 10_000, "times": 2 })).await;
    assert_eq!(shop.payos.delivers_all_webhooks().await, 4);
    assert_eq!(shop.metric(DUPLICATES).await, 1);
    let cancelled = shopper.order(&order).await;
    let money = (&cancelled["state"], &cancelled["amount_applied"], &cancelled["refund_due"]);
    assert_eq!(money, (&json!("cancelled"), &json!(0), &json!(PRICE + 55_000)));
    shop.shows_stock(&drop, "available", 3).await;
    ends_with_payos_agreeing(shop).await;
}

#[tokio::test]
async fn one_transfer_reported_with_two_amounts_counts_once_and_waits_for_a_person() {
    let (shop, _drop, shopper, order) = shop_with_payable_order("0912000108").await;
    shop.payos.pays_as(order.code, &json!({ "amount": 100_000, "reference": "FT777" })).await;
    shopper.sees_money(&order, "amount_applied", 100_000).await;

    shop.payos.pays_as(order.code, &json!({ "amount": PRICE, "reference": "FT777" })).await;
    shop.shows_metric("dropgate_payments_disputed", 1).await;
    let view = shopper.order(&order).await;
    let money = (&view["state"], &view["amount_applied"], &view["refund_due"]);
    assert_eq!(money, (&json!("pending"), &json!(100_000), &json!(0)));
    shop.finish().await;
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

#[tokio::test]
async fn money_that_an_operator_enters_pays_the_order_they_name_or_waits_for_one() {
    let (shop, _drop, shopper, order) = shop_with_payable_order("0912000109").await;
    let code = order.code.to_string();
    let entry = ["payment", "record", "--at", "2026-11-21T12:06:00+07:00", "--bank-reference"];
    let enters = |rest: &[&'static str]| [&entry[..], rest].concat();
    for rest in [&["FT1", "--amount", "100000"][..], &["FT1", "--amount", "100000", "--unmatched", "--order", "7"]] {
        shop.assert_refuses(&enters(rest));
    }
    let part = shop.operates(&[&enters(&["FT1", "--amount", "100000", "--order"])[..], &[&code]].concat());
    assert_eq!(part, "recorded FT1\n");
    assert_eq!(shopper.order(&order).await["amount_applied"], 100_000);

    shop.operates(&enters(&["FT2", "--amount", "150000", "--unmatched"]));
    shop.operates(&enters(&["FT3", "--amount", "7", "--unmatched"]));
    assert_eq!(shop.metric("dropgate_payments_unmatched_vnd").await, 150_007);
    let list = shop.operates(&["payment", "list"]);
    let number_of = |reference: &str| {
        let line = list.lines().find(|line| line.contains(reference)).expect("a line of it");
        line.split_whitespace().next().expect("a number")
    };
    shop.operates(&["payment", "move", number_of("FT2"), "--order", &code]);
    shop.operates(&["payment", "dismiss", number_of("FT3"), "--reason", "interest"]);
    let paid = shopper.order(&order).await;
    let money = (&paid["state"], &paid["amount_applied"], &paid["refund_due"]);
    assert_eq!(money, (&json!("paid"), &json!(PRICE), &json!(0)));
    assert_eq!(shop.metric("dropgate_payments_unmatched").await, 0);
    shop.finish().await;
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
    assert!(said.contains("\n1 links read") && said.ends_with(" 0 differences, 0 not read\n"), "{said}");
    shop.finish().await;
}
