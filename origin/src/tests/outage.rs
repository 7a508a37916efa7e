//! PayOS is down or silent while the sale goes on.

use domain::Refusal;
use engine::PurchaseRefused;
use serde_json::json;

use super::*;

#[tokio::test]
async fn with_payos_down_for_a_whole_drop_orders_are_taken_end_in_time_and_can_be_paid_late_when_it_is_back() {
    let mut sale = Sale::of(2).await;
    sale.payos.behaves(&json!({ "create": "down", "get": "down", "cancel": "down" })).await;
    let orders = [sale.buys(1).await, sale.buys(2).await];
    assert_eq!(sale.tries_to_buy(3).await.unwrap_err(), PurchaseRefused::ByTheRules(Refusal::HeldOut));
    sale.payos.is_asked_for_links(2).await;

    // That a link was asked for is on disk: whether there is one, only PayOS knows.
    for (ms, settling) in [(0, false), (GRACE_MS - 1, false), (GRACE_MS, true), (GRACE_MS + SETTLING_MS - 1, true)] {
        sale.after_pay_by(orders[1], ms).await;
        for order in orders {
            let record = sale.record(order).await;
            assert_eq!((record.state, record.settling), (OrderState::Pending, settling), "{ms}");
        }
        assert_eq!((sale.stock().held, sale.stock().available), (2, 0), "{ms}");
    }
    sale.after_pay_by(orders[1], GRACE_MS + SETTLING_MS).await;
    assert_eq!([sale.state(orders[0]).await, sale.state(orders[1]).await], [UNPAID; 2]);
    assert_eq!((sale.stock().held, sale.stock().available), (0, 2));
    assert_eq!(sale.payos.links_made().await, 0);

    let next = sale.buys(3).await;
    sale.payos.behaves(&json!({ "create": "ok", "get": "ok", "cancel": "ok" })).await;
    sale.has_link(next).await;
    sale.receives(next, "FT3", PRICE, Proof::Webhook).await;
    // One unit is left for two who send money after all.
    sale.receives(orders[0], "FT1", PRICE, Proof::Operator).await;
    sale.receives(orders[1], "FT2", PRICE, Proof::Operator).await;
    assert_eq!(sale.state(next).await, OrderState::Paid { late: false });
    assert_eq!(sale.state(orders[0]).await, OrderState::Paid { late: true });
    assert_eq!((sale.state(orders[1]).await, sale.money(orders[1]).await), (UNPAID, (0, PRICE)));
    assert_eq!(sale.stock().sold, 2);
    assert_eq!(sale.payos.links_made().await, 1, "no link is made for an order that has ended");
    // PayOS knows no link of the ended orders: two minutes later the outbox no longer asks PayOS to close them.
    sale.clock.advance(120_000);
    sale.owes_nothing("payment_links").await;
    sale.finish().await;
}

#[tokio::test]
async fn money_that_payos_was_silent_about_for_twenty_minutes_buys_late_or_is_owed_back() {
    let mut sale = Sale::of(2).await;
    let orders = [sale.buys_with_link(1).await, sale.buys_with_link(2).await];
    sale.payos.behaves(&json!({ "get": "silent", "cancel": "down" })).await;
    for order in orders {
        sale.payos.pays_as(order.0, &json!({ "amount": PRICE })).await;
    }
    sale.after_pay_by(orders[1], GRACE_MS).await;
    assert!(sale.record(orders[0]).await.settling && sale.record(orders[1]).await.settling);
    assert_eq!(sale.stock().held, 2);
    sale.after_pay_by(orders[1], GRACE_MS + SETTLING_MS).await;
    assert_eq!([sale.state(orders[0]).await, sale.state(orders[1]).await], [UNPAID; 2]);
    let next = sale.buys(3).await;
    sale.clock.advance(4 * 60_000);

    // Every read now shows money of an ended order; one unit is left for the two.
    sale.payos.behaves(&json!({ "get": "ok", "cancel": "ok" })).await;
    for order in orders {
        sale.comes_to("its money is found", order, |record| !record.payments.is_empty()).await;
    }
    let mut ends = [(sale.state(orders[0]).await, sale.money(orders[0]).await)].to_vec();
    ends.push((sale.state(orders[1]).await, sale.money(orders[1]).await));
    // Which of them PayOS is asked about first is not promised.
    ends.sort_by_key(|(state, _)| *state == UNPAID);
    assert_eq!(ends, [(OrderState::Paid { late: true }, (PRICE, 0)), (UNPAID, (0, PRICE))]);
    assert_eq!(sale.state(next).await, OrderState::Pending);
    assert_eq!((sale.stock().sold, sale.stock().held, sale.stock().available), (1, 1, 0));
    sale.finish().await;
}

#[tokio::test]
async fn a_link_that_payos_made_in_silence_is_cancelled_when_it_speaks_again() {
    let mut sale = Sale::of(1).await;
    sale.payos.behaves(&json!({ "create": "silent", "get": "silent", "cancel": "fail_5xx" })).await;
    let order = sale.buys(1).await;
    sale.payos.is_asked_for_links(1).await;
    sale.after_pay_by(order, GRACE_MS + SETTLING_MS).await;
    assert_eq!((sale.state(order).await, sale.stock().available), (UNPAID, 1));
    assert_ne!(sale.payos.link(order.0).await.unwrap()["status"], "CANCELLED");

    // Before another order asks for a link: PayOS's clock is not the sale's, so a link whose answer was lost would not look like this order's.
    sale.payos.behaves(&json!({ "create": "ok", "get": "ok", "cancel": "ok" })).await;
    let next = sale.buys(2).await;
    sale.comes_to("its link is closed", order, |record| record.link == Link::Closed(None)).await;
    assert_eq!(sale.payos.link(order.0).await.unwrap()["status"], "CANCELLED");
    assert_eq!((sale.state(order).await, sale.stock().held), (UNPAID, 1), "the unit is another's");
    sale.has_link(next).await;
    sale.finish().await;
}
