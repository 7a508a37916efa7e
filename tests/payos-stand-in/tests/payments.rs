//! Every way in which money arrives, with a webhook or without.

use payos::{Error, LinkStatus, WebhookError, verify_webhook};
use serde_json::json;

use super::fixture::{KEY, StandIn};

const QUIET: bool = false;

#[tokio::test]
async fn money_that_lands_as_the_cancel_call_arrives_makes_the_link_paid() {
    let mut payos = StandIn::start().await;
    payos.create(7).await;
    let pay_request = json!({ "when": "before_cancel", "amount": 49_000, "reference": "FT-A" });
    let (_, planned) = payos.control("links/7/pay", pay_request).await;
    assert_eq!(planned, json!({ "planned": true }));
    let read = payos.client.get_link(7).await.expect("known");
    assert_eq!((read.status, read.amount_paid), (LinkStatus::Pending, 0));

    let outcome = payos.client.cancel_link(7, None).await;
    assert!(matches!(outcome, Err(Error::Refused { .. })), "{outcome:?}");
    payos.merchant.answer_with(200).await;
    let webhook = verify_webhook(&payos.merchant.next().await, KEY).expect("genuine");
    assert_eq!((webhook.amount, webhook.reference.as_str()), (49_000, "FT-A"));
    let read = payos.client.get_link(7).await.expect("known");
    assert_eq!((read.status, read.amount_paid), (LinkStatus::Paid, 49_000));

    let _ = payos.client.cancel_link(7, None).await;
    assert_eq!(payos.client.get_link(7).await.expect("known").transactions.len(), 1, "it arrives once");
}

#[tokio::test]
async fn a_part_that_lands_as_the_cancel_call_arrives_is_in_its_reply() {
    let payos = StandIn::start().await;
    payos.create(7).await;
    let part = json!({ "when": "before_cancel", "amount": 9_000, "webhook": QUIET });
    payos.control("links/7/pay", part).await;
    let cancelled = payos.client.cancel_link(7, None).await.expect("open");
    assert_eq!((cancelled.status, cancelled.amount_paid), (LinkStatus::Cancelled, 9_000));
}

#[tokio::test]
async fn money_that_lands_behind_a_cancellation_is_seen_by_the_next_get_only() {
    let payos = StandIn::start().await;
    payos.create(7).await;
    payos.control("links/7/pay", json!({ "when": "after_cancel", "webhook": QUIET })).await;
    payos.control("behaviour", json!({ "cancel": "fail_5xx", "next": 1 })).await;
    assert!(matches!(payos.client.cancel_link(7, None).await, Err(Error::Unknown(_))));
    assert_eq!(payos.status(7).await, LinkStatus::Pending, "a call that failed moves no money");

    let cancelled = payos.client.cancel_link(7, None).await.expect("open");
    assert_eq!((cancelled.status, cancelled.amount_paid), (LinkStatus::Cancelled, 0));
    let read = payos.client.get_link(7).await.expect("known");
    assert_eq!((read.status, read.amount_paid), (LinkStatus::Cancelled, 49_000));
}

#[tokio::test]
async fn a_forged_webhook_is_about_real_money_and_has_a_wrong_signature() {
    let mut payos = StandIn::start().await;
    payos.create(7).await;
    payos.control("links/7/pay", json!({ "forged": true })).await;
    payos.merchant.answer_with(200).await;
    let outcome = verify_webhook(&payos.merchant.next().await, KEY);
    assert_eq!(outcome, Err(WebhookError::BadSignature));
    assert_eq!(payos.status(7).await, LinkStatus::Paid);

    payos.merchant.answer_with(401).await;
    let raw = json!({ "data": { "orderCode": 7, "amount": 1 }, "forged": true });
    assert_eq!(payos.control("webhooks/raw", raw).await, (200, json!({ "status": 401 })));
    let outcome = verify_webhook(&payos.merchant.next().await, KEY);
    assert_eq!(outcome, Err(WebhookError::BadSignature));
    let (status, _) = payos.control("webhooks/raw", json!({ "body": "{}", "forged": true })).await;
    assert_eq!(status, 400, "there is nothing to sign");
}

#[tokio::test]
async fn the_bank_passes_on_its_own_memo_time_and_account() {
    let mut payos = StandIn::start().await;
    payos.create(7).await;
    let at_ms = 1_795_144_200_000_i64;
    let account = json!({ "bank_id": "970422", "bank_name": "MB", "name": "NGUYỄN THỊ ÁNH", "number": "0999" });
    let pay_request = json!({ "description": "DH7 ", "at_ms": at_ms, "counter_account": account });
    payos.control("links/7/pay", pay_request).await;
    payos.merchant.answer_with(200).await;
    let webhook = verify_webhook(&payos.merchant.next().await, KEY).expect("genuine");
    let read = payos.client.get_link(7).await.expect("known");
    let read = &read.transactions[0];
    assert_eq!((webhook.description.as_str(), read.description.as_str()), ("DH7 ", "DH7 "));
    assert_eq!((webhook.transaction_time_ms(), read.transaction_time_ms()), (Some(at_ms), Some(at_ms)));
    assert_eq!(webhook.counter_account_bank_id.as_deref(), Some("970422"));
    assert_eq!(webhook.counter_account_bank_name.as_deref(), Some("MB"));
    assert_eq!(webhook.counter_account_name.as_deref(), Some("NGUYỄN THỊ ÁNH"));
    assert_eq!(read.counter_account_name, webhook.counter_account_name);
    assert_eq!(read.counter_account_number.as_deref(), Some("0999"));
}

#[tokio::test]
async fn references_may_be_empty_or_repeat_with_another_amount() {
    let payos = StandIn::start().await;
    payos.create(7).await;
    for (reference, amount) in [("", 1_000), ("", 1_000), ("FT-A", 2_000), ("FT-A", 3_000)] {
        let pay_request = json!({ "reference": reference, "amount": amount, "webhook": QUIET });
        assert_eq!(payos.control("links/7/pay", pay_request).await.0, 200);
    }
    let link = payos.client.get_link(7).await.expect("known");
    let seen: Vec<_> = link.transactions.iter().map(|paid| (paid.reference.as_str(), paid.amount)).collect();
    assert_eq!(seen, [("", 1_000), ("", 1_000), ("FT-A", 2_000), ("FT-A", 3_000)]);
    assert_eq!(link.amount_paid, 7_000);
}

#[tokio::test]
async fn money_that_cannot_be_is_refused_before_it_waits() {
    let payos = StandIn::start().await;
    payos.create(7).await;
    let refused = [
        (json!({ "when": "before_cancel", "amount": 0 }), 409),
        (json!({ "when": "sometime" }), 400),
        (json!({ "at_ms": -1 }), 400),
        (json!({ "times": 1_001 }), 400),
        (json!({ "counter_account": { "bank": "MB" } }), 400),
    ];
    for (pay_request, status) in refused {
        assert_eq!(payos.control("links/7/pay", pay_request.clone()).await.0, status, "{pay_request}");
    }
    let (status, _) = payos.control("links/8/pay", json!({ "when": "before_cancel" })).await;
    assert_eq!(status, 404);
    assert_eq!(payos.ask("webhooks").await["webhooks"], json!([]));
}
