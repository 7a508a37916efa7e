//! Refunds that PayOS pays out: from the shopper's account to the bank's reference, and the commands of operators.

use std::time::Duration;

use harness::{DropTerms, Order, Shop, Shopper, until};
use serde_json::json;

const PRICE: u64 = 250_000;
/// The timer looks every five seconds.
const PAID_DEADLINE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_cancelled_order_is_paid_back_without_a_person_and_its_buyer_hears_of_it() {
    let shop = Shop::start_with_payouts().await;
    shop.payos.sets_payout_channel(&json!({ "succeed_when_read": true })).await;
    let (shopper, order) = cancelled_order(&shop, "0912000170", PRICE).await;
    let refund = refund_memo(&shopper, &order).await;
    let to = json!({ "bank": "970422", "account_number": "0123456789", "account_name": "TRẦN VĂN MINH" });
    shopper.wants_refund_to(order.code, &order.key, &to).await.assert_status(200);
    until("the refund is sent", PAID_DEADLINE, async || step_of(&shop, &refund).filter(|step| step == "sent")).await;
    let payouts = shop.payos.payouts().await;
    assert_eq!(payouts.len(), 1, "{payouts:?}");
    let transfer = &payouts[0]["transactions"][0];
    assert_eq!((&transfer["amount"], &transfer["toBin"]), (&json!(PRICE), &json!("970422")));
    assert_eq!(transfer["description"], format!("Hoan tien {refund}"));
    let view = shopper.order(&order).await;
    assert_eq!([&view["refund_due"], &view["refund_sending"]], [0, PRICE]);
    let reference = transfer["reference"].as_str().expect("the bank's reference");
    until("a mail names the bank's reference", PAID_DEADLINE, async || {
        shop.mail().mails().await.iter().any(|mail| mail.text.contains(reference)).then_some(())
    })
    .await;
    assert_eq!(shop.operates(&["refund", "export"]), "", "it is on no list");
    shop.finish().await;
}

#[tokio::test]
async fn operators_see_what_would_be_paid_approve_it_pause_and_resume() {
    let shop = Shop::start_with_payouts().await;
    shop.operates(&["payouts", "pause"]);
    assert_eq!(shop.operates(&["payouts", "pause"]), "payouts were paused before\n");
    let (shopper, order) = cancelled_order(&shop, "0912000171", 400_000).await;
    let refund = refund_memo(&shopper, &order).await;
    assert_eq!(shop.operates(&["refund", "pay", "--dry-run"]), "no refund is due whose account is known\n");
    let (_, said) = shop.assert_refuses(&["refund", "pay", &refund]);
    assert!(said.contains("refund_not_there: "), "{said}");
    let to = json!({ "bank": "970422", "account_number": "0123456789", "account_name": "TRẦN VĂN MINH" });
    shopper.wants_refund_to(order.code, &order.key, &to).await.assert_status(200);
    assert_eq!(verdict(&shop, &refund), "paused");
    assert_eq!(shop.metric("dropgate_payouts_paused").await, 1);
    shop.operates(&["payouts", "resume"]);
    assert_eq!(verdict(&shop, &refund), "needs_approval");
    assert_eq!(shop.operates_as("an", &["refund", "approve", &refund]), format!("{refund} is approved by 1\n"));
    assert_eq!(shop.operates_as("an", &["refund", "approve", &refund]), format!("{refund} is approved by 1\n"));
    assert_eq!(verdict(&shop, &refund), "needs_approval");
    shop.payos.sets_payout_channel(&json!({ "balance": 399_999 })).await;
    assert_eq!(shop.operates_as("binh", &["refund", "approve", &refund]), format!("{refund} is approved by 2\n"));
    assert_eq!(verdict(&shop, &refund), "no_funds");
    shop.shows_metric("dropgate_refunds_without_funds", 1).await;
    let shown = shop.operates(&["payouts", "show"]);
    assert!(shown.contains("payout account   399999 VND\n"), "{shown}");
    assert!(shop.payos.payouts().await.is_empty(), "nothing was asked for so far");
    shop.payos.sets_payout_channel(&json!({ "balance": 400_000 })).await;
    until("the refund is being paid out", PAID_DEADLINE, async || {
        step_of(&shop, &refund).filter(|step| step == "paying")
    })
    .await;
    shop.shows_metric("dropgate_refunds_without_funds", 0).await;
    let (_, said) = shop.assert_refuses(&["refund", "fail", &refund, "--reason", "it takes long"]);
    assert!(said.contains("payout_under_way: "), "{said}");
    assert_eq!(shop.metric("dropgate_refunds_paying").await, 1);
    shop.finish().await;
}

#[tokio::test]
async fn a_shop_without_a_payout_channel_says_so() {
    let shop = Shop::start().await;
    for arguments in [&["refund", "pay"][..], &["payouts", "show"]] {
        let (_, said) = shop.assert_refuses(arguments);
        assert!(said.contains("no_payouts: "), "{said}");
    }
    shop.finish().await;
}

async fn cancelled_order(shop: &Shop, phone: &str, price: u64) -> (Shopper, Order) {
    let drop = shop.opens_drop(DropTerms { price, ..DropTerms::default() }).await;
    let shopper = shop.shopper(phone);
    let order = shopper.buys(&drop, 1).await;
    shopper.sees(&order, "payment_state", "ready").await;
    shop.payos.pays(order.code).await;
    shopper.sees(&order, "state", "paid").await;
    shop.operates(&["order", "cancel", &order.code.to_string()]);
    (shopper, order)
}

async fn refund_memo(shopper: &Shopper, order: &Order) -> String {
    format!("RF{}1", shopper.order(order).await["short_code"].as_str().expect("a short code"))
}

/// What a dry run says of a refund.
fn verdict(shop: &Shop, refund: &str) -> String {
    let plan = shop.operates(&["refund", "pay", "--dry-run"]);
    let line = plan.lines().find(|line| line.starts_with(refund)).unwrap_or_else(|| panic!("{refund} not in\n{plan}"));
    line.split_whitespace().nth(2).expect("a verdict").to_owned()
}

/// Where a refund stands on the operator's list; `None` when it is done with.
fn step_of(shop: &Shop, refund: &str) -> Option<String> {
    let list = shop.operates(&["refund", "list"]);
    let line = list.lines().find(|line| line.starts_with(refund))?;
    line.split_whitespace().nth(2).map(str::to_owned)
}
