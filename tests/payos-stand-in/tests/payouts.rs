use payos::payouts::{
    ApprovalState, Batch, Client, Payout, PayoutFilter, Post, PreparedPayout, Progress, TransactionState, Transfer,
};
use payos::{Config, Error, UnknownCause};
use serde_json::{Value, json};

use super::fixture::{PAYOUT_KEY, StandIn};

fn transfer(reference_id: &str) -> Transfer {
    Transfer {
        reference_id: reference_id.into(),
        amount: 49_000,
        description: "Hoan tien RF7".into(),
        to_bin: "970422".into(),
        to_account_number: "0123456789".into(),
    }
}

fn prepared(reference_id: &str) -> PreparedPayout {
    PreparedPayout::single(&transfer(reference_id), &["refund"], reference_id, PAYOUT_KEY).expect("prepared")
}

async fn make(client: &Client, reference_id: &str) -> Result<Payout, Error> {
    client.create(&prepared(reference_id), Post::First).await
}

async fn balance(client: &Client) -> i64 {
    client.balance().await.expect("a balance").balance
}

#[tokio::test]
async fn a_payout_leaves_the_balance_and_succeeds_with_a_bank_reference_and_a_name() {
    let payos = StandIn::start().await;
    let client = payos.payouts();
    let before = balance(&client).await;
    let made = make(&client, "RF7-1").await.expect("made");
    assert_eq!((made.progress(), &made.transactions[0].state), (Progress::InFlight, &TransactionState::Received));
    assert_eq!(balance(&client).await, before - 49_000);

    let success = json!({ "state": "SUCCEEDED", "reference": "FT1", "account_name": "NGUYEN VAN A" });
    assert_eq!(payos.control("payouts/RF7-1/move", success).await.0, 200);
    let read = client.get(&made.id).await.expect("known");
    assert_eq!((read.progress(), &read.approval_state), (Progress::Paid, &ApprovalState::Completed));
    let paid = &read.transactions[0];
    assert_eq!((paid.reference.as_deref(), paid.to_account_name.as_deref()), (Some("FT1"), Some("NGUYEN VAN A")));
    assert!(paid.transaction_time_ms().is_some() && read.created_at_ms().is_some());
    assert_eq!(client.find("RF7-1").await.expect("a list"), [read]);
    assert_eq!(balance(&client).await, before - 49_000);
}

#[tokio::test]
async fn money_that_did_not_stay_away_is_back_in_the_balance() {
    let payos = StandIn::start().await;
    let client = payos.payouts();
    let before = balance(&client).await;
    for (reference, states, progress) in [
        ("RF1-1", &["FAILED"][..], Progress::NotPaid),
        ("RF2-1", &["CANCELLED"], Progress::NotPaid),
        ("RF3-1", &["SUCCEEDED", "REVERSED"], Progress::Reversed),
        ("RF4-1", &["ON_HOLD", "FAILED"], Progress::NotPaid),
    ] {
        let made = make(&client, reference).await.expect("made");
        for state in states {
            assert_eq!(balance(&client).await, before - 49_000, "{state}");
            payos.control(&format!("payouts/{reference}/move"), json!({ "state": state, "error_code": "E1" })).await;
        }
        let read = client.get(&made.id).await.expect("known");
        assert_eq!((read.progress(), balance(&client).await), (progress, before), "{states:?}");
        assert_eq!(read.transactions[0].error_code.as_deref(), Some("E1"));
    }
    let (_, strange) = payos.control("payouts/RF1-1/move", json!({ "state": "LOST", "approval_state": "SPLIT" })).await;
    assert_eq!((&strange["transactions"][0]["state"], &strange["approvalState"]), (&json!("LOST"), &json!("SPLIT")));
    assert_eq!(payos.control("payouts/RF9-1/move", json!({})).await.0, 404);
    assert_eq!(payos.control("payouts/RF1-1/move", json!({ "status": "FAILED" })).await.0, 400);
}

#[tokio::test]
async fn a_key_makes_one_payout_however_often_it_comes() {
    let payos = StandIn::start().await;
    let client = payos.payouts();
    let payout = prepared("RF7-1");
    let first = client.create(&payout, Post::First).await.expect("made");
    payos.control("payouts/RF7-1/move", json!({ "state": "SUCCEEDED" })).await;
    assert_eq!(client.create(&payout, Post::Repeat).await.expect("the first reply"), first);

    payos.control("payout-channel", json!({ "replay": "error" })).await;
    for post in [Post::First, Post::Repeat] {
        let outcome = client.create(&payout, post).await;
        assert!(matches!(outcome, Err(Error::Unknown(UnknownCause::NotDecisive { .. }))), "{outcome:?}");
    }
    payos.control("payout-channel", json!({ "replay": "first_reply" })).await;
    let other = PreparedPayout::single(&transfer("RF7-2"), &[], "RF7-1", PAYOUT_KEY).expect("prepared");
    let outcome = client.create(&other, Post::First).await;
    assert!(matches!(outcome, Err(Error::Unknown(UnknownCause::NotDecisive { .. }))), "{outcome:?}");
    assert_eq!(payos.ask("payouts").await["payouts"].as_array().expect("a list").len(), 1);

    let again = PreparedPayout::single(&transfer("RF7-1"), &[], "another-key", PAYOUT_KEY).expect("prepared");
    client.create(&again, Post::First).await.expect("a second payout");
    assert_eq!(client.find("RF7-1").await.expect("a list").len(), 2);
}

#[tokio::test]
async fn calls_take_effect_or_not_as_was_ordered_and_the_caller_cannot_tell() {
    let payos = StandIn::start().await;
    let client = payos.payouts();
    for (index, (mode, made)) in [
        ("fail_5xx", false),
        ("rate_limited", false),
        ("down", false),
        ("done_then_5xx", true),
        ("silent", true),
        ("unsigned", true),
        ("bad_signature", true),
    ]
    .into_iter()
    .enumerate()
    {
        let reference = format!("RF{index}-1");
        payos.control("payout-behaviour", json!({ "create": mode, "next": 1 })).await;
        let outcome = make(&client, &reference).await;
        assert!(matches!(outcome, Err(Error::Unknown(_))), "{mode} gave {outcome:?}");
        assert_eq!(client.find(&reference).await.expect("a list").len(), usize::from(made), "{mode}");
        client.create(&prepared(&reference), Post::Repeat).await.expect("the same payout");
        assert_eq!(client.find(&reference).await.expect("a list").len(), 1, "{mode}");
    }
    let unsigned = json!({ "get": "unsigned", "list": "unsigned", "balance": "unsigned" });
    payos.control("payout-behaviour", unsigned).await;
    let outcomes = [client.get("any").await.err(), client.find("RF0-1").await.err(), client.balance().await.err()];
    assert!(outcomes.iter().all(|error| matches!(error, Some(Error::Unknown(_)))), "{outcomes:?}");
    assert_eq!(payos.control("payout-behaviour", json!({ "cancel": "ok" })).await.0, 400);
    assert_eq!(payos.ask("payout-behaviour").await["calls"]["create"], 14);
}

#[tokio::test]
async fn a_forgotten_payout_is_made_again_by_the_same_key() {
    let payos = StandIn::start().await;
    let client = payos.payouts();
    let first = make(&client, "RF7-1").await.expect("made");
    assert_eq!(payos.control("payouts/RF7-1/forget", json!({})).await.0, 200);
    assert_eq!(client.find("RF7-1").await.expect("a list"), []);
    let second = client.create(&prepared("RF7-1"), Post::Repeat).await.expect("made");
    assert_ne!(first.id, second.id);
    assert_eq!(payos.control("payouts/RF9-1/forget", json!({})).await.0, 404);
}

#[tokio::test]
async fn wrong_keys_a_wrong_address_and_a_wrong_signature_are_refused_before_anything_happens() {
    let payos = StandIn::start().await;
    let client = payos.payouts();
    let with = |client_id: &str, api_key: &str| {
        let mut config = Config::new(client_id, api_key, PAYOUT_KEY);
        config.base_url.clone_from(&payos.base_url);
        Client::new(config).expect("a client")
    };
    for stranger in [with("client", "api-key"), with("payout-client", "api-key")] {
        let outcome = make(&stranger, "RF7-1").await;
        assert!(matches!(outcome, Err(Error::Unauthorized { .. })), "{outcome:?}");
    }
    let forged = PreparedPayout { signature: "0".repeat(64), ..prepared("RF7-1") };
    let outcome = client.create(&forged, Post::First).await;
    assert!(matches!(outcome, Err(Error::Refused { ref code, .. }) if code == "201"), "{outcome:?}");
    let strange = br#"{"referenceId":"RF7-1","amount":1,"description":"a","toBin":"970422","toAccountNumber":"1","toAccountName":"A"}"#;
    let strange = PreparedPayout::stored(strange.to_vec(), "key", PAYOUT_KEY).expect("prepared");
    let outcome = client.create(&strange, Post::First).await;
    assert!(matches!(outcome, Err(Error::Refused { ref code, .. }) if code == "20"), "{outcome:?}");
    payos.control("payout-channel", json!({ "ip_refused": true })).await;
    let outcome = make(&client, "RF7-1").await;
    assert!(matches!(outcome, Err(Error::Unauthorized { .. })), "{outcome:?}");
    payos.control("payout-channel", json!({ "ip_refused": false, "balance": 48_999 })).await;
    let outcome = make(&client, "RF7-1").await;
    assert!(matches!(outcome, Err(Error::Unknown(UnknownCause::NotDecisive { .. }))), "{outcome:?}");
    assert_eq!(payos.ask("payouts").await["payouts"], json!([]));
}

#[tokio::test]
async fn the_transfers_of_a_batch_go_their_own_ways() {
    let payos = StandIn::start().await;
    let client = payos.payouts();
    let payouts = vec![transfer("RF7-1"), transfer("RF8-1")];
    let batch = Batch { reference_id: "B1".into(), validate_destination: true, category: Vec::new(), payouts };
    let batch = PreparedPayout::batch(&batch, "B1", PAYOUT_KEY).expect("prepared");
    assert_eq!(client.estimate_credit(&batch).await.expect("an estimate"), 98_000);
    assert_eq!(client.estimate_credit(&prepared("RF7-1")).await.expect("an estimate"), 49_000);
    let made = client.create_batch(&batch, Post::First).await.expect("made");
    payos.control("payouts/B1/move", json!({ "state": "SUCCEEDED", "reference_id": "RF7-1" })).await;
    payos.control("payouts/B1/move", json!({ "state": "FAILED", "reference_id": "RF8-1" })).await;
    let read = client.get(&made.id).await.expect("known");
    assert_eq!(read.approval_state, ApprovalState::PartialCompleted);
    let progress: Vec<Progress> = read.transactions.iter().map(|made| read.progress_of(made)).collect();
    assert_eq!(progress, [Progress::Paid, Progress::NotPaid]);
}

#[tokio::test]
async fn a_list_has_pages_and_filters() {
    let payos = StandIn::start().await;
    let client = payos.payouts();
    for number in 0..12 {
        make(&client, &format!("RF{number}-1")).await.expect("made");
    }
    payos.control("payouts/RF3-1/move", json!({ "state": "FAILED" })).await;
    let list = async |filter: PayoutFilter<'_>| client.list(&filter).await.expect("a page");
    let page = list(PayoutFilter::default()).await;
    assert_eq!((page.payouts.len(), page.pagination.total, page.pagination.has_more), (10, 12, true));
    let page = list(PayoutFilter { offset: 10, ..PayoutFilter::default() }).await;
    assert_eq!((page.payouts.len(), page.pagination.count, page.pagination.has_more), (2, 2, false));
    let failed = list(PayoutFilter { approval_state: Some(ApprovalState::Failed), ..PayoutFilter::default() }).await;
    assert_eq!(failed.payouts[0].reference_id, "RF3-1");
    let other = list(PayoutFilter { category: &["salary"], ..PayoutFilter::default() }).await;
    assert_eq!(other.payouts, []);
    let refunds = list(PayoutFilter { category: &["salary", "refund"], from_ms: Some(0), ..PayoutFilter::default() });
    assert_eq!(refunds.await.pagination.total, 12);
    let old = list(PayoutFilter { to_ms: Some(0), ..PayoutFilter::default() }).await;
    assert_eq!(old.pagination.total, 0);
    assert_eq!(client.find("RF1-1").await.expect("a list").len(), 1);
}

#[tokio::test]
async fn the_page_shows_what_left_and_to_whom_and_decides_by_a_click_once() {
    let payos = StandIn::start().await;
    let client = payos.payouts();
    let made = make(&client, "RF7-1").await.expect("made");
    let page = async || {
        let answer = payos.http.get(format!("{}/payouts", payos.base_url)).send().await.expect("a page");
        answer.text().await.expect("text")
    };
    let text = page().await;
    for shown in ["RF7-1", "49.000 ₫", "0123456789", "MB Bank", "970422", "RECEIVED", "999.951.000 ₫"] {
        assert!(text.contains(shown), "{shown} in {text}");
    }
    assert_eq!(payos.click(&format!("/payouts/{}/succeed", made.id)).await, "/payouts");
    assert_eq!(payos.click(&format!("/payouts/{}/fail", made.id)).await, "/payouts");
    assert_eq!(client.get(&made.id).await.expect("known").progress(), Progress::Paid);
    payos.control("payouts/RF7-1/move", json!({ "account_name": "<b>" })).await;
    let text = page().await;
    assert!(text.contains("&lt;b&gt;") && !text.contains("<form"), "{text}");
}

#[tokio::test]
async fn payouts_succeed_when_they_are_read_if_that_was_ordered() {
    let payos = StandIn::start().await;
    let client = payos.payouts();
    payos.control("payout-channel", json!({ "succeed_when_read": true })).await;
    let made = make(&client, "RF7-1").await.expect("made");
    assert_eq!(made.progress(), Progress::InFlight);
    assert_eq!(client.get(&made.id).await.expect("known").progress(), Progress::Paid);
}

#[tokio::test]
async fn every_shape_of_a_payout_is_signed_as_it_stands() {
    let payos = StandIn::start().await;
    let client = payos.payouts();
    let made = make(&client, "RF7-1").await.expect("made");
    payos.control("payouts/RF7-1/move", json!({ "state": "SUCCEEDED", "account_name": "NGUYỄN THỊ ÁNH" })).await;
    for (nothing, times, unknown_fields) in
        [("missing", "utc", true), ("null", "wall", true), ("null", "offset", false)]
    {
        let shape: Value = json!({ "nothing": nothing, "times": times, "unknown_fields": unknown_fields });
        payos.control("shape", shape).await;
        let read = client.get(&made.id).await.expect("a genuine reply");
        assert_eq!(read.transactions[0].to_account_name.as_deref(), Some("NGUYỄN THỊ ÁNH"));
        assert!(read.created_at_ms().is_some() && read.transactions[0].transaction_time_ms().is_some());
        assert_eq!(client.find("RF7-1").await.expect("a genuine reply").len(), 1);
    }
}
