use std::time::Duration;

use harness::{DropTerms, Order, Shop};

/// Long enough for the link to be made while it is still valid. `pay_by` is at most twice this after the purchase.
const HOLD_SECONDS: u32 = 3;

/// The hold ends 60 seconds after `pay_by`, when PayOS shows the link closed; the rest is for a busy machine.
const HOLD_END_DEADLINE: Duration = Duration::from_secs(100);

#[tokio::test]
async fn an_expired_hold_is_sold_to_the_next_buyer() {
    let shop = Shop::start().await;
    let terms = DropTerms { size: 1, hold_seconds: HOLD_SECONDS, ..DropTerms::default() };
    let drop = shop.opens_drop(terms).await;
    let first = shop.shopper("0912000020");
    let second = shop.shopper("0912000021");

    let unpaid = first.buys(&drop, 1).await;
    let token = second.token(&drop).await;
    second.purchases(&drop, &token, 1).await.assert_refused(409, "held_out");

    first.sees_within(HOLD_END_DEADLINE, &unpaid, "state", "expired").await;
    shop.shows_stock(&drop, "available", 1).await;
    let link = shop.payos.link(unpaid.code).await.expect("a link");
    assert!(["CANCELLED", "EXPIRED"].contains(&link["status"].as_str().expect("a status")), "still open: {link}");

    let token = second.token(&drop).await;
    let order = Order::of(&second.purchases(&drop, &token, 1).await);
    second.sees(&order, "payment_state", "ready").await;
    shop.payos.pays(order.code).await;
    second.sees(&order, "state", "paid").await;
    shop.shows_stock(&drop, "sold", 1).await;
    shop.finish().await;
}
