//! Replies that are written in other forms, or that say something else than the truth.

use payos::{Error, LinkStatus, UnknownCause, verify_webhook};
use serde_json::{Value, json};

use super::fixture::{KEY, StandIn, order};

#[tokio::test]
async fn a_link_shows_the_status_that_was_ordered_and_decides_by_its_own() {
    let payos = StandIn::start().await;
    payos.create(7).await;
    let words = ["PROCESSING", "UNDERPAID", "FAILED", "ON_HOLD"];
    let unknown = LinkStatus::Other("ON_HOLD".into());
    let statuses = [LinkStatus::Processing, LinkStatus::Underpaid, LinkStatus::Failed, unknown];
    for (word, status) in words.into_iter().zip(statuses) {
        let (_, link) = payos.control("links/7/show", json!({ "status": word })).await;
        assert_eq!(link["status"], word);
        assert_eq!(payos.status(7).await, status);
    }
    let page = payos.http.get(&payos.base_url).send().await.expect("a page").text().await.expect("text");
    assert!(page.contains("ON_HOLD"), "{page}");
    let cancelled = payos.client.cancel_link(7, None).await.expect("open in truth");
    assert_eq!(cancelled.status, LinkStatus::Other("ON_HOLD".into()));
    payos.control("links/7/show", json!({})).await;
    assert_eq!(payos.status(7).await, LinkStatus::Cancelled);
}

#[tokio::test]
async fn a_link_shows_an_amount_that_its_transactions_do_not_add_up_to() {
    let payos = StandIn::start().await;
    payos.create(7).await;
    payos.control("links/7/pay", json!({ "amount": 9_000, "webhook": false })).await;
    payos.control("links/7/show", json!({ "amount_paid": 49_000 })).await;
    let link = payos.client.get_link(7).await.expect("known");
    assert_eq!((link.amount_paid, link.amount_remaining, link.transactions[0].amount), (49_000, 0, 9_000));
    assert_eq!(payos.control("links/7/show", json!({ "amount_paid": -1 })).await.0, 409);
    assert_eq!(payos.control("links/8/show", json!({})).await.0, 404);
    assert_eq!(payos.control("links/7/show", json!({ "state": "PAID" })).await.0, 400);
}

#[tokio::test]
async fn every_shape_of_a_reply_and_a_webhook_is_signed_as_it_stands() {
    let mut payos = StandIn::start().await;
    for (order_code, nothing, unknown_fields) in [(7, "null", true), (8, "missing", true), (9, "empty", false)] {
        let shape = json!({ "nothing": nothing, "unknown_fields": unknown_fields });
        assert_eq!(payos.control("shape", shape).await.0, 200);
        payos.create(order_code).await;
        payos.control(&format!("links/{order_code}/pay"), json!({})).await;
        payos.merchant.answer_with(200).await;
        let webhook = payos.merchant.next().await;
        verify_webhook(&webhook, KEY).expect("genuine");
        payos.client.get_link(order_code).await.expect("a genuine reply");

        let webhook: Value = serde_json::from_slice(&webhook).expect("JSON");
        let link = payos.raw_link(order_code).await;
        let expected = match nothing {
            "null" => Some(Value::Null),
            "missing" => None,
            _ => Some(json!("")),
        };
        for data in [&webhook["data"], &link["data"]["transactions"][0]] {
            assert_eq!(data.get("counterAccountName"), expected.as_ref(), "{data}");
            assert_eq!(data.get("futureNumber").is_some(), unknown_fields, "{data}");
        }
        assert_eq!(link["data"].get("canceledAt").is_none(), nothing == "missing", "{link}");
        assert_eq!(link["data"].get("futureText").is_some(), unknown_fields, "{link}");
    }
    assert_eq!(payos.control("shape", json!({ "nothing": "void" })).await.0, 400);
    let shape = payos.ask("shape").await;
    assert_eq!(shape, json!({ "nothing": "empty", "times": "mixed", "unknown_fields": false }));
}

#[tokio::test]
async fn a_forged_reply_is_noticed_for_each_call() {
    let payos = StandIn::start().await;
    let bad = json!({ "create": "bad_signature", "get": "bad_signature", "cancel": "bad_signature" });
    payos.control("behaviour", bad).await;
    let outcomes = [
        payos.client.create_link(&order(7)).await.err(),
        payos.client.get_link(7).await.err(),
        payos.client.cancel_link(7, None).await.err(),
    ];
    assert!(
        outcomes.iter().all(|error| matches!(error, Some(Error::Unknown(UnknownCause::BadSignature)))),
        "{outcomes:?}"
    );
}
