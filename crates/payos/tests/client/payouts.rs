use payos::payouts::{ApprovalState, Batch, Payout, PayoutFilter, Post, PreparedPayout, Progress, Transfer, sign};
use payos::{Error, UnknownCause};
use serde_json::{Value, json};

use crate::server::{KEY, OneReply, bind, http, payouts_of};

fn transfer() -> Transfer {
    Transfer {
        reference_id: "RF7-1".into(),
        amount: 49_000,
        description: "Hoan tien RF7".into(),
        to_bin: "970422".into(),
        to_account_number: "0123456789".into(),
    }
}

fn prepared() -> PreparedPayout {
    PreparedPayout::single(&transfer(), &["refund"], "key-RF7-1", KEY).expect("prepared")
}

fn payout(reference_id: &str) -> Value {
    json!({
        "id": "po-7", "referenceId": reference_id, "category": ["refund"], "approvalState": "COMPLETED",
        "createdAt": "2026-11-20T10:10:00+07:00", "transactions": [{
            "id": "pt-7", "referenceId": reference_id, "amount": 49_000, "description": "Hoan tien RF7",
            "toBin": "970422", "toAccountNumber": "0123456789", "toAccountName": "NGUYỄN THỊ ÁNH",
            "reference": "FT26324", "transactionDatetime": "2026-11-20T10:15:30+07:00",
            "errorMessage": null, "errorCode": null, "state": "SUCCEEDED",
        }],
    })
}

fn page(payouts: &[Value], total: usize) -> Value {
    let count = payouts.len();
    let pagination = json!({ "limit": 100, "offset": 0, "total": total, "count": count, "hasMore": total > count });
    json!({ "payouts": payouts, "pagination": pagination })
}

fn success(data: &Value) -> String {
    json!({ "code": "00", "desc": "success", "data": data }).to_string()
}

fn signed(data: &Value) -> String {
    http(200, &format!("x-signature: {}\r\n", sign(KEY, data).expect("signable")), &success(data))
}

async fn create_with(reply: impl Into<Vec<u8>>, post: Post) -> Result<Payout, Error> {
    OneReply::start(reply).await.payouts().create(&prepared(), post).await
}

#[tokio::test]
async fn a_payout_is_sent_byte_for_byte_with_its_key_and_its_signature() {
    let server = OneReply::start(signed(&payout("RF7-1"))).await;
    let payout = prepared();
    let made = server.payouts().create(&payout, Post::First).await.expect("made");
    assert_eq!((made.id.as_str(), made.progress()), ("po-7", Progress::Paid));
    assert_eq!(made.transactions[0].reference.as_deref(), Some("FT26324"));
    assert_eq!(made.transactions[0].transaction_time_ms(), Some(1_795_144_530_000));
    let sent = server.request().await;
    let (head, body) = sent.split_once("\r\n\r\n").expect("head and body");
    assert!(head.starts_with("POST /v1/payouts/ HTTP/1.1\r\n"), "{head}");
    for header in [
        "x-client-id: the-client-id",
        "x-api-key: the-api-key",
        "content-type: application/json",
        "x-idempotency-key: key-RF7-1",
        &format!("x-signature: {}", payout.signature),
    ] {
        assert_eq!(head.matches(header).count(), 1, "{header} in {head}");
    }
    assert_eq!(body.as_bytes(), payout.body);
}

#[tokio::test]
async fn a_stored_body_is_repeated_byte_for_byte_however_it_is_written() {
    let mut payout = prepared();
    payout.body = String::from_utf8(payout.body).expect("text").replace(',', " ,\n").into_bytes();
    let stored = PreparedPayout::stored(payout.body.clone(), "key-RF7-1", KEY).expect("prepared");
    let server = OneReply::start(signed(&self::payout("RF7-1"))).await;
    server.payouts().create(&stored, Post::Repeat).await.expect("made");
    assert!(server.request().await.as_bytes().ends_with(&payout.body));
}

#[tokio::test]
async fn a_batch_goes_to_its_own_address() {
    let transfers = vec![transfer(), Transfer { reference_id: "RF8-1".into(), ..transfer() }];
    let batch =
        Batch { reference_id: "B1".into(), validate_destination: true, category: Vec::new(), payouts: transfers };
    let batch = PreparedPayout::batch(&batch, "key-B1", KEY).expect("prepared");
    let server = OneReply::start(signed(&payout("B1"))).await;
    server.payouts().create_batch(&batch, Post::First).await.expect("made");
    assert!(server.request().await.starts_with("POST /v1/payouts/batch HTTP/1.1\r\n"));

    let server = OneReply::start(String::new()).await;
    let crossed = server.payouts().create(&batch, Post::First).await;
    assert!(matches!(crossed, Err(Error::NotSent(_))), "{crossed:?}");
    let crossed = server.payouts().create_batch(&prepared(), Post::First).await;
    assert!(matches!(crossed, Err(Error::NotSent(_))), "{crossed:?}");
}

#[tokio::test]
async fn a_success_without_a_right_signature_leaves_the_outcome_unknown() {
    let data = payout("RF7-1");
    let in_the_body =
        json!({ "code": "00", "desc": "", "data": data, "signature": sign(KEY, &data).expect("signable") });
    for reply in [
        http(200, "", &success(&data)),
        http(200, "", &in_the_body.to_string()),
        http(200, &format!("x-signature: {}\r\n", "0".repeat(64)), &success(&data)),
        signed(&data).replace("49000", "48000"),
    ] {
        let outcome = create_with(reply, Post::First).await;
        assert!(matches!(outcome, Err(Error::Unknown(UnknownCause::BadSignature))), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_signed_reply_about_another_payout_is_not_taken() {
    let change = |key: &str, value: Value| {
        let mut other = payout("RF7-1");
        other["transactions"][0][key] = value;
        other
    };
    let mut twice = payout("RF7-1");
    twice["transactions"] = json!([twice["transactions"][0], twice["transactions"][0]]);
    for other in [
        payout("RF7-2"),
        change("amount", json!(48_000)),
        change("toBin", json!("970436")),
        change("toAccountNumber", json!("0123456780")),
        twice,
    ] {
        let outcome = create_with(signed(&other), Post::First).await;
        assert!(matches!(outcome, Err(Error::Unknown(UnknownCause::UnreadableReply(_)))), "{outcome:?}");
    }
    let other = OneReply::start(signed(&payout("RF7-1"))).await.payouts().get("po-8").await;
    assert!(matches!(other, Err(Error::Unknown(_))), "{other:?}");
}

#[tokio::test]
async fn only_what_surely_did_nothing_is_a_refusal_and_only_of_a_first_post() {
    for (status, code, unauthorized) in [
        (200, "20", false),
        (200, "201", false),
        (200, "601", true),
        (400, "AMOUNT", false),
        (401, "401", true),
        (403, "403", true),
        (404, "404", false),
    ] {
        let body = json!({ "code": code, "desc": "declined", "data": null }).to_string();
        let outcome = create_with(http(status, "", &body), Post::First).await;
        match outcome {
            Err(Error::Unauthorized { .. }) if unauthorized => {}
            Err(Error::Refused { code: ref told, .. }) if !unauthorized => assert_eq!(told, code),
            other => panic!("{status} {code} gave {other:?}"),
        }
        let outcome = create_with(http(status, "", &body), Post::Repeat).await;
        assert!(matches!(outcome, Err(Error::Unknown(UnknownCause::NotDecisive { .. }))), "{outcome:?}");
    }
    let outcome = create_with(http(403, "", "<html>"), Post::First).await;
    assert!(matches!(outcome, Err(Error::Unauthorized { .. })), "{outcome:?}");
}

#[tokio::test]
async fn what_is_neither_success_nor_refusal_is_unknown() {
    let data = payout("RF7-1");
    let coded = |status, code: &str| http(status, "", &json!({ "code": code, "desc": "", "data": null }).to_string());
    let named = json!({ "code": "20", "desc": "Idempotency key was used", "data": null }).to_string();
    for reply in [
        coded(200, "BALANCE_NOT_ENOUGH"),
        coded(200, "401"),
        coded(200, "429"),
        coded(400, "DUPLICATE_IDEMPOTENCY_KEY"),
        coded(400, "00"),
        coded(409, "409"),
        coded(422, "422"),
        coded(429, "20"),
        coded(500, "20"),
        coded(503, "00"),
        http(200, "", &named),
        http(408, "", ""),
        http(429, "retry-after: 7\r\n", ""),
        http(302, "location: http://127.0.0.1:1/\r\n", ""),
        http(200, "", "<html>"),
        http(200, "", "{}"),
        coded(200, "00"),
        signed(&data).replace("{\"code\"", "{\"code\":\"00\",\"code\""),
        signed(&json!({ "id": "po-7" })),
        "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"code\":\"00\"".into(),
        String::new(),
    ] {
        let shown: String = reply.chars().take(120).collect();
        let outcome = create_with(reply, Post::First).await;
        assert!(matches!(outcome, Err(Error::Unknown(_))), "{shown} gave {outcome:?}");
    }
}

#[tokio::test]
async fn silence_and_a_closed_port_leave_the_outcome_unknown() {
    let silent = bind().await;
    let payouts = payouts_of(&silent);
    let outcome = payouts.create(&prepared(), Post::First).await;
    assert!(
        matches!(outcome, Err(Error::Unknown(UnknownCause::Transport(ref cause))) if cause.is_timeout()),
        "{outcome:?}"
    );
    drop(silent);
    let outcome = payouts.create(&prepared(), Post::First).await;
    assert!(matches!(outcome, Err(Error::Unknown(UnknownCause::Transport(_)))), "{outcome:?}");
}

#[tokio::test]
async fn states_that_this_crate_does_not_know_are_in_flight() {
    let mut strange = payout("RF7-1");
    strange["approvalState"] = json!("SPLIT");
    strange["transactions"][0]["state"] = json!("TELEPORTED");
    let found = OneReply::start(signed(&strange)).await.payouts().get("po-7").await.expect("found");
    assert_eq!(found.approval_state, ApprovalState::Other("SPLIT".into()));
    assert_eq!(found.progress(), Progress::InFlight);
}

#[tokio::test]
async fn a_payout_is_found_by_its_whole_reference_only() {
    for (payouts, found) in [
        (vec![], 0),
        (vec![payout("RF7-1")], 1),
        (vec![payout("RF7-10"), payout("RF7-1")], 1),
        (vec![payout("RF7-10")], 0),
        (vec![payout("RF7-1"), payout("RF7-1")], 2),
    ] {
        let server = OneReply::start(signed(&page(&payouts, payouts.len()))).await;
        assert_eq!(server.payouts().find("RF7-1").await.expect("a list").len(), found);
        let sent = server.request().await;
        assert!(sent.starts_with("GET /v1/payouts?referenceId=RF7-1&limit=100 HTTP/1.1\r\n"), "{sent}");
    }
}

#[tokio::test]
async fn a_list_that_is_not_whole_finds_nothing_and_does_not_say_that_nothing_is_there() {
    for data in [page(&[], 1), page(&[payout("RF7-1")], 2), page(&[payout("RF7-1")], 0)] {
        let outcome = OneReply::start(signed(&data)).await.payouts().find("RF7-1").await;
        assert!(matches!(outcome, Err(Error::Unknown(_))), "{outcome:?}");
    }
    let data = page(&[payout("RF7-1")], 2);
    let listed = OneReply::start(signed(&data)).await.payouts().list(&PayoutFilter::default()).await.expect("a page");
    assert_eq!((listed.payouts.len(), listed.pagination.has_more), (1, true));
    let unsigned = OneReply::start(http(200, "", &success(&data))).await.payouts().find("RF7-1").await;
    assert!(matches!(unsigned, Err(Error::Unknown(UnknownCause::BadSignature))), "{unsigned:?}");
}

#[tokio::test]
async fn a_balance_is_signed_text_and_an_estimate_an_unsigned_number() {
    let account = json!({ "accountNumber": "1", "accountName": "CTY AN", "currency": "VND", "balance": "5000000" });
    let server = OneReply::start(signed(&account)).await;
    assert_eq!(server.payouts().balance().await.expect("a balance").balance, 5_000_000);
    assert!(server.request().await.starts_with("GET /v1/payouts-account/balance HTTP/1.1\r\n"));
    let unsigned = OneReply::start(http(200, "", &success(&account))).await.payouts().balance().await;
    assert!(matches!(unsigned, Err(Error::Unknown(UnknownCause::BadSignature))), "{unsigned:?}");

    let server = OneReply::start(http(200, "", &success(&json!({ "estimateCredit": 49_550 })))).await;
    assert_eq!(server.payouts().estimate_credit(&prepared()).await.expect("an estimate"), 49_550);
    let sent = server.request().await;
    assert!(sent.starts_with("POST /v1/payouts/estimate-credit HTTP/1.1\r\n"), "{sent}");
    assert!(sent.contains("x-signature: ") && !sent.contains("x-idempotency-key"), "{sent}");
}

#[tokio::test]
async fn arguments_that_cannot_be_right_are_not_sent() {
    let payouts = payouts_of(&bind().await);
    for id in ["", "..", "a/b", "a?b"] {
        let outcome = payouts.get(id).await;
        assert!(matches!(outcome, Err(Error::NotSent(_))), "{id}");
    }
    assert!(matches!(payouts.find("a&b").await, Err(Error::NotSent(_))));
}

#[tokio::test]
async fn a_payout_channel_is_not_called_by_ipv6() {
    let Ok(listener) = tokio::net::TcpListener::bind("[::1]:0").await else {
        // This machine has no IPv6, and then there is nothing to avoid.
        return;
    };
    let outcome = payouts_of(&listener).balance().await;
    assert!(
        matches!(outcome, Err(Error::Unknown(UnknownCause::Transport(ref cause))) if cause.is_connect()),
        "{outcome:?}"
    );
}
