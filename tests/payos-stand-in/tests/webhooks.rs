use payos::{Error, LinkStatus, UnknownCause, verify_webhook};
use serde_json::{Value, json};

use super::fixture::{DEADLINE, KEY, StandIn};

#[tokio::test]
async fn a_webhook_is_repeated_until_it_is_accepted() {
    let mut payos = StandIn::start().await;
    payos.create(7).await;
    payos.control("links/7/pay", json!({})).await;
    payos.merchant.answer_with(503).await;
    let first = payos.merchant.next().await;
    payos.merchant.answer_with(204).await;
    assert_eq!(payos.merchant.next().await, first);
    let accepted = async {
        loop {
            let delivery = payos.ask("webhooks").await["webhooks"][0].clone();
            if delivery["state"] == "accepted" {
                return delivery;
            }
            tokio::task::yield_now().await;
        }
    };
    let delivery = tokio::time::timeout(DEADLINE, accepted).await.expect("accepted");
    let attempts = delivery["attempts"].as_array().expect("a list");
    let statuses: Vec<&Value> = attempts.iter().map(|attempt| &attempt["status"]).collect();
    assert_eq!(statuses, [503, 204]);
}

#[tokio::test]
async fn a_webhook_can_be_delivered_many_times_at_once() {
    let mut payos = StandIn::start().await;
    payos.create(7).await;
    let (_, paid) = payos.control("links/7/pay", json!({ "times": 5 })).await;
    assert_eq!(paid["webhooks"], 5);
    // All five are under way before the first is answered.
    let mut bodies = Vec::new();
    for _ in 0..5 {
        bodies.push(payos.merchant.next().await);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert_eq!(payos.client.get_link(7).await.expect("known").transactions.len(), 1);
}

#[tokio::test]
async fn a_webhook_address_is_registered_when_it_accepts_the_sample() {
    let mut payos = StandIn::start().await;
    let url = payos.merchant.url.clone();
    payos.merchant.answer_with(500).await;
    let other = format!("{url}?other");
    let outcome = payos.client.confirm_webhook(&other).await;
    assert!(matches!(outcome, Err(Error::Unknown(UnknownCause::Status(500)))), "{outcome:?}");
    assert_eq!(payos.ask("webhooks").await["url"], url);
    let sample = verify_webhook(&payos.merchant.next().await, KEY).expect("signed");
    assert!(sample.is_confirm_probe());

    payos.merchant.answer_with(200).await;
    let confirmed = payos.client.confirm_webhook(&other).await.expect("accepted");
    assert_eq!(confirmed.webhook_url, other);
    assert_eq!(payos.ask("webhooks").await["url"], other);
}

#[tokio::test]
async fn arbitrary_webhooks_can_be_sent_and_answer_with_a_status() {
    let mut payos = StandIn::start().await;
    payos.merchant.answer_with(400).await;
    let sent = payos.control("webhooks/raw", json!({ "body": "not json" })).await;
    assert_eq!(sent, (200, json!({ "status": 400 })));
    assert_eq!(payos.merchant.next().await, "not json");

    payos.merchant.answer_with(200).await;
    let data = json!({ "orderCode": 404, "amount": 1 });
    payos.control("webhooks/raw", json!({ "data": data })).await;
    let payment = verify_webhook(&payos.merchant.next().await, KEY).expect("signed");
    assert_eq!(payment.order_code, 404);

    let no_merchant = json!({ "body": "x", "to": "http://127.0.0.1:1/" });
    let sent = payos.control("webhooks/raw", no_merchant).await;
    assert_eq!(sent, (200, json!({ "status": null })));
}

#[tokio::test]
async fn switched_off_no_webhook_reports_a_payment_by_call_by_click_or_by_plan() {
    let mut payos = StandIn::start().await;
    let (_, off) = payos.control("webhooks", json!({ "enabled": false })).await;
    assert_eq!((&off["enabled"], &off["webhooks"]), (&json!(false), &json!([])));
    let clicked = payos.create(7).await.payment_link_id;
    payos.click(&format!("/web/{clicked}/pay")).await;
    payos.create(8).await;
    let (_, paid) = payos.control("links/8/pay", json!({ "times": 3 })).await;
    assert_eq!(paid["webhooks"], 0);
    payos.create(9).await;
    payos.control("links/9/pay", json!({ "when": "before_cancel" })).await;
    payos.client.cancel_link(9, None).await.expect_err("paid by now");
    for order_code in [7, 8, 9] {
        assert_eq!(payos.status(order_code).await, LinkStatus::Paid, "{order_code}");
    }
    assert_eq!(payos.ask("webhooks").await["webhooks"], json!([]));

    payos.merchant.answer_with(200).await;
    let url = payos.merchant.url.clone();
    payos.client.confirm_webhook(&url).await.expect("the merchant asked for this one");
    assert!(verify_webhook(&payos.merchant.next().await, KEY).expect("signed").is_confirm_probe());
    payos.control("webhooks", json!({ "enabled": true })).await;
    payos.control("links/8/pay", json!({ "amount": 1 })).await;
    payos.merchant.answer_with(200).await;
    assert_eq!(verify_webhook(&payos.merchant.next().await, KEY).expect("signed").amount, 1);
    assert_eq!(payos.control("webhooks", json!({})).await.0, 400);
}

#[tokio::test]
async fn switching_off_ends_the_repeats_that_are_under_way() {
    let mut payos = StandIn::start().await;
    payos.create(7).await;
    payos.control("links/7/pay", json!({})).await;
    payos.merchant.next().await;
    payos.control("webhooks", json!({ "enabled": false })).await;
    payos.merchant.answer_with(503).await;
    let ends = async {
        loop {
            let delivery = payos.ask("webhooks").await["webhooks"][0].clone();
            if delivery["state"] == "given_up" {
                return delivery;
            }
            tokio::task::yield_now().await;
        }
    };
    let delivery = tokio::time::timeout(DEADLINE, ends).await.expect("given up");
    assert_eq!(delivery["attempts"].as_array().map(Vec::len), Some(1));
}
