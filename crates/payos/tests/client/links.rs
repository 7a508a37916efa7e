use std::time::Duration;

use payos::{CreateLink, Error, LinkStatus, UnknownCause, sign_data};
use serde_json::{Value, json};

use crate::server::{KEY, OneReply, bind, client_of, http};

fn signed(data: &Value) -> String {
    let signature = sign_data(KEY, data).expect("signable");
    json!({ "code": "00", "desc": "success", "data": data, "signature": signature }).to_string()
}

fn link(order_code: i64) -> Value {
    json!({
        "id": "c0ffee00c0ffee00c0ffee00c0ffee00", "orderCode": order_code, "amount": 49_000,
        "amountPaid": 20_000, "amountRemaining": 29_000, "status": "UNDERPAID",
        "createdAt": "2026-11-20T10:10:00+07:00", "transactions": [{
            "reference": "FT1", "amount": 20_000, "accountNumber": "0123456789",
            "description": "DH7 ", "transactionDateTime": "2026-11-20T10:15:30+07:00",
            "counterAccountName": null,
        }], "canceledAt": null, "cancellationReason": null,
    })
}

fn created(order_code: i64, amount: i64) -> Value {
    json!({
        "bin": "970422", "accountNumber": "113366668888", "accountName": "CONG TY ABC",
        "amount": amount, "description": "DH7", "orderCode": order_code, "currency": "VND",
        "paymentLinkId": "5f0c2a7e9b1d4c3e8a6f7b8c9d0e1f2a", "status": "PENDING",
        "checkoutUrl": "https://pay.example/web/5f", "qrCode": "000201",
    })
}

fn request() -> CreateLink {
    let (return_url, cancel_url) = ("https://shop.example/return", "https://shop.example/cancel");
    CreateLink::new(1_000_001, 49_000, "DH1000001", return_url, cancel_url)
}

async fn get_with(reply: String) -> Result<payos::Link, Error> {
    OneReply::start(reply).await.client().get_link(7).await
}

#[tokio::test]
async fn a_creation_is_signed_and_carries_the_keys() {
    let server = OneReply::start(http(200, "", &signed(&created(1_000_001, 49_000)))).await;
    let made = server.client().create_link(&request()).await.expect("made");
    assert_eq!(made.status, LinkStatus::Pending);
    assert_eq!(made.expired_at, None);
    let sent = server.request().await;
    let (head, body) = sent.split_once("\r\n\r\n").expect("head and body");
    assert!(head.starts_with("POST /v2/payment-requests HTTP/1.1\r\n"), "{head}");
    let head = head.to_lowercase();
    for header in [
        "x-client-id: the-client-id",
        "x-api-key: the-api-key",
        "content-type: application/json",
        "user-agent: payos-rust/",
    ] {
        assert_eq!(head.matches(header).count(), 1, "{header} in {head}");
    }
    let body: Value = serde_json::from_str(body).expect("JSON");
    // The signature of vector `pr-ascii`.
    let signature = "f44c8d7e060a0d8eb68a47d431512bfac3885ee6beb721af0826c2e6478ffbec";
    assert_eq!(body["signature"], signature);
    assert_eq!(body["orderCode"], 1_000_001);
}

#[tokio::test]
async fn a_link_is_read_with_its_transactions() {
    let found = get_with(http(200, "", &signed(&link(7)))).await.expect("found");
    assert_eq!(found.status, LinkStatus::Underpaid);
    assert_eq!(found.created_at_ms(), Some(1_795_144_200_000));
    assert_eq!(found.transactions[0].description, "DH7 ");
    assert_eq!(found.transactions[0].transaction_time_ms(), Some(1_795_144_530_000));
}

#[tokio::test]
async fn a_cancellation_carries_its_reason_or_nothing() {
    let server = OneReply::start(http(200, "", &signed(&link(7)))).await;
    let reason = Some("hết hạn");
    server.client().cancel_link(7, reason).await.expect("closed");
    let sent = server.request().await;
    assert!(sent.starts_with("POST /v2/payment-requests/7/cancel "), "{sent}");
    assert!(sent.ends_with("\r\n\r\n{\"cancellationReason\":\"hết hạn\"}"), "{sent}");

    let server = OneReply::start(http(200, "", &signed(&link(7)))).await;
    let id = "c0ffee00c0ffee00c0ffee00c0ffee00";
    server.client().cancel_link(id, None).await.expect("closed");
    let sent = server.request().await;
    assert!(sent.starts_with(&format!("POST /v2/payment-requests/{id}/cancel ")), "{sent}");
    assert!(sent.ends_with("\r\n\r\n"), "{sent}");
}

#[tokio::test]
async fn a_webhook_registration_needs_no_signature() {
    let body = r#"{"code":"00","desc":"success","data":{"webhookUrl":"https://a.example","name":null}}"#;
    let server = OneReply::start(http(200, "", body)).await;
    let confirmed = server.client().confirm_webhook("https://a.example").await;
    assert_eq!(confirmed.expect("confirmed").webhook_url, "https://a.example");
    assert!(server.request().await.starts_with("POST /confirm-webhook "));
}

#[tokio::test]
async fn a_reply_without_a_right_signature_leaves_the_outcome_unknown() {
    let unsigned = json!({ "code": "00", "desc": "", "data": link(7) }).to_string();
    let null = json!({ "code": "00", "desc": "", "data": link(7), "signature": null }).to_string();
    let altered = signed(&link(7)).replace("20000", "49000");
    for body in [unsigned, null, altered] {
        let outcome = get_with(http(200, "", &body)).await;
        assert!(matches!(outcome, Err(Error::Unknown(UnknownCause::BadSignature))), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_signed_reply_about_another_link_is_not_taken() {
    let other = get_with(http(200, "", &signed(&link(8)))).await;
    assert!(matches!(other, Err(Error::Unknown(_))), "{other:?}");

    for data in [created(1_000_002, 49_000), created(1_000_001, 48_000)] {
        let server = OneReply::start(http(200, "", &signed(&data))).await;
        let other = server.client().create_link(&request()).await;
        assert!(matches!(other, Err(Error::Unknown(_))), "{other:?}");
    }
}

#[tokio::test]
async fn business_errors_are_refusals_at_any_status_below_500() {
    for status in [200, 400, 404] {
        let body = r#"{"code":"231","desc":"Đơn thanh toán đã tồn tại","data":null}"#;
        let error = get_with(http(status, "", body)).await.expect_err("refused");
        assert!(error.is_duplicate_order() && !error.is_not_found(), "{error:?}");
        let Error::Refused { desc, .. } = error else { panic!("{error:?}") };
        assert_eq!(desc, "Đơn thanh toán đã tồn tại");
    }
    let body = r#"{"code":"101","desc":"","data":null,"signature":null}"#;
    let error = get_with(http(200, "", body)).await.expect_err("refused");
    assert!(error.is_not_found() && !error.is_duplicate_order());
}

#[tokio::test]
async fn refused_keys_are_told_apart() {
    for (status, body) in [
        (401, r#"{"code":"401","desc":"Client ID không hợp lệ"}"#),
        (200, r#"{"code":"401","desc":"Client ID không hợp lệ"}"#),
        (403, "<html>error 1010</html>"),
    ] {
        let outcome = get_with(http(status, "", body)).await;
        assert!(matches!(outcome, Err(Error::Unauthorized { .. })), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_rate_limit_says_when_to_come_back() {
    for (headers, expected) in [
        ("retry-after: 7\r\n", Some(Duration::from_secs(7))),
        ("retry-after: Fri, 20 Nov 2026 10:00:00 GMT\r\n", None),
        ("", None),
    ] {
        let outcome = get_with(http(429, headers, "")).await;
        let Err(Error::RateLimited { retry_after }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(retry_after, expected);
    }
}

#[tokio::test]
async fn what_is_neither_success_nor_refusal_is_unknown() {
    let success = signed(&link(7));
    let long = format!("{}{success}", " ".repeat(1024 * 1024));
    let twice = success.replace("{\"code\"", "{\"code\":\"00\",\"code\"");
    for reply in [
        http(500, "", r#"{"code":"231","desc":""}"#),
        http(503, "", &success),
        http(408, "", ""),
        http(404, "", "<html>"),
        http(302, "location: http://127.0.0.1:1/\r\n", &success),
        http(200, "", "<html>"),
        http(200, "", "{}"),
        http(200, "", r#"{"code":"00","desc":"","data":null}"#),
        http(200, "", &long),
        http(200, "", &twice),
        http(200, "", &signed(&json!({ "orderCode": 7 }))),
        "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"code\":\"00\"".into(),
        String::new(),
    ] {
        let shown: String = reply.chars().take(100).collect();
        let outcome = get_with(reply).await;
        assert!(matches!(outcome, Err(Error::Unknown(_))), "{shown} gave {outcome:?}");
    }
}

#[tokio::test]
async fn silence_and_a_closed_port_leave_the_outcome_unknown() {
    let silent = bind().await;
    let outcome = client_of(&silent).create_link(&request()).await;
    assert!(
        matches!(outcome, Err(Error::Unknown(UnknownCause::Transport(ref cause))) if cause.is_timeout()),
        "{outcome:?}"
    );
    let client = client_of(&silent);
    drop(silent);
    let outcome = client.create_link(&request()).await;
    assert!(matches!(outcome, Err(Error::Unknown(_))), "{outcome:?}");
}

#[tokio::test]
async fn arguments_that_cannot_be_right_are_not_sent() {
    let client = client_of(&bind().await);
    for link_id in ["", ".", "..", "a/b", "a?b", "a%2e", &"a".repeat(129)] {
        let outcome = client.get_link(link_id).await;
        assert!(matches!(outcome, Err(Error::NotSent(_))), "{link_id}");
    }
    for order_code in [0, -1, 1 << 53] {
        let outcome = client.cancel_link(order_code, None).await;
        assert!(matches!(outcome, Err(Error::NotSent(_))), "{order_code}");
        let mut creation = request();
        creation.order_code = order_code;
        let outcome = client.create_link(&creation).await;
        assert!(matches!(outcome, Err(Error::NotSent(_))), "{order_code}");
    }
    let mut creation = request();
    creation.amount = 0;
    let outcome = client.create_link(&creation).await;
    assert!(matches!(outcome, Err(Error::NotSent(_))));
}

#[tokio::test]
async fn a_client_and_its_errors_print_no_keys() {
    let listener = bind().await;
    let client = client_of(&listener);
    drop(listener);
    let error = client.get_link(7).await.expect_err("no server listens");
    let printed = format!("{client:?} {error:?}");
    for key in ["the-client-id", "the-api-key", KEY] {
        assert!(!printed.contains(key), "{printed}");
    }
}

#[tokio::test]
async fn a_redirect_does_not_carry_the_keys_elsewhere() {
    let elsewhere = bind().await;
    let address = elsewhere.local_addr().expect("an address");
    let redirect = http(307, &format!("location: http://{address}/\r\n"), "");
    let outcome = get_with(redirect).await;
    assert!(matches!(outcome, Err(Error::Unknown(UnknownCause::Status(307)))), "{outcome:?}");
}
