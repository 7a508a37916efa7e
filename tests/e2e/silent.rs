use std::time::Duration;

use harness::{DropTerms, Shop};
use serde_json::json;

/// Long enough for the links to be made while they are valid. `pay_by` is at most twice this after the purchase.
const HOLD_SECONDS: u32 = 4;

/// The money is found at `pay_by`; an unpaid hold ends 60 seconds later.
const END_DEADLINE: Duration = Duration::from_secs(110);

#[tokio::test]
async fn without_a_single_webhook_every_order_still_reaches_its_state() {
    let shop = Shop::start().await;
    let terms = DropTerms { size: 4, price: 250_000, hold_seconds: HOLD_SECONDS, ..DropTerms::default() };
    let drop = shop.opens_drop(terms).await;
    shop.payos.sends_no_webhooks().await;
    let mut orders = Vec::new();
    // Each: what is transferred, the state it must end in, what is applied, and what is owed back.
    for (number, (paid, state, applied, owed)) in [
        (Some(250_000), "paid", 250_000, 0),
        (Some(260_000), "paid", 250_000, 10_000),
        (Some(100_000), "expired", 0, 100_000),
        (None, "expired", 0, 0),
    ]
    .into_iter()
    .enumerate()
    {
        let shopper = shop.shopper(&format!("091200014{number}"));
        let order = shopper.buys(&drop, 1).await;
        shopper.sees(&order, "payment_state", "ready").await;
        if let Some(amount) = paid {
            shop.payos.pays_as(order.code, &json!({ "amount": amount })).await;
        }
        orders.push((shopper, order, state, applied, owed));
    }

    for (shopper, order, state, applied, owed) in &orders {
        let view = shopper.sees_within(END_DEADLINE, order, "state", state).await;
        assert_eq!((&view["amount_applied"], &view["refund_due"]), (&json!(applied), &json!(owed)), "{state}");
    }
    shop.shows_stock(&drop, "sold", 2).await;
    shop.shows_stock(&drop, "available", 2).await;
    assert_eq!(shop.metric("dropgate_payments_unsettled").await, 0);
    assert!(shop.payos.webhook_bodies().await.is_empty(), "no webhook was sent");
    shop.finish().await;
}
