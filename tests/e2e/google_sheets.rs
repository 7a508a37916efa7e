//! The sheet of the orders: what a merchant reads there, what never gets there, and what Google may do wrong.

use std::time::Duration;

use harness::{DropTerms, GoogleSheets, LoneOrigin, OpenedDrop, Order, Shop, Shopper, StartOptions};
use serde_json::{Value, json};

const PRICE: u64 = 250_000;

const HEADER: [&str; 13] = [
    "seq",
    "time",
    "order_code",
    "short_code",
    "drop",
    "product",
    "event",
    "state",
    "quantity",
    "amount",
    "applied",
    "region",
    "refund",
];

#[tokio::test]
async fn every_change_of_an_order_becomes_a_row_without_the_buyer() {
    let sheets = GoogleSheets::start().await;
    let shop = Shop::start_with_settings(sheets.settings()).await;
    let drop = shop.opens_drop(DropTerms { price: PRICE, ..DropTerms::default() }).await;
    let shopper = shop.shopper("0912000601");
    let order = buys(&shopper, &drop).await;
    shop.payos.pays(order.code).await;
    sheets.has_rows(3).await;
    shop.operates(&["order", "cancel", &order.code.to_string()]);
    let rows = sheets.has_rows(5).await;

    assert_eq!(sheets.rows().await[0], HEADER);
    assert_eq!(column(&rows, "event"), ["placed", "paid", "settled", "cancelled", "refund_due"]);
    assert!(rows.is_sorted_by_key(|row| row[0].as_i64()), "{rows:?}");
    let short_code = shopper.order(&order).await["short_code"].clone();
    for row in &rows {
        assert_eq!(row.len(), HEADER.len());
        assert_eq!([cell(row, "order_code"), cell(row, "short_code")], [&json!(order.code.to_string()), &short_code]);
        assert_eq!([cell(row, "drop"), cell(row, "product")], [&json!(drop.slug), &json!("Đèn lồng Hội An")]);
        assert_eq!([cell(row, "quantity"), cell(row, "amount")], [&json!(1), &json!(PRICE)]);
        let time = cell(row, "time").as_str().expect("a time");
        assert!(time.len() == 25 && time.ends_with("+07:00"), "{time}");
    }
    assert_eq!(cell(&rows[4], "state"), "cancelled");
    assert_eq!([cell(&rows[3], "refund"), cell(&rows[4], "refund")], [&json!(""), &json!(PRICE)]);
    assert_eq!(sheets.count("tokens").await, 1, "an access token is kept");
    shop.finish().await;
}

#[tokio::test]
async fn buyers_are_in_the_sheet_only_where_a_setting_says_so() {
    let sheets = GoogleSheets::start().await;
    let mut settings = sheets.settings();
    settings.push(("DROPGATE_SHEETS_TAB".to_owned(), "Đơn của 'tiệm'".to_owned()));
    settings.push(("DROPGATE_SHEETS_PERSONAL".to_owned(), "1".to_owned()));
    sheets.has("Đơn của 'tiệm'", &json!([])).await;
    let shop = Shop::start_with_settings(settings).await;
    let drop = shop.opens_drop(DropTerms { price: PRICE, ..DropTerms::default() }).await;
    let shopper = shop.shopper("0912000602");
    let mut form = shopper.form(1);
    form["buyer"]["name"] = json!("=HYPERLINK(A1)");
    form["buyer"]["email"] = json!("an@example.com");
    let token = shopper.token(&drop).await;
    Order::of(&shopper.purchases_as(&drop, &token, &form).await);
    let rows = harness::until("a row with its buyer", Duration::from_secs(60), async || {
        let rows = sheets.rows_of("Đơn của 'tiệm'").await;
        (rows.len() > 1).then_some(rows)
    })
    .await;
    assert_eq!(rows[0], [&HEADER[..], &["name", "phone", "email", "address"]].concat());
    assert_eq!(rows[1][13..16], ["=HYPERLINK(A1)", "+84912000602", "an@example.com"], "as it was typed");
    shop.finish().await;
}

#[tokio::test]
async fn rows_whose_answer_was_lost_are_not_added_again_even_after_a_crash() {
    let sheets = GoogleSheets::start().await;
    let mut shop = Shop::start_with_settings(sheets.settings()).await;
    let drop = shop.opens_drop(DropTerms { price: PRICE, ..DropTerms::default() }).await;
    // The sheet has the rows, and the origin dies before it hears so.
    sheets.behaves(&json!({ "mode": "hang_after", "next": 1 })).await;
    let first = buys(&shop.shopper("0912000603"), &drop).await;
    sheets.has_rows(1).await;
    shop.kill_origin().await;
    sheets.behaves(&json!({ "mode": "cut", "next": 1 })).await;
    shop.restart_origin().await;
    // It lives on, and only the connection dies.
    let second = buys(&shop.shopper("0912000604"), &drop).await;
    sheets.has_rows(2).await;
    // People sort their sheets.
    let mut rows = sheets.rows().await;
    rows[1..].reverse();
    sheets.has("Orders", &json!(rows)).await;
    let third = buys(&shop.shopper("0912000605"), &drop).await;
    let mut rows = sheets.has_rows(3).await;
    rows.sort_by_key(|row| row[0].as_i64());
    let codes = [first, second, third].map(|order| order.code.to_string());
    assert_eq!(column(&rows, "order_code"), codes);
    assert!(sheets.count("appends").await >= 3);
    shop.finish().await;
}

#[tokio::test]
async fn another_sheet_is_left_alone_and_stops_no_other_channel() {
    let sheets = GoogleSheets::start().await;
    let others = json!([["Name", "Salary"], ["An", 1]]);
    sheets.has("Orders", &others).await;
    let mut shop = Shop::start_with_settings(sheets.settings()).await;
    let drop = shop.opens_drop(DropTerms { price: PRICE, ..DropTerms::default() }).await;
    // Its payment link is made meanwhile, which is another channel's work.
    let order = buys(&shop.shopper("0912000606"), &drop).await;
    leaves_alone(&shop, "this sheet has another header").await;
    assert_eq!(json!(sheets.rows().await), others);
    shop.stop_origin().await;
    // The sheet of a ledger that has gone further, such as one whose file was replaced by an older copy.
    sheets.has("Orders", &json!([HEADER, [9_999]])).await;
    shop.restart_origin().await;
    leaves_alone(&shop, "this sheet has a row that the ledger does not have").await;
    assert_eq!(sheets.count("appends").await, 0);
    shop.stop_origin().await;
    // An empty one that is not shared with the service account.
    sheets.has("Orders", &json!([])).await;
    sheets.behaves(&json!({ "mode": "forbidden", "of": "any" })).await;
    shop.restart_origin().await;
    leaves_alone(&shop, "The caller does not have permission").await;
    assert!(shop.origin_log().contains("shop@stand-in.iam.gserviceaccount.com"), "the log says with which account");
    shop.stop_origin().await;
    sheets.behaves(&json!({ "mode": "accept" })).await;
    shop.restart_origin().await;
    let rows = sheets.has_rows(1).await;
    assert_eq!(column(&rows, "order_code"), [order.code.to_string()]);
    shop.finish().await;
}

#[tokio::test]
async fn a_sheet_that_fails_gets_every_row_once_when_it_works_again() {
    let sheets = GoogleSheets::start().await;
    let shop = Shop::start_with_settings(sheets.settings()).await;
    let drop = shop.opens_drop(DropTerms { price: PRICE, limit: 9, ..DropTerms::default() }).await;
    sheets.behaves(&json!({ "mode": "quota", "of": "any", "next": 1, "retry_after": 2 })).await;
    let first = buys(&shop.shopper("0912000607"), &drop).await;
    sheets.has_rows(1).await;
    sheets.behaves(&json!({ "mode": "broken", "next": 2 })).await;
    sheets.forgets_tokens().await;
    let second = buys(&shop.shopper("0912000608"), &drop).await;
    let rows = sheets.has_rows(2).await;
    assert_eq!(column(&rows, "order_code"), [first, second].map(|order| order.code.to_string()));
    assert_eq!(sheets.count("tokens").await, 2, "a refused token is renewed, and once");
    assert_eq!(sheets.count("appends").await, 4);
    shop.finish().await;
}

#[tokio::test]
async fn a_sheet_that_never_answers_holds_up_nothing_else() {
    let sheets = GoogleSheets::start().await;
    sheets.behaves(&json!({ "mode": "hang", "of": "any" })).await;
    let shop = Shop::start_with_settings(sheets.settings()).await;
    let drop = shop.opens_drop(DropTerms { price: PRICE, ..DropTerms::default() }).await;
    let shopper = shop.shopper("0912000609");
    let order = buys(&shopper, &drop).await;
    shop.payos.pays(order.code).await;
    shopper.sees(&order, "state", "paid").await;
    assert!(sheets.rows().await.is_empty());
    // A page that is under way holds up the stop as little.
    shop.finish().await;
}

#[tokio::test]
async fn every_wrong_setting_of_the_sheet_is_named_at_the_start() {
    let sheets = GoogleSheets::start().await;
    let mut origin = LoneOrigin::new(None);
    let said = |settings: &[(&str, &str)]| StartOptions {
        environment: settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..StartOptions::default()
    };
    let key_file = sheets.key_file();
    let key_file = key_file.to_str().expect("a path of text");
    for (settings, expected) in [
        (
            &[("DROPGATE_SHEETS_TAB", "Orders")][..],
            &["DROPGATE_SHEETS_ID is missing", "DROPGATE_SHEETS_KEY_FILE is missing"][..],
        ),
        (&[("DROPGATE_SHEETS_KEY_FILE", key_file)], &["DROPGATE_SHEETS_ID is missing"]),
        (
            &[
                ("DROPGATE_SHEETS_ID", "https://docs.google.com/spreadsheets/d/1/edit"),
                ("DROPGATE_SHEETS_KEY_FILE", "/dev/null"),
                ("DROPGATE_SHEETS_URL", "http://sheets.example"),
                ("DROPGATE_SHEETS_PERSONAL", "yes"),
            ],
            &[
                "DROPGATE_SHEETS_ID: it is not the id",
                "DROPGATE_SHEETS_KEY_FILE: it is not the JSON key",
                "DROPGATE_SHEETS_URL: it is not an address",
                "DROPGATE_SHEETS_PERSONAL is neither 0 nor 1",
            ],
        ),
    ] {
        origin.spawn(&said(settings));
        let exit = origin.wait_for_exit().await;
        assert_ne!(exit.status.code(), Some(0));
        let problems = exit.stderr.lines().filter(|line| line.contains("DROPGATE_")).count();
        assert_eq!(problems, expected.len(), "{}", exit.stderr);
        for problem in expected {
            assert!(exit.stderr.contains(problem), "{problem} is not named:\n{}", exit.stderr);
        }
    }
}

/// Waits until the metrics say that the sheet waits for a person; the log says why.
async fn leaves_alone(shop: &Shop, why: &str) {
    harness::until("the refusal in the metrics", Duration::from_secs(60), async || {
        let metrics = shop.client.get(format!("{}/metrics", shop.private_url())).send().await.expect("the metrics");
        let metrics = metrics.text().await.expect("text");
        metrics.contains("outbox_refused{channel=\"sheets\"} 1").then_some(())
    })
    .await;
    assert!(shop.origin_log().contains(why), "{}", shop.origin_log());
}

async fn buys(shopper: &Shopper, drop: &OpenedDrop) -> Order {
    let token = shopper.token(drop).await;
    let order = Order::of(&shopper.purchases_as(drop, &token, &shopper.form(1)).await);
    shopper.sees(&order, "payment_state", "ready").await;
    order
}

fn cell<'a>(row: &'a [Value], name: &str) -> &'a Value {
    &row[HEADER.iter().position(|column| *column == name).expect("a column")]
}

fn column<'a>(rows: &'a [Vec<Value>], name: &str) -> Vec<&'a str> {
    rows.iter().map(|row| cell(row, name).as_str().expect("a cell of text")).collect()
}
