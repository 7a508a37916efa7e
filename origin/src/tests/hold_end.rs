//! What PayOS shows when a hold ends.

use serde_json::{Value, json};

use super::*;

async fn transfers(sale: &Sale, order: OrderCode, options: Value) {
    sale.payos.pays_as(order.0, &options).await;
}

#[tokio::test]
async fn a_status_that_may_still_bring_money_keeps_the_unit_until_it_says_more_or_time_decides() {
    let mut sale = Sale::of(4).await;
    let orders = [
        (sale.buys_with_link(1).await, "PROCESSING"),
        (sale.buys_with_link(2).await, "FAILED"),
        (sale.buys_with_link(3).await, "ON_HOLD"),
        (sale.buys_with_link(4).await, "PROCESSING"),
    ];
    let [closes, stays, .., pays] = orders.map(|(order, _)| order);
    for (order, status) in orders {
        sale.payos.shows(order.0, &json!({ "status": status })).await;
    }
    sale.after_pay_by(pays, GRACE_MS).await;
    for (order, status) in orders {
        assert!(sale.record(order).await.settling, "{status}");
    }
    assert_eq!(sale.stock().held, 4);

    sale.payos.shows(closes.0, &json!({})).await;
    transfers(&sale, pays, json!({ "amount": PRICE })).await;
    sale.after(ASK_AGAIN_MS).await;
    assert_eq!(sale.state(closes).await, UNPAID);
    assert_eq!(sale.state(pays).await, OrderState::Paid { late: false });
    assert_eq!((sale.stock().held, sale.stock().sold), (2, 1));

    sale.after_pay_by(pays, GRACE_MS + SETTLING_MS).await;
    assert_eq!(sale.state(stays).await, UNPAID, "it may never say more");
    assert_eq!((sale.stock().held, sale.stock().available), (0, 3));
    sale.finish().await;
}

#[tokio::test]
async fn only_a_reply_that_payos_signed_ends_a_hold_before_its_settling_does() {
    let mut sale = Sale::of(1).await;
    let order = sale.buys_with_link(1).await;
    transfers(&sale, order, json!({ "amount": PRICE })).await;
    sale.payos.behaves(&json!({ "get": "bad_signature" })).await;
    sale.after_pay_by(order, GRACE_MS).await;
    let record = sale.record(order).await;
    assert_eq!((record.state, record.settling, record.payments.len()), (OrderState::Pending, true, 0));

    sale.payos.behaves(&json!({ "get": "ok" })).await;
    sale.after(ASK_AGAIN_MS).await;
    assert_eq!(sale.state(order).await, OrderState::Paid { late: false });
    sale.finish().await;
}

#[tokio::test]
async fn the_money_of_a_hold_is_what_its_transfers_are_and_not_the_sum_that_payos_counts() {
    let mut sale = Sale::of(3).await;
    let (none, full, part) = (sale.buys_with_link(1).await, sale.buys_with_link(2).await, sale.buys_with_link(3).await);
    sale.payos.shows(none.0, &json!({ "status": "PAID", "amount_paid": PRICE })).await;
    transfers(&sale, full, json!({ "amount": PRICE })).await;
    sale.payos.shows(full.0, &json!({ "status": "CANCELLED", "amount_paid": 0 })).await;
    transfers(&sale, part, json!({ "amount": 100_000 })).await;
    sale.payos.shows(part.0, &json!({ "status": "PAID", "amount_paid": PRICE })).await;

    sale.after_pay_by(part, GRACE_MS).await;
    assert_eq!((sale.state(none).await, sale.money(none).await), (UNPAID, (0, 0)));
    assert_eq!((sale.state(full).await, sale.money(full).await), (OrderState::Paid { late: false }, (PRICE, 0)));
    assert_eq!((sale.state(part).await, sale.money(part).await), (UNPAID, (0, 100_000)));
    assert_eq!((sale.stock().sold, sale.stock().available), (1, 2));
    sale.finish().await;
}

#[tokio::test]
async fn money_that_lands_around_the_cancellation_at_the_end_of_a_hold_still_pays() {
    let mut sale = Sale::of(4).await;
    let mut orders = Vec::new();
    for (who, when, amount) in
        [(1, "before_cancel", PRICE), (2, "after_cancel", PRICE), (3, "before_cancel", 100_000), (4, "after_cancel", 7)]
    {
        let order = sale.buys_with_link(who).await;
        transfers(&sale, order, json!({ "amount": amount, "when": when })).await;
        orders.push((order, when, amount));
    }
    let last = orders[3].0;
    sale.after_pay_by(last, 0).await;
    for (order, when, amount) in &orders {
        let state = if *amount == PRICE { OrderState::Paid { late: false } } else { OrderState::Pending };
        assert_eq!((sale.state(*order).await, sale.money(*order).await), (state, (*amount, 0)), "{when} {amount}");
    }
    sale.after_pay_by(last, GRACE_MS).await;
    for (order, when, amount) in &orders[2..] {
        assert_eq!((sale.state(*order).await, sale.money(*order).await), (UNPAID, (0, *amount)), "{when} {amount}");
    }
    assert_eq!((sale.stock().sold, sale.stock().available), (2, 2));
    sale.finish().await;
}
