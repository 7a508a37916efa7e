//! The merchant's own systems: an operator adds them, they hear of sales, and a crash of the origin loses nothing they
//! were owed.

use harness::{DropTerms, OpenedDrop, Shop, WebhookReceiver};
use serde_json::json;

const PRICE: u64 = 250_000;

#[tokio::test]
async fn an_endpoint_hears_of_a_sale_signed_with_each_secret_and_nothing_of_it_is_lost_in_a_crash() {
    let (mut shop, drop, receiver) = shop_with_receiver().await;
    let secret = adds(&shop, &receiver, "/receipts", &["--events", "order.settled,drop.*"]);
    receiver.knows_secrets("/receipts", &[&secret]).await;
    let first = shop.shopper("0912000601");
    let order = first.buys(&drop, 1).await;
    first.sees(&order, "payment_state", "ready").await;
    shop.payos.pays(order.code).await;
    let delivery = receiver.accepts("/receipts", 1).await.remove(0);
    assert_eq!((&delivery.verified, &delivery.body["type"]), (&vec![true], &json!("order.settled")));
    let data = &delivery.body["data"];
    assert_eq!(
        (&data["order_code"], &data["state"], &data["settled"]),
        (&json!(order.code), &json!("paid"), &json!(true))
    );
    assert_eq!((&data["amount"], &data["drop"]["slug"]), (&json!(PRICE), &json!(drop.slug)));
    assert!(!delivery.body.to_string().contains("0912000601") && data.get("buyer").is_none());

    // A second secret, and the endpoint down while the origin dies.
    let rotated = secret_in(&shop.operates(&["webhook", "rotate", "1"]));
    receiver.knows_secrets("/receipts", &[&secret, &rotated]).await;
    receiver.behaves("/receipts", json!({ "mode": "refuse" })).await;
    let tries = receiver.tried("/receipts").await.len();
    shop.operates(&["drop", "pause", &drop.id.to_string()]);
    receiver.was_tried("/receipts", tries + 1).await;
    shop.kill_origin().await;
    receiver.behaves("/receipts", json!({ "mode": "accept" })).await;
    shop.restart_origin().await;
    let paused = receiver.accepts("/receipts", 2).await.remove(1);
    assert_eq!((&paused.verified, &paused.body["type"]), (&vec![true, true], &json!("drop.paused")));
    shop.operates(&["webhook", "retire-secret", "1"]);
    let listed = shop.operates(&["webhook", "list"]);
    assert!(listed.contains("enabled") && listed.contains("204"), "{listed}");
    assert!(!listed.contains(&rotated[6..]), "a secret is shown once");
    shop.finish().await;
}

#[tokio::test]
async fn an_operator_sees_what_an_endpoint_answers_and_what_waits_for_it() {
    let (shop, drop, receiver) = shop_with_receiver().await;
    adds(&shop, &receiver, "/orders", &["--events", "order.*", "--personal"]);
    let tested = shop.operates(&["webhook", "test", "1"]);
    assert!(tested.contains("204"), "{tested}");
    assert_eq!(receiver.deliveries("/orders").await[0].body["type"], "endpoint.test");
    receiver.behaves("/orders", json!({ "mode": "status", "status": 503, "retry_after": 900 })).await;
    let shopper = shop.shopper("0912000602");
    let order = shopper.buys(&drop, 1).await;
    shop.shows_metric("dropgate_outbox_retries{channel=\"webhook_1\"}", 1).await;
    shop.shows_metric("dropgate_outbox_failures_total{channel=\"webhook_1\"}", 1).await;
    shop.shows_metric("dropgate_outbox_given_up{channel=\"webhook_1\"}", 0).await;
    let waiting = shop.operates(&["delivery", "list", "--channel", "webhook_1"]);
    assert!(waiting.contains("order_placed") && waiting.contains(&order.code.to_string()), "{waiting}");
    let row = waiting.lines().nth(1).and_then(|line| line.split_whitespace().nth(1)).expect("a row").to_owned();
    let shown = shop.operates(&["delivery", "show", "webhook_1", &row]);
    assert!(shown.contains("\"tries\": 1") && shown.contains("next_try"), "{shown}");
    let (_, said) = shop.assert_refuses(&["delivery", "retry", "webhook_1", &row]);
    assert!(said.contains("delivery_not_given_up"), "{said}");
    let (_, said) = shop.assert_refuses(&["delivery", "show", "webhook_1", "999999"]);
    assert!(said.contains("delivery_not_found"), "{said}");
    let listed = shop.operates(&["webhook", "list"]);
    assert!(listed.contains("503") && listed.contains("<h1>no no") && listed.len() < 4_000, "{listed}");
    shop.operates(&["webhook", "disable", "1"]);
    assert!(shop.operates(&["webhook", "list"]).contains("disabled"));
    shop.operates(&["webhook", "remove", "1"]);
    assert_eq!(shop.operates(&["webhook", "list"]), "");
    shop.finish().await;
}

#[tokio::test]
async fn an_endpoint_in_a_private_network_or_of_no_event_is_not_added() {
    let shop = Shop::start().await;
    for (url, events, why) in [
        ("http://shop.example/hook", "order.paid", "https://"),
        ("https://10.0.0.7/hook", "order.paid", "private network"),
        ("https://169.254.169.254/latest", "order.paid", "private network"),
        ("https://[::ffff:192.168.1.1]/", "order.paid", "private network"),
        ("https://shop.example/hook", "order.bought", "there is no event"),
    ] {
        let (_, said) = shop.assert_refuses(&["webhook", "add", url, "--events", events]);
        assert!(said.contains(why), "{url} {events}: {said}");
    }
    let (_, said) = shop.assert_refuses(&["webhook", "rotate", "1"]);
    assert!(said.contains("webhook_not_found"), "{said}");
    shop.finish().await;
}

async fn shop_with_receiver() -> (Shop, OpenedDrop, WebhookReceiver) {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { price: PRICE, ..DropTerms::default() }).await;
    (shop, drop, WebhookReceiver::start().await)
}

/// The secret that the operator sees.
fn adds(shop: &Shop, receiver: &WebhookReceiver, path: &str, options: &[&str]) -> String {
    let url = receiver.url(path);
    let arguments = ["webhook", "add", &url].into_iter().chain(options.iter().copied());
    secret_in(&shop.operates(&arguments.collect::<Vec<_>>()))
}

fn secret_in(printed: &str) -> String {
    let secret = printed.lines().find_map(|line| line.strip_prefix("secret")).expect("a secret").trim();
    assert!(secret.starts_with("whsec_"), "{printed}");
    secret.to_owned()
}
