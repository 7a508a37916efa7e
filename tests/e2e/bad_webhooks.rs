//! Webhooks without a payment. Those that PayOS signed are kept for a person; the others get their own status and leave
//! no row in the ledger.

use edge_protocol::{limits::WEBHOOK_BYTES_MAX, mint_webhook};
use harness::{DropTerms, Order, Shop, Shopper};
use serde_json::{Value, json};

use crate::{
    sdk::signed_by_the_sdk,
    tokens::{edge_ring, now},
};

const PRICE: u64 = 250_000;

#[tokio::test]
async fn a_signed_webhook_that_cannot_be_read_is_kept_for_a_person_and_counts_as_no_money() {
    let (mut shop, shopper, order) = shop_with_payable_order("0912000170").await;

    // PayOS has signed each: one field alone is wrong.
    let amounts =
        [json!(0), json!(-250_000), json!("250000"), Value::Null, json!(250_000.5), json!(9_007_199_254_740_992_u64)];
    let mut bodies = Vec::new();
    for amount in &amounts {
        bodies.push(signed_by_the_sdk(&report(&shop, &order, amount).await));
    }
    let mut elsewhere = report(&shop, &order, &json!(PRICE)).await;
    elsewhere["reference"] = json!(26325);
    bodies.push(signed_by_the_sdk(&elsewhere));
    for body in bodies.iter().chain(&bodies) {
        assert_eq!(shop.payos.sends_raw_webhook(&json!({ "body": body })).await, 204, "PayOS would repeat {body}");
    }
    let kept = bodies.len() as i64;
    assert_counted(&shop, [("unreadable", kept), ("duplicate", kept)]).await;
    assert_eq!(shop.metric("dropgate_webhooks_unreadable").await, kept);
    assert_eq!(shopper.order(&order).await["state"], "pending");

    let list = shop.operates(&["payment", "list"]);
    for told in [
        "250000.5 VND, reference FT26325000000002",
        "9007199254740992 VND",
        " VND, reference 26325, order ",
        "amount must be a JSON integer from 1 to 9007199254740991, and is 250000.5",
        "reference must be a JSON string or null, and is 26325",
    ] {
        assert!(list.contains(told), "{told} is not in\n{list}");
    }
    assert_eq!(list.matches(&format!(", order {}, received ", order.code)).count() as i64, kept, "{list}");
    let log = shop.origin_log();
    let alarms = log.lines().filter(|line| line.contains("cannot be read") && line.contains(&order.code.to_string()));
    assert_eq!(alarms.filter(|line| line.contains("FT26325000000002")).count() as i64, kept - 1, "{log}");

    shop.stop_origin().await;
    let rows = "select count(*) from ledger where kind = 'webhook_unreadable'";
    assert_eq!(harness::sale_db::count(&shop.data(), rows).await, kept);
    for body in &bodies {
        let same = format!("select count(*) from unreadable_webhooks where body = cast('{body}' as blob)");
        assert_eq!(harness::sale_db::count(&shop.data(), &same).await, 1, "{body}");
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_webhook_with_one_key_twice_is_refused_however_it_is_signed() {
    let (shop, shopper, order) = shop_with_payable_order("0912000173").await;
    let before = shop.metric("dropgate_ledger_seq").await;
    let genuine = signed_by_the_sdk(&report(&shop, &order, &json!(PRICE)).await);
    // JavaScript takes the last of two keys, and so does the signature.
    let twice = genuine.replace("\"amount\":", "\"amount\":1,\"amount\":");
    assert_ne!(twice, genuine);
    assert_eq!(shop.payos.sends_raw_webhook(&json!({ "body": twice })).await, 400);

    assert_counted(&shop, [("invalid_json", 1)]).await;
    assert_eq!(shop.metric("dropgate_ledger_seq").await, before, "something was recorded");
    assert_eq!(shopper.order(&order).await["state"], "pending");
    // Without the error the same webhook pays.
    assert_eq!(shop.payos.sends_raw_webhook(&json!({ "body": genuine })).await, 204);
    shopper.sees(&order, "state", "paid").await;
    shop.finish().await;
}

#[tokio::test]
async fn a_webhook_that_payos_did_not_sign_is_401_counted_and_forgotten() {
    let (shop, shopper, order) = shop_with_payable_order("0912000171").await;
    let before = shop.metric("dropgate_ledger_seq").await;

    let data = report(&shop, &order, &json!(PRICE)).await;
    assert_eq!(shop.payos.sends_raw_webhook(&json!({ "data": data, "forged": true })).await, 401);
    let mut other_amount: Value = serde_json::from_str(&signed_by_the_sdk(&data)).expect("JSON");
    other_amount["data"]["amount"] = json!(PRICE + 1);
    assert_eq!(shop.payos.sends_raw_webhook(&json!({ "body": other_amount.to_string() })).await, 401);

    assert_counted(&shop, [("bad_signature", 2)]).await;
    assert_eq!(shop.metric("dropgate_ledger_seq").await, before, "something was recorded");
    assert_eq!(shopper.order(&order).await["state"], "pending");
    shop.finish().await;
}

#[tokio::test]
async fn a_webhook_over_64_kib_is_refused_at_the_edge_and_at_the_origin_however_well_it_is_signed() {
    let (shop, shopper, order) = shop_with_payable_order("0912000172").await;
    let before = shop.metric("dropgate_ledger_seq").await;
    let genuine = signed_by_the_sdk(&report(&shop, &order, &json!(PRICE)).await);
    // Blanks around JSON change neither what it says nor its signature.
    let of_bytes = |bytes: usize| format!("{genuine}{}", " ".repeat(bytes - genuine.len()));
    let too_long = of_bytes(WEBHOOK_BYTES_MAX + 1);

    assert_eq!(shop.payos.sends_raw_webhook(&json!({ "body": too_long })).await, 413);
    let token = mint_webhook(&edge_ring(&shop.secrets), now(&shop).await);
    let request = shop.client.post(format!("{}/webhooks/payos", shop.origin_url())).bearer_auth(token);
    let request = request.header("content-type", "application/json").body(too_long);
    shop.sends(request).await.assert_refused(413, "body_too_large");
    // The edge refused the first one and did not forward it.
    assert_counted(&shop, [("body_too_large", 1)]).await;
    assert_eq!(shop.metric("dropgate_ledger_seq").await, before, "something was recorded");
    assert_eq!(shopper.order(&order).await["state"], "pending");

    let longest = of_bytes(WEBHOOK_BYTES_MAX);
    assert_eq!(shop.payos.sends_raw_webhook(&json!({ "body": longest })).await, 204);
    shopper.sees(&order, "state", "paid").await;
    shop.finish().await;
}

async fn shop_with_payable_order(phone: &str) -> (Shop, Shopper, Order) {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { price: PRICE, ..DropTerms::default() }).await;
    let shopper = shop.shopper(phone);
    let order = shopper.buys(&drop, 1).await;
    shopper.sees(&order, "payment_state", "ready").await;
    (shop, shopper, order)
}

/// What PayOS would sign about a transfer of this amount for the order.
async fn report(shop: &Shop, order: &Order, amount: &Value) -> Value {
    let link = shop.payos.link(order.code).await.expect("a link");
    json!({
        "orderCode": order.code,
        "amount": amount,
        "description": link["description"],
        "accountNumber": "113366668888",
        "reference": "FT26325000000002",
        "transactionDateTime": "2026-11-21 12:06:00",
        "currency": "VND",
        "paymentLinkId": link["paymentLinkId"],
        "code": "00",
        "desc": "success",
    })
}

async fn assert_counted<const N: usize>(shop: &Shop, results: [(&str, i64); N]) {
    for (result, times) in results {
        let metric = format!("dropgate_webhooks_total{{result=\"{result}\"}}");
        assert_eq!(shop.metric(&metric).await, times, "{result}");
    }
}
