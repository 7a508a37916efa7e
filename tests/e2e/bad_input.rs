use harness::{DropTerms, Order, Response, Shop};
use reqwest::Method;
use serde_json::{Value, json};

/// More than any limit of the system.
const HUGE: usize = 100_000;

#[tokio::test]
async fn a_bad_purchase_names_the_field_and_sells_nothing() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { size: 10, limit: 2, ..DropTerms::default() }).await;
    let shopper = shop.shopper("0912000070");
    let token = shopper.token(&drop).await;

    let long_name = "n".repeat(121);
    let long_email = format!("{}@example.com", "e".repeat(250));
    let fields = [
        ("quantity", json!("1")),
        ("quantity", json!(1.5)),
        ("quantity", json!(-1)),
        ("quantity", Value::Null),
        ("quantity", json!(99_999_999_999_u64)),
        ("buyer", json!("Minh")),
        ("buyer", Value::Null),
        ("buyer.name", json!(7)),
        ("buyer.name", json!("")),
        ("buyer.name", json!("   ")),
        ("buyer.name", json!(long_name)),
        ("buyer.email", json!("nobody")),
        ("buyer.email", json!(["minh@example.com"])),
        ("buyer.email", json!(long_email)),
        ("buyer.address", json!("12 Hàng Đào")),
        ("buyer.address.line", json!(12)),
        ("buyer.email", json!("minh..le@example.com")),
    ];
    for (field, value) in fields {
        let response = shopper.purchases_as(&drop, &token, &with(shopper.form(1), field, value.clone())).await;
        assert_eq!(response.status, 400, "{field} = {value}: {}", response.text());
        assert_eq!(response.assert_refused(400, "invalid_field")["field"], field, "{field} = {value}");
    }
    for phone in ["12345", "09120000", "+", "0912000070x"] {
        let response = shopper.purchases_as(&drop, &token, &with(shopper.form(1), "buyer.phone", json!(phone))).await;
        assert_eq!(response.assert_refused(400, "invalid_phone")["field"], "buyer.phone", "{phone}");
    }
    for quantity in [0, 3, 1000] {
        shopper.purchases(&drop, &token, quantity).await.assert_refused(422, "invalid_quantity");
    }

    assert_eq!(shop.stock(&drop).await["available"], 10);
    shopper.purchases(&drop, &token, 1).await.assert_status(201);
    shop.finish().await;
}

#[tokio::test]
async fn a_purchase_needs_no_email() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    for (phone, email) in [("0912000075", Value::Null), ("0912000076", json!(""))] {
        let shopper = shop.shopper(phone);
        let token = shopper.token(&drop).await;
        let form = with(shopper.form(1), "buyer.email", email);
        let order = Order::of(&shopper.purchases_as(&drop, &token, &form).await);
        assert_eq!(shopper.order(&order).await["buyer"]["email"], "");
    }
    shop.finish().await;
}

#[tokio::test]
async fn unknown_fields_are_ignored() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let shopper = shop.shopper("0912000071");
    let token = shopper.token(&drop).await;

    let form = with(with(shopper.form(1), "coupon", json!("TET")), "buyer.nickname", json!(["Mi"]));
    shopper.purchases_as(&drop, &token, &form).await.assert_status(201);
    shop.finish().await;
}

#[tokio::test]
async fn a_body_that_is_not_the_expected_json_is_refused() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let token_path = format!("/api/drops/{}/token", drop.slug);

    for body in ["", "{", "phone=0912000072", "\u{0}", "{\"phone\":\"0912000072\"} trailing"] {
        posts_text(&shop, &token_path, "application/json", body).await.assert_refused(400, "invalid_json");
    }
    for body in ["[]", "\"0912000072\"", "null"] {
        posts_text(&shop, &token_path, "application/json", body).await.assert_refused(400, "invalid_json");
    }
    let form = "phone=0912000072";
    let response = posts_text(&shop, &token_path, "application/x-www-form-urlencoded", form).await;
    response.assert_refused(415, "unsupported_media_type");
    for phone in [json!(912_000_072), json!(""), json!("phone"), Value::Null] {
        let body = json!({ "phone": phone }).to_string();
        let response = posts_text(&shop, &token_path, "application/json", &body).await;
        assert_eq!(response.assert_refused(400, "invalid_phone")["field"], "phone", "{body}");
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_at_the_edge_and_at_the_origin() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let shopper = shop.shopper("0912000073");
    let token = shopper.token(&drop).await;
    let huge = with(shopper.form(1), "buyer.name", json!("n".repeat(HUGE)));

    shopper.purchases_as(&drop, &token, &huge).await.assert_refused(413, "body_too_large");
    let request = shop.client.post(format!("{}/purchase", shop.origin_url()));
    shop.sends(request.bearer_auth(&token).json(&huge)).await.assert_refused(413, "body_too_large");
    let path = format!("/api/drops/{}/token", drop.slug);
    posts_text(&shop, &path, "application/json", &huge.to_string()).await.assert_refused(413, "body_too_large");
    let webhook = format!("/webhooks/payos/{}", shop.secrets.get("DROPGATE_WEBHOOK_SECRET"));
    posts_text(&shop, &webhook, "application/json", &huge.to_string()).await.assert_refused(413, "body_too_large");

    shopper.purchases(&drop, &token, 1).await.assert_status(201);
    shop.finish().await;
}

#[tokio::test]
async fn paths_and_methods_that_do_not_exist_are_404_and_405() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let drop_path = format!("/api/drops/{}", drop.slug);
    let purchase_path = format!("{drop_path}/purchase");

    let not_found = [
        ("/api/nothing", "not_found"),
        ("/api/drops/1/2/3", "not_found"),
        ("/nothing", "not_found"),
        ("/api/drops/no-such-drop", "drop_not_found"),
        ("/api/drops/4000000000", "drop_not_found"),
        ("/api/drops/99999999999999999999", "drop_not_found"),
        ("/api/drops/%00", "drop_not_found"),
        ("/webhooks/payos", "not_found"),
    ];
    for (path, code) in not_found {
        let response = shop.visits(path).await;
        assert_eq!(response.status, 404, "{path}: {}", response.text());
        response.assert_refused(404, code);
    }
    let wrong_method = [
        (Method::POST, "/api/drops", "GET"),
        (Method::DELETE, drop_path.as_str(), "GET"),
        (Method::GET, purchase_path.as_str(), "POST"),
        (Method::PUT, "/api/orders/100000000000001", "GET"),
    ];
    for (method, path, allowed) in wrong_method {
        let response = shop.sends(shop.client.request(method.clone(), format!("{}{path}", shop.edge_url()))).await;
        assert_eq!(response.status, 405, "{method} {path}: {}", response.text());
        response.assert_refused(405, "method_not_allowed");
        assert!(response.header("allow").contains(allowed), "{method} {path}: Allow: {}", response.header("allow"));
    }
    let guess = posts_text(&shop, "/webhooks/payos/guessed-secret-000", "application/json", "{}").await;
    guess.assert_refused(404, "not_found");
    shop.finish().await;
}

#[tokio::test]
async fn an_order_code_that_is_none_is_not_found_even_with_a_key() {
    let shop = Shop::start().await;
    for code in ["0", "-1", "abc", "9007199254740993", "1e9", "1.5"] {
        let request = shop.client.get(format!("{}/api/orders/{code}", shop.edge_url()));
        let response = shop.sends(request.bearer_auth("0AAAAAAAAAAAAAAAAAAAAAA")).await;
        assert!([401, 404].contains(&response.status), "{code}: {}", response.text());
        assert_eq!(response.header("content-type"), "application/problem+json");
    }
    shop.finish().await;
}

#[tokio::test]
async fn the_command_line_refuses_a_bad_drop_and_says_why() {
    let shop = Shop::start().await;
    let good = ["--slug", "tet", "--name", "Tết", "--size", "1", "--price", "1000"];
    let create = |change: [&'static str; 2]| {
        let mut arguments = vec!["drop", "create"];
        arguments.extend(good);
        let at = arguments.iter().position(|argument| *argument == change[0]);
        match at {
            Some(at) => arguments[at + 1] = change[1],
            None => arguments.extend(change),
        }
        shop.dropgate(&arguments)
    };

    for change in [
        ["--slug", "Tết 2027"],
        ["--slug", "123"],
        ["--slug", ""],
        ["--size", "0"],
        ["--size", "many"],
        ["--price", "0"],
        ["--price", "-5"],
        ["--limit", "0"],
        ["--hold-seconds", "901"],
        ["--opens-at", "tomorrow"],
    ] {
        let output = create(change);
        assert!(!output.status.success(), "{change:?} was accepted");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.trim().is_empty() && !said.contains("panicked"), "{change:?}: {said}");
    }
    assert!(create(["--limit", "1"]).status.success());
    let again = create(["--limit", "1"]);
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("slug_taken"));
    shop.finish().await;
}

async fn posts_text(shop: &Shop, path: &str, content_type: &str, body: &str) -> Response {
    let request = shop.client.post(format!("{}{path}", shop.edge_url()));
    shop.sends(request.header("content-type", content_type).body(body.to_owned())).await
}

/// `form` with the field at `path` (dots lead inwards) set to `value`.
fn with(mut form: Value, path: &str, value: Value) -> Value {
    let mut place = &mut form;
    for name in path.split('.') {
        place = &mut place[name];
    }
    *place = value;
    form
}
