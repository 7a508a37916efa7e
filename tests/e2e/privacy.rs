use harness::{DropTerms, Shop};

#[tokio::test]
async fn a_stranger_who_knows_a_phone_number_learns_nothing_of_its_order() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { size: 5, limit: 1, ..DropTerms::default() }).await;
    let victim = shop.shopper("0912000030");
    let order = victim.buys(&drop, 1).await;
    let view = victim.sees(&order, "payment_state", "ready").await;

    // The stranger types the same number into another browser.
    let stranger = shop.shopper("0912000030");
    let token = stranger.token(&drop).await;
    let refusal = stranger.purchases(&drop, &token, 1).await;
    refusal.assert_refused(409, "limit_reached");
    let short_code = view["short_code"].as_str().expect("a short code");
    for secret in [order.code.to_string().as_str(), short_code, &order.key, "Minh", "minh@"] {
        assert!(!refusal.text().contains(secret), "{secret} in {}", refusal.text());
    }

    // A stranger gets the same response for a pending and for a paid order.
    shop.payos.pays(order.code).await;
    victim.sees(&order, "state", "paid").await;
    let refusal_when_paid = stranger.purchases(&drop, &token, 1).await;
    assert_eq!(refusal_when_paid.body, refusal.body);
    shop.finish().await;
}

#[tokio::test]
async fn when_no_unit_is_left_the_phone_of_a_buyer_is_refused_like_any_other() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { size: 1, limit: 1, ..DropTerms::default() }).await;
    let buyer = shop.shopper("0912000037");
    let order = buyer.buys(&drop, 1).await;
    let refusal_of = async |phone: &str| {
        let stranger = shop.shopper(phone);
        let token = stranger.token(&drop).await;
        let refusal = stranger.purchases(&drop, &token, 1).await;
        (refusal.status, refusal.body)
    };

    let of_holder = refusal_of("0912000037").await;
    assert_eq!(of_holder, refusal_of("0912000038").await);
    assert!(String::from_utf8_lossy(&of_holder.1).contains("held_out"));
    shop.payos.pays(order.code).await;
    buyer.sees(&order, "state", "paid").await;
    let of_buyer = refusal_of("0912000037").await;
    assert_eq!(of_buyer, refusal_of("0912000038").await);
    assert!(String::from_utf8_lossy(&of_buyer.1).contains("sold_out"));
    shop.finish().await;
}

#[tokio::test]
async fn an_order_is_shown_to_its_key_only_and_masked_even_then() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let shopper = shop.shopper("0912000031");
    let order = shopper.buys(&drop, 1).await;
    let other = shop.shopper("0912000032").buys(&drop, 1).await;

    let wrong_key = shopper.asks_for_order(order.code, &other.key).await;
    wrong_key.assert_refused(401, "bad_order_key");
    // An order that exists and one that does not look the same without the key.
    let no_such_order = shopper.asks_for_order(order.code + 1_000_000, &other.key).await;
    assert_eq!(no_such_order.body, wrong_key.body);
    shop.visits(&format!("/api/orders/{}", order.code)).await.assert_refused(401, "bad_order_key");

    let shown = shopper.asks_for_order(order.code, &order.key).await;
    shown.assert_status(200);
    for personal in ["0912000031", "912000031", "minh@example.com", "Trần Văn Minh"] {
        assert!(!shown.text().contains(personal), "{personal} in {}", shown.text());
    }
    shop.finish().await;
}

#[tokio::test]
async fn the_key_of_an_order_does_not_cancel_it_from_another_browser() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let shopper = shop.shopper("0912000033");
    let order = shopper.buys(&drop, 1).await;

    let passer_by = shop.shopper("0912000034");
    passer_by.cancels(&order).await.assert_refused(403, "not_your_order");
    passer_by.token(&drop).await;
    passer_by.cancels(&order).await.assert_refused(403, "not_your_order");
    assert_eq!(shopper.order(&order).await["state"], "pending");
    shop.finish().await;
}
