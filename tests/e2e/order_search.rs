//! Operators find orders, read what happened to them and see what their colleagues did.

use harness::{DropTerms, Shop};
use serde_json::Value;

const PRICE: u64 = 250_000;

#[tokio::test]
async fn an_operator_finds_an_order_by_what_its_buyer_tells_and_reads_its_story() {
    let mut shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { price: PRICE, ..DropTerms::default() }).await;
    let shopper = shop.shopper("0912000701");
    let order = shopper.buys(&drop, 1).await;
    shopper.sees(&order, "payment_state", "ready").await;
    shop.payos.pays(order.code).await;
    shopper.sees(&order, "state", "paid").await;
    let code = order.code.to_string();
    shop.operates(&["order", "cancel", &code]);
    shop.shows_metric("dropgate_views_lag_rows", 0).await;
    shop.shows_metric("dropgate_views_lag_seconds", 0).await;

    let shown: Value = serde_json::from_str(&shop.operates(&["order", "show", &code])).expect("JSON");
    let short = shown["short_code"].as_str().expect("a short code").to_owned();
    assert_eq!((&shown["state"], &shown["buyer"]["name"]), (&"cancelled".into(), &"Trần Văn Minh".into()));
    assert_eq!((&shown["payments"][0]["amount"], &shown["refunds"][0]["state"]), (&PRICE.into(), &"due".into()));
    for by in [
        ["--phone", "0912 000 701"],
        ["--email", "Minh@Example.com"],
        ["--name", "minh tran"],
        ["--code", &short.to_lowercase()],
        ["--drop", &drop.slug],
        ["--product", "den long hoi an"],
        ["--state", "cancelled"],
        ["--amount", "250000"],
    ] {
        let found = shop.operates(&["order", "find", by[0], by[1]]);
        assert!(found.contains(&code) && found.contains("1 in all"), "{by:?}: {found}");
        assert!(found.contains("Trần Văn Minh") && found.contains("+84912000701"), "{by:?}: {found}");
    }
    for by in [["--phone", "0912000702"], ["--state", "paid"], ["--to", "2020-01-01"], ["--name", "min' OR 1"]] {
        let found = shop.operates(&["order", "find", by[0], by[1]]);
        assert!(!found.contains(&code) && found.contains("0 in all"), "{by:?}: {found}");
    }
    let timeline = shop.operates(&["order", "timeline", &short]);
    let told = ["order placed: 1 for 250.000 ₫", "250.000 ₫ received", "order paid", "order cancelled", "refund 1 of"];
    let mut rest = timeline.as_str();
    for words in told {
        let at = rest.find(words).unwrap_or_else(|| panic!("{words} is not in its place in\n{timeline}"));
        rest = &rest[at..];
    }
    let revenue = shop.operates(&["history", "revenue"]);
    assert!(revenue.lines().last().is_some_and(|total| total.starts_with("total") && !total.contains("250000")));
    let kept = shopper.buys(&drop, 1).await;
    shopper.sees(&kept, "payment_state", "ready").await;
    shop.payos.pays(kept.code).await;
    shopper.sees(&kept, "state", "paid").await;
    shop.shows_metric("dropgate_views_lag_rows", 0).await;
    let revenue = shop.operates(&["history", "revenue", "--region", "INTL"]);
    assert!(revenue.lines().last().is_some_and(|total| total.ends_with(" 250000")), "{revenue}");
    assert!(shop.operates(&["history", "orders", "--phone", "0912000701"]).contains("2 in all"));
    let checked = shop.operates(&["history", "check", "--data", &shop.data().display().to_string()]);
    assert!(checked.starts_with("history ok: 2 orders"), "{checked}");
    let audit = shop.operates(&["audit", "--limit", "1"]);
    assert!(audit.contains(&code) && audit.contains("more: --before"), "{audit}");
    let next = audit.rsplit(' ').next().expect("a number").trim();
    assert!(shop.operates(&["audit", "--before", next]).contains("created: Đèn lồng Hội An"));

    // A view that is gone is made anew, also by command.
    shop.stop_origin().await;
    std::fs::remove_file(shop.data().join("views.db")).expect("a view");
    shop.restart_origin().await;
    shop.shows_metric("dropgate_views_lag_rows", 0).await;
    assert!(shop.operates(&["views", "rebuild"]).trim_end().ends_with("100 %"));
    assert!(shop.operates(&["order", "find", "--name", "tran"]).contains(&code));
    let state: Value = serde_json::from_str(&shop.operates(&["views", "show"])).expect("JSON");
    assert_eq!((&state["lag_rows"], &state["fails"]), (&0.into(), &false.into()));
    shop.finish().await;
}

#[tokio::test]
async fn a_search_that_makes_no_sense_is_refused_by_field_and_a_viewer_learns_of_no_buyer() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let order = shop.shopper("0912000703").buys(&drop, 1).await;
    shop.shows_metric("dropgate_views_lag_rows", 0).await;
    for (field, value) in [
        ("phone", "%"),
        ("email", "'; DROP TABLE orders"),
        ("name", "%"),
        ("name", "\"*\""),
        ("state", "sold"),
        ("region", "N02"),
        ("drop", "no-such-drop"),
        ("product", "socks"),
        ("code", "12"),
        ("amount-min", "-1"),
        ("from", "yesterday"),
        ("before", "x"),
        ("limit", "101"),
    ] {
        let (_, said) = shop.assert_refuses(&["order", "find", &format!("--{field}={value}")]);
        assert!(said.contains(field.split('-').next().expect("a name")), "{field}={value}: {said}");
    }
    let operator = shop.operates(&["token", "admin", "--name", "lan", "--role", "view"]);
    let asks = async |path: &str| {
        let request = shop.client.get(format!("{}{path}", shop.origin_url())).bearer_auth(operator.trim());
        shop.sends(request).await
    };
    for (path, field) in [
        ("/admin/orders?colour=red".to_owned(), "colour"),
        ("/admin/orders?name=%ED%A0%80".to_owned(), "name"),
        (format!("/admin/orders?name={}", "a".repeat(10_240)), "name"),
        ("/admin/orders?state=paid&state=paid".to_owned(), "state"),
        ("/admin/audit?before=0".to_owned(), "before"),
    ] {
        let refused = asks(&path).await;
        assert_eq!((refused.status, &refused.json()["field"]), (400, &field.into()), "{path:.80}");
    }
    for by in ["phone=0912000703", "name=minh", "email=minh@example.com"] {
        assert_eq!(asks(&format!("/admin/orders?{by}")).await.status, 403, "{by}");
    }
    for path in ["/admin/orders".to_owned(), format!("/admin/orders/{}", order.code)] {
        let shown = asks(&path).await;
        assert_eq!(shown.status, 200);
        assert!(shown.text().contains("…703") && !shown.text().contains("Minh"), "{}", shown.text());
        assert!(!shown.text().contains("912000703") && !shown.text().contains("minh@"), "{}", shown.text());
    }
    assert_eq!(asks("/admin/orders/157600000000999/timeline").await.status, 404);
    let refused = shop.client.post(format!("{}/admin/views/rebuild", shop.origin_url())).bearer_auth(operator.trim());
    assert_eq!(shop.sends(refused).await.status, 403);
    shop.finish().await;
}
