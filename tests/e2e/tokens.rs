use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{Jti, OrderCode, Timestamp};
use edge_protocol::{
    AdminClaims, KeyRing, OrderClaims, PurchaseClaims, Ring, Role, mint_admin, mint_order, mint_purchase, mint_read,
    mint_webhook, verify_purchase,
};
use harness::{DropTerms, Response, Secrets, Shop};
use serde_json::{Value, json};

const MINUTE_MS: i64 = 60_000;

#[tokio::test]
async fn a_bad_token_gets_401_at_the_edge_without_a_call_to_the_origin() {
    let mut shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let shopper = shop.shopper("0912000060");
    let good = shopper.token(&drop).await;
    let bad = bad_tokens(&shop.secrets, &good, now(&shop).await);

    // The origin is down: a refusal that needs it would be a 503, as the good token shows.
    shop.kill_origin().await;
    for (what, token) in &bad {
        let response = shopper.purchases(&drop, token, 1).await;
        assert_eq!(response.status, 401, "{what}: {}", response.text());
        response.assert_refused(401, "bad_token");
    }
    let path = format!("/api/drops/{}/purchase", drop.slug);
    shopper.posts(&path, None, &shopper.form(1)).await.assert_refused(401, "bad_token");
    shopper.purchases(&drop, &good, 1).await.assert_refused(503, "origin_unavailable");

    shop.restart_origin().await;
    shopper.purchases(&drop, &good, 1).await.assert_status(201);
    shop.finish().await;
}

#[tokio::test]
async fn a_bad_token_gets_401_at_the_origin_too() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let shopper = shop.shopper("0912000061");
    let good = shopper.token(&drop).await;

    for (what, token) in bad_tokens(&shop.secrets, &good, now(&shop).await) {
        let response = asks_origin(&shop, "/purchase", &token, &shopper.form(1)).await;
        assert_eq!(response.status, 401, "{what}: {}", response.text());
        response.assert_refused(401, "bad_token");
    }
    assert_eq!(shop.stock(&drop).await["held"], 0);
    asks_origin(&shop, "/purchase", &good, &shopper.form(1)).await.assert_status(201);
    shop.finish().await;
}

#[tokio::test]
async fn a_token_opens_only_the_routes_of_its_scope_at_the_origin() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let shopper = shop.shopper("0912000062");
    let purchase = shopper.token(&drop).await;
    let edge = edge_ring(&shop.secrets);
    let now = now(&shop).await;

    let read = mint_read(&edge, now);
    let webhook = mint_webhook(&edge, now);
    let admin = admin_token(&shop.secrets, now);
    let refused = [
        ("/snapshot", &purchase),
        ("/snapshot", &webhook),
        ("/snapshot", &admin),
        ("/admin/drops", &purchase),
        ("/admin/drops", &read),
        ("/admin/drops", &webhook),
        ("/orders/1", &purchase),
        ("/orders/1", &read),
        ("/orders/1", &admin),
    ];
    for (path, token) in refused {
        let request = shop.client.get(format!("{}{path}", shop.origin_url())).bearer_auth(token);
        shop.sends(request).await.assert_refused(401, "bad_token");
    }
    for (path, token) in [
        ("/webhooks/payos", &purchase),
        ("/webhooks/payos", &read),
        ("/webhooks/payos", &admin),
        ("/admin/products", &purchase),
        ("/admin/products", &read),
        ("/admin/products", &webhook),
    ] {
        asks_origin(&shop, path, token, &json!({})).await.assert_refused(401, "bad_token");
    }
    shop.finish().await;
}

#[tokio::test]
async fn the_origin_answers_nothing_without_a_token() {
    let shop = Shop::start().await;
    for path in ["/", "/snapshot", "/purchase", "/orders/1", "/admin/drops", "/metrics", "/livez", "/nothing/here"] {
        let url = format!("{}{path}", shop.origin_url());
        shop.sends(shop.client.get(&url)).await.assert_refused(401, "bad_token");
        shop.sends(shop.client.post(&url)).await.assert_refused(401, "bad_token");
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_stolen_token_is_worthless_without_the_cookie_it_was_given_with() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let shopper = shop.shopper("0912000063");
    let token = shopper.token(&drop).await;

    let thief = shop.shopper("0912000063");
    thief.purchases(&drop, &token, 1).await.assert_refused(401, "bad_token");
    thief.token(&drop).await;
    thief.purchases(&drop, &token, 1).await.assert_refused(401, "bad_token");
    shopper.purchases(&drop, &token, 1).await.assert_status(201);
    shop.finish().await;
}

#[tokio::test]
async fn a_token_is_for_one_phone_and_one_drop() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let other_drop = shop.opens_drop(DropTerms::default()).await;
    let shopper = shop.shopper("0912000064");
    let token = shopper.token(&drop).await;

    let mut form = shopper.form(1);
    form["buyer"]["phone"] = json!("0912000065");
    shopper.purchases_as(&drop, &token, &form).await.assert_refused(422, "customer_mismatch");
    shopper.purchases(&other_drop, &token, 1).await.assert_refused(401, "bad_token");
    shop.finish().await;
}

/// Bad tokens of every kind, made from a good one.
fn bad_tokens(secrets: &Secrets, good: &str, now: Timestamp) -> Vec<(&'static str, String)> {
    let edge = edge_ring(secrets);
    let claims = verify_purchase(&edge, good, now).expect("the good token").claims;
    let order = OrderClaims { order_code: OrderCode(100_000_000_000_001), sid: None };
    let [header, payload, signature] = parts_of(good);
    let kid = decoded(header)["kid"].as_str().expect("a kid").to_owned();
    let same_kid = ring(Ring::Edge, &format!("{kid}.{}", other_secret()));
    let other_kid = ring(Ring::Edge, &format!("eother.{}", other_secret()));

    let mut more = decoded(payload);
    more["qty_max"] = json!(claims.qty_max + 7);
    let mut other_algorithm = decoded(header);
    other_algorithm["alg"] = json!("HS512");
    let mut none = decoded(header);
    none["alg"] = json!("none");
    vec![
        ("empty", String::new()),
        ("not a token", "open sesame".to_owned()),
        ("forged: signature of another token", format!("{header}.{payload}.{}", of_other_token(&edge, &claims, now))),
        ("forged: claims changed", format!("{header}.{}.{signature}", encoded(&more))),
        ("forged: signature cut", format!("{header}.{payload}.{}", &signature[..signature.len() - 2])),
        ("expired", mint_purchase(&edge, &claims, now.plus_ms(-10 * MINUTE_MS))),
        ("not valid yet", mint_purchase(&edge, &claims, now.plus_ms(10 * MINUTE_MS))),
        ("wrong scope: read", mint_read(&edge, now)),
        ("wrong scope: webhook", mint_webhook(&edge, now)),
        ("wrong scope: order", mint_order(&edge, &order, now)),
        ("wrong scope: admin", admin_token(secrets, now)),
        ("wrong key under the right key id", mint_purchase(&same_kid, &claims, now)),
        ("unknown key id", mint_purchase(&other_kid, &claims, now)),
        ("alg: none, signature kept", format!("{}.{payload}.{signature}", encoded(&none))),
        ("alg: none, no signature", format!("{}.{payload}.", encoded(&none))),
        ("alg changed", format!("{}.{payload}.{signature}", encoded(&other_algorithm))),
    ]
}

fn of_other_token(edge: &KeyRing, claims: &PurchaseClaims, now: Timestamp) -> String {
    let other = PurchaseClaims { jti: Jti([7; 16]), ..claims.clone() };
    let token = mint_purchase(edge, &other, now);
    parts_of(&token)[2].to_owned()
}

pub(crate) fn edge_ring(secrets: &Secrets) -> KeyRing {
    ring(Ring::Edge, secrets.get("DROPGATE_EDGE_KEYS"))
}

fn admin_token(secrets: &Secrets, now: Timestamp) -> String {
    let claims = AdminClaims { name: "Lan".to_owned(), role: Role::Money, jti: Jti([1; 16]) };
    mint_admin(&ring(Ring::Admin, secrets.get("DROPGATE_ADMIN_KEYS")), &claims, now, 600)
}

fn ring(ring: Ring, text: &str) -> KeyRing {
    KeyRing::parse(ring, text).expect("a key ring")
}

fn other_secret() -> String {
    URL_SAFE_NO_PAD.encode([42; 32])
}

fn parts_of(token: &str) -> [&str; 3] {
    let parts: Vec<&str> = token.split('.').collect();
    parts.try_into().expect("a token of three parts")
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

async fn asks_origin(shop: &Shop, path: &str, token: &str, body: &Value) -> Response {
    let request = shop.client.post(format!("{}{path}", shop.origin_url())).bearer_auth(token).json(body);
    shop.sends(request).await
}

pub(crate) async fn now(shop: &Shop) -> Timestamp {
    let response = shop.visits("/api/drops").await;
    Timestamp(response.header("dropgate-time").parse().expect("unix milliseconds"))
}
