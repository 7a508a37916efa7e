use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::{DropId, Jti, OrderCode, Region, Sid, Sub, Timestamp};
use edge_protocol::limits::{BODY_BYTES_MAX, WEBHOOK_BYTES_MAX};
use edge_protocol::{
    AdminClaims, KeyRing, OrderClaims, PurchaseClaims, Ring, Role, mint_admin, mint_order, mint_purchase, mint_webhook,
};
use harness::LoneOrigin;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// The origin would wait ten seconds for a body.
const BEFORE_ANY_BODY: Duration = Duration::from_secs(8);

const HUGE: &str = "content-length: 1000000000000";

#[tokio::test]
async fn without_a_token_every_address_and_method_gets_the_same_bytes() {
    let origin = started().await;
    let now = now();
    let old_order = OrderClaims { order_code: OrderCode(1), sid: None };
    let revoked = Jti([7; 16]);
    let by_operator = origin.dropgate(&["token", "revoke", &revoked.to_string()]);
    assert!(by_operator.status.success(), "{}", String::from_utf8_lossy(&by_operator.stderr));
    let expired = mint_order(&edge_keys(&origin), &old_order, now.plus_ms(-600_000));
    let credentials = [
        String::new(),
        "authorization: Bearer\r\n".to_owned(),
        "authorization: Bearer open.sesame.now\r\n".to_owned(),
        "authorization: Basic YW46YW4=\r\n".to_owned(),
        format!("authorization: Bearer {expired}\r\n"),
        format!("authorization: Bearer {}\r\n", operator(&origin, "Mai", Role::Money, revoked)),
    ];
    let paths = [
        "/",
        "//",
        "/nothing",
        "/snapshot",
        "/purchase",
        "/orders/1",
        "/orders/%ff",
        "/orders/%zz",
        "/orders/1/cancel",
        "/webhooks/payos",
        "/admin/drops",
        "/admin/drops/%C3%28/pause",
        "/admin/refunds/export",
        "/metrics",
    ];
    let mut told = None;
    for credential in &credentials {
        for path in paths {
            for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"] {
                for body in ["content-length: 0", HUGE, "transfer-encoding: chunked"] {
                    let answer = asks(&origin, &format!("{method} {path} HTTP/1.1"), credential, body, "").await;
                    assert!(answer.starts_with("HTTP/1.1 401 "), "{method} {path} {body}: {answer}");
                    let first = told.get_or_insert_with(|| answer.clone());
                    assert_eq!(&answer, first, "{method} {path} {body} {credential}");
                }
            }
        }
    }
}

#[tokio::test]
async fn with_a_token_an_address_says_what_it_takes() {
    let origin = started().await;
    let token = bearer(&operator(&origin, "Mai", Role::Money, Jti([1; 16])));
    for (request, status) in [
        ("BREW /admin/drops HTTP/1.1", "405"),
        ("PUT /admin/drops HTTP/1.1", "405"),
        ("GET /purchase HTTP/1.1", "405"),
        ("get /admin/drops HTTP/1.1", "405"),
        ("BREW /nothing HTTP/1.1", "404"),
        ("GET /admin/refunds/batches/%ff HTTP/1.1", "404"),
        ("POST /admin/drops/%C3%28/pause HTTP/1.1", "404"),
        ("GET /admin/drops HTTP/1.1", "200"),
    ] {
        let answer = asks(&origin, request, &token, "content-length: 0", "").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
        assert!(status == "200" || answer.contains("content-type: application/problem+json"), "{request}: {answer}");
    }
}

#[tokio::test]
async fn a_body_announced_as_huge_is_refused_before_it_comes() {
    let origin = started().await;
    let money = operator(&origin, "Mai", Role::Money, Jti([1; 16]));
    let edge = edge_keys(&origin);
    let order = OrderClaims { order_code: OrderCode(1), sid: None };
    for (path, bytes_max, token) in [
        ("/purchase", BODY_BYTES_MAX, mint_purchase(&edge, &purchase(), now())),
        ("/webhooks/payos", WEBHOOK_BYTES_MAX, mint_webhook(&edge, now())),
        ("/orders/1/refund-destination", BODY_BYTES_MAX, mint_order(&edge, &order, now())),
        ("/admin/drops", BODY_BYTES_MAX, money.clone()),
        ("/admin/payments", BODY_BYTES_MAX, money),
    ] {
        let json = format!("{HUGE}\r\ncontent-type: application/json");
        let answer = asks(&origin, &format!("POST {path} HTTP/1.1"), &bearer(&token), &json, "").await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{path}: {answer}");
        // One that announces no length is read up to the limit. Its end never comes.
        let chunked = "transfer-encoding: chunked\r\ncontent-type: application/json";
        let chunk = format!("{:x}\r\n{}", bytes_max + 1, " ".repeat(bytes_max + 1));
        let answer = asks(&origin, &format!("POST {path} HTTP/1.1"), &bearer(&token), chunked, &chunk).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{path}: {answer}");
    }
}

#[tokio::test]
async fn an_operator_whose_role_does_not_suffice_is_refused_before_the_body() {
    let origin = started().await;
    let view = bearer(&operator(&origin, "Mai", Role::View, Jti([1; 16])));
    for path in [
        "/admin/products",
        "/admin/drops",
        "/admin/drops/1/pause",
        "/admin/drops/1/kill",
        "/admin/orders/1/cancel",
        "/admin/payments",
        "/admin/payments/1/move",
        "/admin/payments/1/dismiss",
        "/admin/payments/1/refund",
        "/admin/refunds/export",
        "/admin/refunds/1/sent",
        "/admin/refunds/1/confirm",
        "/admin/refunds/1/fail",
        "/admin/reconcile",
        "/admin/tokens/1/revoke",
    ] {
        for body in [HUGE, "content-length: 9\r\ncontent-type: application/json", "transfer-encoding: chunked"] {
            let answer = asks(&origin, &format!("POST {path} HTTP/1.1"), &view, body, "").await;
            assert!(answer.starts_with("HTTP/1.1 403 "), "{path}: {answer}");
        }
    }
}

#[tokio::test]
async fn only_a_json_object_is_read_and_refusals_speak_of_json() {
    let origin = started().await;
    let token = bearer(&operator(&origin, "Mai", Role::Money, Jti([1; 16])));
    let posts = async |media_type: &str, body: &str| {
        let head = format!("content-length: {}\r\ncontent-type: {media_type}", body.len());
        asks(&origin, "POST /admin/products HTTP/1.1", &token, &head, body).await
    };
    for media_type in ["Application/JSON", "application/json ; charset=UTF-8", "APPLICATION/JSON;charset=utf-8"] {
        let answer = posts(media_type, r#"{"name": "Áo"}"#).await;
        assert!(answer.starts_with("HTTP/1.1 201 "), "{media_type}: {answer}");
    }
    for media_type in ["text/json", "application/json5", "application/jsonx; application/json", "application"] {
        let answer = posts(media_type, r#"{"name": "Áo"}"#).await;
        assert!(answer.starts_with("HTTP/1.1 415 "), "{media_type}: {answer}");
    }
    for body in [r#"["Áo", "", ""]"#, "[]", "null", "7", r#""Áo""#, "", "{", r#"{"name": 7}"#, r#"{"name": ["Áo"]}"#]
    {
        let answer = posts("application/json", body).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{body}: {answer}");
        for word in ["struct", "tuple", "sequence", "u32", "i64", "line 1"] {
            assert!(!answer.contains(word), "{word} in {answer}");
        }
    }
}

#[tokio::test]
async fn an_operator_name_that_cannot_be_printed_or_is_too_long_gets_no_token_and_opens_nothing() {
    let origin = started().await;
    for (name, good) in [("Mai", true), (&*"ấ".repeat(64), true), (&*"ấ".repeat(65), false), ("M\u{202e}ai", false)]
    {
        let minted = origin.dropgate(&["token", "admin", "--name", name, "--role", "view"]);
        assert_eq!(minted.status.success(), good, "{name}: {}", String::from_utf8_lossy(&minted.stderr));
        let forged = bearer(&operator(&origin, name, Role::View, Jti([1; 16])));
        let answer = asks(&origin, "GET /admin/drops HTTP/1.1", &forged, "content-length: 0", "").await;
        assert!(answer.starts_with(if good { "HTTP/1.1 200 " } else { "HTTP/1.1 401 " }), "{name}: {answer}");
    }
}

async fn started() -> LoneOrigin {
    let mut origin = LoneOrigin::new(None);
    origin.start().await;
    origin
}

/// Sends a request as it is written and returns its response without the date. The head of the request ends with
/// `headers`, and `body` need not be whole.
async fn asks(origin: &LoneOrigin, line: &str, credential: &str, headers: &str, body: &str) -> String {
    let mut connection = TcpStream::connect(origin.address()).await.expect("a connection");
    let head = format!("{line}\r\nhost: origin\r\nconnection: close\r\n{credential}{headers}\r\n\r\n");
    connection.write_all(head.as_bytes()).await.expect("the origin reads the head");
    // The origin may have closed before all of it is sent.
    let _ = connection.write_all(body.as_bytes()).await;
    let mut answer = Vec::new();
    let read = timeout(BEFORE_ANY_BODY, connection.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "{line} {headers}: no response before the body");
    let answer = String::from_utf8(answer).expect("text");
    answer.lines().filter(|line| !line.starts_with("date: ")).collect::<Vec<_>>().join("\n")
}

fn bearer(token: &str) -> String {
    format!("authorization: Bearer {token}\r\n")
}

fn operator(origin: &LoneOrigin, name: &str, role: Role, jti: Jti) -> String {
    let keys = KeyRing::parse(Ring::Admin, origin.secrets.get("DROPGATE_ADMIN_KEYS")).expect("a key ring");
    mint_admin(&keys, &AdminClaims { name: name.to_owned(), role, jti }, now(), 600)
}

fn purchase() -> PurchaseClaims {
    let (sub, sid, jti) = (Sub([1; 16]), Sid([2; 16]), Jti([3; 16]));
    PurchaseClaims { drop: DropId(1), sub, sid, jti, qty_max: 1, region: Region::N01 }
}

fn edge_keys(origin: &LoneOrigin) -> KeyRing {
    KeyRing::parse(Ring::Edge, origin.secrets.get("DROPGATE_EDGE_KEYS")).expect("a key ring")
}

#[expect(clippy::disallowed_methods, reason = "tokens carry wall time")]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    Timestamp(since.as_millis().try_into().expect("a time of this age"))
}
