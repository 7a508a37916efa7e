//! Connections that break in the middle of a body. The part that arrives is valid JSON, so only its length shows the
//! break.

use harness::{DropTerms, Shop};
use serde_json::json;

use crate::sdk::signed_by_the_sdk;

/// More than was sent.
const MISSING: usize = 10;

#[tokio::test]
async fn a_purchase_that_breaks_off_is_never_forwarded() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let shopper = shop.shopper("0912000180");
    let token = shopper.token(&drop).await;
    let path = format!("/api/drops/{}/purchase", drop.slug);
    let form = shopper.form(2).to_string();

    let response = shopper.breaks_off(&path, &token, &form, form.len() + MISSING).await;
    assert!(!response.contains(" 201 ") && !response.contains("order_code"), "{response}");
    // Had the order been made, the token would have been spent on two units.
    shopper.purchases(&drop, &token, 1).await.assert_status(201);
    assert_eq!(shop.metric("dropgate_purchases_total{result=\"placed\"}").await, 1);
    shop.shows_stock(&drop, "held", 1).await;

    // The same bytes, announced as they are, buy.
    let other = shop.shopper("0912000181");
    let token = other.token(&drop).await;
    let form = other.form(2).to_string();
    let response = other.breaks_off(&path, &token, &form, form.len()).await;
    assert!(response.starts_with("HTTP/1.1 201 "), "{response}");
    shop.shows_stock(&drop, "held", 3).await;
    shop.finish().await;
}

#[tokio::test]
async fn a_webhook_that_breaks_off_is_never_forwarded() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { price: 250_000, ..DropTerms::default() }).await;
    let shopper = shop.shopper("0912000182");
    let order = shopper.buys(&drop, 1).await;
    shopper.sees(&order, "payment_state", "ready").await;
    shop.payos.sends_no_webhooks().await;
    let transfer = shop.payos.pays_as(order.code, &json!({})).await;
    let link = shop.payos.link(order.code).await.expect("a link");
    let webhook = signed_by_the_sdk(&json!({
        "orderCode": order.code,
        "amount": 250_000,
        "reference": transfer["reference"],
        "paymentLinkId": link["paymentLinkId"],
        "code": "00",
    }));
    let path = format!("/webhooks/payos/{}", shop.secrets.get("DROPGATE_WEBHOOK_SECRET"));

    let response = shopper.breaks_off(&path, "", &webhook, webhook.len() + MISSING).await;
    assert!(!response.contains(" 204 "), "{response}");
    let response = shopper.breaks_off(&path, "", &webhook, webhook.len()).await;
    assert!(response.starts_with("HTTP/1.1 204 "), "{response}");
    shopper.sees(&order, "state", "paid").await;
    assert_eq!(shop.metric("dropgate_webhooks_total{result=\"applied\"}").await, 1);
    let answers = shop.sends(shop.client.get(format!("{}/metrics", shop.private_url()))).await;
    assert!(!answers.text().contains("webhooks_total{result=\"duplicate\"}"), "the half one was recorded first");
    shop.finish().await;
}
