use harness::{DropTerms, OpenedDrop, Order, Shop, Shopper, sale_db};
use serde_json::{Value, json};

#[tokio::test]
async fn a_webhook_delivered_fifty_times_pays_once() {
    let (mut shop, drop, shopper, order) = shop_with_unpaid_order("0912000080").await;

    shop.payos.pays_as(order.code, &json!({ "times": 50 })).await;
    assert_eq!(shop.payos.delivers_all_webhooks().await, 50);

    let view = shopper.sees(&order, "state", "paid").await;
    assert_eq!((&view["amount_applied"], &view["refund_due"]), (&json!(250_000), &json!(0)));
    shop.shows_stock(&drop, "sold", 1).await;
    shop.stop_origin().await;
    for (what, sql) in
        [("payments", "select count(*) from payments"), ("money", "select sum(amount) / 250000 from payments")]
    {
        assert_eq!(sale_db::count(&shop.data(), sql).await, 1, "{what}");
    }
    assert_eq!(sale_db::count(&shop.data(), "select count(*) from refunds").await, 0);
    shop.finish().await;
}

#[tokio::test]
async fn a_webhook_is_worth_nothing_without_the_signature_of_payos() {
    let (shop, drop, shopper, order) = shop_with_unpaid_order("0912000081").await;
    let other = shop.shopper("0912000082").buys(&drop, 1).await;

    // A genuine webhook, changed to name the order of someone who has not paid.
    shopper.sees(&order, "payment_state", "ready").await;
    shop.payos.pays(order.code).await;
    shopper.sees(&order, "state", "paid").await;
    let genuine = shop.payos.webhook_bodies().await.remove(0);
    let forged = genuine.replace(&order.code.to_string(), &other.code.to_string());
    assert_ne!(forged, genuine);
    assert_eq!(shop.payos.sends_raw_webhook(&json!({ "body": forged })).await, 401);

    let mut unsigned: Value = serde_json::from_str(&genuine).expect("JSON");
    unsigned["signature"] = Value::Null;
    let status = shop.payos.sends_raw_webhook(&json!({ "body": unsigned.to_string() })).await;
    assert!([400, 401].contains(&status), "{status}");
    assert_eq!(shopper.asks_for_order(other.code, &other.key).await.assert_status(200)["state"], "pending");

    // The genuine one again is the same payment again.
    assert_eq!(shop.payos.sends_raw_webhook(&json!({ "body": genuine })).await / 100, 2);
    assert_eq!(shopper.order(&order).await["refund_due"], 0);
    shop.finish().await;
}

#[tokio::test]
async fn money_for_an_unknown_order_is_accepted_and_kept_as_unmatched_once() {
    let (mut shop, _drop, shopper, order) = shop_with_unpaid_order("0912000083").await;
    shop.payos.pays(order.code).await;
    shopper.sees(&order, "state", "paid").await;

    let genuine = shop.payos.webhook_bodies().await.remove(0);
    let mut data = serde_json::from_str::<Value>(&genuine).expect("JSON")["data"].clone();
    data["orderCode"] = json!(123);
    data["reference"] = json!("TF230204212323");
    // A second report of it is no second money.
    for _ in 0..2 {
        assert_eq!(shop.payos.sends_raw_webhook(&json!({ "data": data })).await / 100, 2);
    }

    shop.stop_origin().await;
    let unmatched = "select count(*) from unmatched_payments where order_code = 123";
    assert_eq!(sale_db::count(&shop.data(), unmatched).await, 1);
    shop.finish().await;
}

async fn shop_with_unpaid_order(phone: &str) -> (Shop, OpenedDrop, Shopper, Order) {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { price: 250_000, ..DropTerms::default() }).await;
    let shopper = shop.shopper(phone);
    let order = shopper.buys(&drop, 1).await;
    shopper.sees(&order, "payment_state", "ready").await;
    (shop, drop, shopper, order)
}
