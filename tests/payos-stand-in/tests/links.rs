use payos::{Error, LinkStatus, SAFE_INTEGER_MAX, verify_webhook};
use serde_json::{Value, json};

use super::fixture::{KEY, StandIn, client, order};

#[tokio::test]
async fn a_link_is_created_and_paid_and_its_webhook_sent() {
    let mut payos = StandIn::start().await;
    let mut request = order(7);
    request.expired_at = Some(2_000_000_000);
    let created = payos.client.create_link(&request).await.expect("created");
    assert_eq!(created.status, LinkStatus::Pending);
    assert_eq!(created.expired_at, Some(2_000_000_000));
    assert!(created.qr_code.starts_with("000201010212"), "{}", created.qr_code);
    assert!(created.checkout_url.starts_with(&format!("{}/web/", payos.base_url)));

    let (status, paid) = payos.control("links/7/pay", json!({ "reference": "FT-A" })).await;
    assert_eq!((status, paid), (200, json!({ "reference": "FT-A", "amount": 49_000, "webhooks": 1 })));
    payos.merchant.answer_with(200).await;
    let webhook = payos.merchant.next().await;
    let payment = verify_webhook(&webhook, KEY).expect("genuine");
    assert_eq!((payment.order_code, payment.amount), (7, 49_000));
    assert_eq!(payment.payment_link_id, created.payment_link_id);

    let link = payos.client.get_link(created.payment_link_id.as_str()).await.expect("known");
    assert_eq!((link.status.clone(), link.amount_remaining), (LinkStatus::Paid, 0));
    assert!(link.created_at.ends_with("+07:00"), "{}", link.created_at);
    let transaction = &link.transactions[0];
    assert_eq!((transaction.reference.as_str(), payment.reference.as_str()), ("FT-A", "FT-A"));
    assert_eq!(transaction.transaction_time_ms(), payment.transaction_time_ms());
    assert!(link.created_at_ms() <= payment.transaction_time_ms());
}

#[tokio::test]
async fn refusals_have_the_codes_of_payos() {
    let payos = StandIn::start().await;
    payos.create(7).await;
    let error = payos.client.create_link(&order(7)).await.expect_err("used");
    assert!(error.is_duplicate_order(), "{error:?}");
    let error = payos.client.get_link(8).await.expect_err("unknown");
    assert!(error.is_not_found(), "{error:?}");

    let mut long = order(9);
    long.description = "x".repeat(26);
    let mut past = order(9);
    past.expired_at = Some(1_000_000_000);
    let mut long_ago = order(9);
    long_ago.expired_at = Some(i64::MIN);
    let mut nowhere = order(9);
    nowhere.return_url = "shop".into();
    for request in [long, past, long_ago, nowhere] {
        let outcome = payos.client.create_link(&request).await;
        assert!(matches!(&outcome, Err(Error::Refused { code, .. }) if code == "20"), "{outcome:?}");
    }
    let stranger = client(&payos.base_url, "api-key", "another-key");
    let outcome = stranger.create_link(&order(9)).await;
    assert!(matches!(&outcome, Err(Error::Refused { code, .. }) if code == "201"), "{outcome:?}");
    let stranger = client(&payos.base_url, "another-key", KEY);
    let outcome = stranger.get_link(7).await;
    assert!(matches!(outcome, Err(Error::Unauthorized { .. })), "{outcome:?}");
    assert!(payos.client.get_link(9).await.is_err_and(|error| error.is_not_found()));
}

#[tokio::test]
async fn only_an_open_link_can_be_cancelled() {
    let payos = StandIn::start().await;
    payos.create(7).await;
    let cancelled = payos.client.cancel_link(7, Some("hết hạn")).await.expect("open");
    assert_eq!(cancelled.status, LinkStatus::Cancelled);
    assert_eq!(cancelled.cancellation_reason.as_deref(), Some("hết hạn"));
    assert!(cancelled.canceled_at.is_some());

    payos.create(8).await;
    payos.client.cancel_link(8, None).await.expect("open, and an empty body is fine");
    payos.create(9).await;
    payos.control("links/9/pay", json!({ "webhook": false })).await;
    for closed in [7, 8, 9] {
        let outcome = payos.client.cancel_link(closed, None).await;
        assert!(matches!(outcome, Err(Error::Refused { .. })), "{outcome:?}");
    }
}

#[tokio::test]
async fn money_arrives_in_parts_in_excess_and_too_late() {
    let payos = StandIn::start().await;
    payos.create(7).await;
    let pay = async |body: Value| payos.control("links/7/pay", body).await;
    pay(json!({ "amount": 9_000, "webhook": false })).await;
    assert_eq!(payos.status(7).await, LinkStatus::Underpaid);
    pay(json!({ "amount": 41_000, "webhook": false })).await;
    let link = payos.client.get_link(7).await.expect("known");
    assert_eq!((link.status, link.amount_remaining), (LinkStatus::Paid, -1_000));
    let (status, _) = pay(json!({ "webhook": false })).await;
    assert_eq!(status, 409, "nothing is left");
    for amount in [0, -1, SAFE_INTEGER_MAX] {
        let (status, _) = payos.control("links/7/pay", json!({ "amount": amount })).await;
        assert_eq!(status, 409, "{amount}");
    }

    payos.create(8).await;
    payos.client.cancel_link(8, None).await.expect("open");
    let (status, _) = payos.control("links/8/pay", json!({ "webhook": false })).await;
    assert_eq!(status, 200);
    let link = payos.client.get_link(8).await.expect("known");
    assert_eq!((link.status, link.amount_paid), (LinkStatus::Cancelled, 49_000));
}

#[tokio::test]
async fn a_memo_may_get_a_prefix() {
    let payos = StandIn::start_with(true).await;
    let created = payos.create(7).await;
    assert_eq!(created.description, "CS000000007 DH<7>");
    assert!(created.qr_code.contains(&created.description), "{}", created.qr_code);
}
