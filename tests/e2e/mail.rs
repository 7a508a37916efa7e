//! Mail to buyers: what they get and when, what they never get, and what a mail server may do wrong.

use std::fs;

use harness::{DropTerms, Mail, Order, Shop, Shopper};
use serde_json::{Value, json};

const PRICE: u64 = 250_000;

#[tokio::test]
async fn a_buyer_gets_one_mail_in_the_language_of_the_purchase_with_a_link_that_opens_the_order() {
    let shop = Shop::start_with_mail().await;
    let drop = shop.opens_drop(DropTerms { price: PRICE, ..DropTerms::default() }).await;
    assert_eq!(shop.visits("/api/drops").await.assert_status(200)["mail"], true, "the page may promise a mail");
    let shopper = shop.shopper("0912000501");
    let order = buys(&shopper, &drop, "anh@example.com", "en").await;
    shop.payos.pays(order.code).await;
    shopper.sees(&order, "state", "paid").await;
    let mail = &shop.mail().has_mails("anh@example.com", 1).await[0];
    let short_code = shopper.order(&order).await["short_code"].as_str().expect("a short code").to_owned();
    assert_eq!(mail.subject, format!("Paid: Đèn lồng Hội An, order {short_code}"));
    assert!(
        mail.text.contains("You do not have to pay anything more") && mail.text.contains("250.000"),
        "{}",
        mail.text
    );
    assert!(mail.text.contains(&format!("/orders/{}#key={}", order.code, order.key)), "{}", mail.text);
    assert!(mail.html.contains(&order.key), "{}", mail.html);
    assert!(mail.message_id.starts_with(&format!("<paid.{}.", order.code)), "{}", mail.message_id);
    assert_eq!(mail.headers["auto-submitted"], "Auto-Submitted: auto-generated");
    assert!(
        mail.headers["from"].contains("<shop@example.com>") && mail.headers["reply-to"].contains("hoi@example.com")
    );
    assert!(!mail.headers["to"].contains("Minh"), "a name that a shopper typed is in no header");
    // Nothing more is owed: a second buyer's mail comes, and the first gets none.
    let other = shop.shopper("0912000502");
    let second = buys(&other, &drop, "binh@example.com", "vi").await;
    shop.payos.pays(second.code).await;
    let mails = shop.mail().has_mails("binh@example.com", 1).await;
    assert!(mails[0].subject.starts_with("Đã thanh toán: "), "{}", mails[0].subject);
    assert_eq!(shop.mail().mails().await.len(), 2);
    shop.finish().await;
}

#[tokio::test]
async fn an_order_that_was_not_paid_owes_no_mail_but_its_link_when_its_shopper_asks() {
    let shop = Shop::start_with_mail().await;
    let drop = shop.opens_drop(DropTerms { price: PRICE, ..DropTerms::default() }).await;
    let shopper = shop.shopper("0912000503");
    let order = buys(&shopper, &drop, "Chi@Example.com", "vi").await;
    let short_code = shopper.order(&order).await["short_code"].as_str().expect("a short code").to_lowercase();
    let asks = async |code: &str, email: &str| {
        let question = json!({ "order": code, "email": email });
        let answer = shopper.posts("/api/order-links", None, &question).await;
        (answer.status, answer.body)
    };
    let right = asks(&short_code, "chi@example.com").await;
    let another_address = asks(&short_code, "dung@example.com").await;
    let no_order = asks("000000001", "em@example.com").await;
    assert_eq!((right.0, &*right.1, &right.1), (202, &b"{}"[..], &another_address.1));
    assert_eq!(right, no_order, "a stranger learns nothing");
    let mails = shop.mail().has_mails("Chi@Example.com", 1).await;
    assert!(mails[0].message_id.starts_with("<order-link."), "{}", mails[0].message_id);
    assert!(mails[0].text.contains(&order.key), "{}", mails[0].text);
    for _ in 0..2 {
        assert_eq!(asks(&order.code.to_string(), "chi@example.com").await.0, 202);
    }
    assert_eq!(asks(&short_code, "chi@example.com").await.0, 429, "three an hour");
    assert_eq!(asks(&short_code, "chi").await.0, 400);
    assert_eq!(asks("?", "gam@example.com").await.0, 400);
    shop.mail().has_mails("Chi@Example.com", 3).await;
    assert_eq!(shop.mail().mails().await.len(), 3, "and none to any other address");
    shop.finish().await;
}

#[tokio::test]
async fn money_that_goes_back_is_told_with_what_to_do_and_when_it_was_sent() {
    let shop = Shop::start_with_mail().await;
    let drop = shop.opens_drop(DropTerms { price: PRICE, ..DropTerms::default() }).await;
    let shopper = shop.shopper("0912000504");
    let order = buys(&shopper, &drop, "hoa@example.com", "vi").await;
    shop.payos.pays(order.code).await;
    shopper.sees(&order, "state", "paid").await;
    shop.operates(&["order", "cancel", &order.code.to_string()]);
    let due = of_kind(&shop.mail().has_mails("hoa@example.com", 1).await, "refund-due");
    assert!(due.text.contains("đã bị huỷ sau khi thanh toán") && due.text.contains("tài khoản nào"), "{}", due.text);

    let account = json!({ "bank": "970422", "account_number": "0123456789", "account_name": "TRAN VAN MINH" });
    shopper.wants_refund_to(order.code, &order.key, &account).await.assert_status(200);
    let list = shop.operates(&["refund", "export"]);
    let memo = list.lines().nth(1).and_then(|row| row.split(',').next()).expect("a refund on the list").to_owned();
    let file = shop.data().join("../sent.csv");
    fs::write(&file, format!("memo,bank_reference\n{memo},FT26335000001\n")).expect("a file");
    shop.operates(&["refund", "import", file.to_str().expect("a path of text")]);
    let mails = shop.mail().has_mails("hoa@example.com", 2).await;
    let sent = of_kind(&mails, "refund-sent");
    assert!(sent.text.contains(&memo) && sent.text.contains("FT26335000001"), "{}", sent.text);
    // The order was cancelled before the mail about its payment left, so that one was never true at its time.
    assert!(mails.iter().all(|mail| !mail.message_id.starts_with("<paid.")), "{mails:?}");
    shop.finish().await;
}

#[tokio::test]
async fn an_address_that_the_mail_server_refuses_gets_no_more_until_an_operator_allows_it() {
    let shop = Shop::start_with_mail().await;
    let drop = shop.opens_drop(DropTerms { price: PRICE, limit: 2, ..DropTerms::default() }).await;
    let shopper = shop.shopper("0912000505");
    shop.mail().behaves("refuse_address", 1).await;
    let order = buys(&shopper, &drop, "khanh@example.com", "vi").await;
    shop.payos.pays(order.code).await;
    shop.mail().was_tried(1).await;
    let code = order.code.to_string();
    harness::until("the stop is listed", std::time::Duration::from_secs(30), async || {
        shop.operates(&["mail", "stops"]).contains(&code).then_some(())
    })
    .await;
    let question = json!({ "order": code, "email": "khanh@example.com" });
    assert_eq!(shopper.posts("/api/order-links", None, &question).await.status, 202);
    // A mail to another buyer that is owed later arrives, and none was tried at the stopped address meanwhile.
    let other = shop.shopper("0912000506");
    let second = buys(&other, &drop, "lan@example.com", "vi").await;
    shop.payos.pays(second.code).await;
    shop.mail().has_mails("lan@example.com", 1).await;
    assert_eq!(shop.mail().mails().await.len(), 1);
    shop.operates(&["mail", "allow", &code]);
    assert_eq!(shopper.posts("/api/order-links", None, &question).await.status, 202);
    shop.mail().has_mails("khanh@example.com", 1).await;
    shop.finish().await;
}

#[tokio::test]
async fn a_mail_outlives_a_mail_server_that_fails_and_a_crash_and_keeps_its_message_id() {
    let mut shop = Shop::start_with_mail().await;
    let drop = shop.opens_drop(DropTerms { price: PRICE, ..DropTerms::default() }).await;
    shop.mail().behaves("busy", 1_000).await;
    let shopper = shop.shopper("0912000507");
    let order = buys(&shopper, &drop, "mai@example.com", "vi").await;
    shop.payos.pays(order.code).await;
    shopper.sees(&order, "state", "paid").await;
    shop.mail().was_tried(1).await;
    shop.kill_origin().await;
    // Takes the mail, and goes away before it says so.
    shop.mail().behaves("cut", 1).await;
    shop.restart_origin().await;
    let mails = shop.mail().has_mails("mai@example.com", 2).await;
    assert_eq!(mails[0].message_id, mails[1].message_id, "a mailbox can drop the second");
    shop.finish().await;
}

async fn buys(shopper: &Shopper, drop: &harness::OpenedDrop, email: &str, language: &str) -> Order {
    let mut form = shopper.form(1);
    form["buyer"]["email"] = Value::from(email);
    form["language"] = Value::from(language);
    let token = shopper.token(drop).await;
    let order = Order::of(&shopper.purchases_as(drop, &token, &form).await);
    shopper.sees(&order, "payment_state", "ready").await;
    order
}

fn of_kind(mails: &[Mail], kind: &str) -> Mail {
    let found = mails.iter().find(|mail| mail.message_id.starts_with(&format!("<{kind}.")));
    found.unwrap_or_else(|| panic!("no mail {kind} in {mails:?}")).clone()
}
