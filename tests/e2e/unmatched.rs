//! Money that names no order: it waits for a person, and goes back by the lists of every refund.

use std::fs;

use harness::{DropTerms, Shop};
use serde_json::{Value, json};

#[tokio::test]
async fn unmatched_money_goes_back_to_the_account_it_came_from() {
    let (shop, payment) = shop_with_unmatched_money("0912000240", true).await;
    assert_eq!(shop.operates(&["refund", "export"]), "", "no operator has sent it back");

    shop.operates(&["payment", "refund", &payment]);
    assert!(shop.operates(&["payment", "list"]).lines().count() == 1, "no payment is unmatched any more");
    for (metric, value) in
        [("dropgate_payments_unmatched", 0), ("dropgate_refunds_due", 1), ("dropgate_refunds_due_vnd", 250_000)]
    {
        assert_eq!(shop.metric(metric).await, value, "{metric}");
    }
    let list = shop.operates(&["refund", "export"]);
    let row = list.lines().nth(1).expect("one transfer");
    let refund = row.split(',').next().expect("a memo").to_owned();
    assert!(refund.starts_with("RFU"), "{refund}");
    assert_eq!(row, format!("{refund},250000,970436,'0011223344,NGUYEN VAN AN,"));
    assert_eq!(shop.operates(&["refund", "export"]), "", "it is on one list alone");
    assert_eq!(shop.operates(&["refund", "export", "--batch", "1"]), list);

    let sent = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(sent.path(), format!("memo,bank_reference\n{refund},FT26325000888\n")).expect("a written file");
    let path = sent.path().to_str().expect("a path");
    assert_eq!(shop.operates(&["refund", "import", path]), format!("sent {refund}\n"));
    shop.operates(&["refund", "confirm", &refund]);
    assert_eq!(shop.operates(&["refund", "list"]).lines().count(), 1, "it is done with");
    shop.finish().await;
}

#[tokio::test]
async fn unmatched_money_from_an_unknown_account_waits_until_an_operator_says_where_it_goes() {
    let (shop, payment) = shop_with_unmatched_money("0912000241", false).await;
    shop.operates(&["payment", "refund", &payment]);
    assert!(shop.operates(&["refund", "list"]).ends_with("none yet\n"));
    assert_eq!(shop.operates(&["refund", "export"]), "");

    let (_, said) = shop.assert_refuses(&["payment", "refund", &payment, "--bank", "970436"]);
    assert!(said.contains("--account-number"), "{said}");
    let to = ["--bank", "970436", "--account-number", "=1+1", "--account-name", "AN"];
    let (_, said) = shop.assert_refuses(&[&["payment", "refund", &payment][..], &to].concat());
    assert!(said.contains("invalid_field: account_number: "), "{said}");

    let to = ["--bank", "970436", "--account-number", "0099", "--account-name", "TRAN AN"];
    shop.operates(&[&["payment", "refund", &payment][..], &to].concat());
    assert!(shop.operates(&["refund", "export"]).contains(",250000,970436,'0099,TRAN AN,"));
    // A payment on a list of transfers can be neither released nor dismissed.
    for refused in [&["payment", "refund", &payment][..], &["payment", "dismiss", &payment, "--reason", "late"]] {
        let (_, said) = shop.assert_refuses(refused);
        assert!(said.contains("not_releasable: "), "{said}");
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_payers_bank_is_known_by_its_clearing_code_or_a_person_must_say_it() {
    let (shop, _) = shop_with_unmatched_money("0912000242", true).await;
    for (reference, bank, number) in
        [("FT26329000000001", "01202001", "21110009999999"), ("FT26329000000002", "01999001", "21110009999998")]
    {
        let payment = brings(&shop, reference, bank, number, json!("NGUYEN VAN A")).await;
        shop.operates(&["payment", "refund", &payment]);
    }
    assert_eq!(shop.operates(&["refund", "list"]).matches("a person must say where it goes").count(), 1);
    let list = shop.operates(&["refund", "export"]);
    assert_eq!(list.lines().count(), 2, "{list}");
    assert!(list.contains(",250000,970418,'21110009999999,NGUYEN VAN A,"), "{list}");
    assert!(!list.contains("1202001") && !list.contains("1999001"), "{list}");
    shop.finish().await;
}

#[tokio::test]
async fn a_payers_name_that_is_missing_or_cannot_be_printed_whole_costs_no_account() {
    let (shop, _) = shop_with_unmatched_money("0912000243", true).await;
    let names = [
        (json!("CONG TY TNHH TM&DV AN"), "CONG TY TNHH TM DV AN"),
        (json!("CTY AN (VIET NAM)"), "CTY AN VIET NAM"),
        (json!("CTY A, B"), "CTY A B"),
        (Value::Null, "TRAN THI B"),
    ];
    let mut nameless = String::new();
    for (index, (told, _)) in names.iter().enumerate() {
        nameless = brings(&shop, &format!("FT2632900000010{index}"), "970422", "0939999999", told.clone()).await;
        shop.operates(&["payment", "refund", &nameless]);
    }
    assert_eq!(shop.operates(&["refund", "list"]).matches("bank and number are known, the name is missing").count(), 1);
    let row = |printed: &str| format!(",250000,970422,'0939999999,{printed},");
    let list = shop.operates(&["refund", "export"]);
    assert_eq!(list.lines().count(), 4, "{list}");
    for (_, printed) in &names[..3] {
        assert!(list.contains(&row(printed)), "{list}");
    }
    // The name alone, and at once.
    shop.operates(&["payment", "refund", &nameless, "--account-name", "Trần Thị B"]);
    let list = shop.operates(&["refund", "export"]);
    assert!(list.contains(&row(names[3].1)), "{list}");
    shop.finish().await;
}

/// Money under a code that no order has, from an account as PayOS tells it; returns the number of the payment.
async fn brings(shop: &Shop, reference: &str, bank: &str, account_number: &str, name: Value) -> String {
    let genuine = shop.payos.webhook_bodies().await.remove(0);
    let mut data = serde_json::from_str::<Value>(&genuine).expect("JSON")["data"].clone();
    data["orderCode"] = json!(124);
    data["reference"] = json!(reference);
    data["counterAccountBankId"] = json!(bank);
    data["counterAccountName"] = name;
    data["counterAccountNumber"] = json!(account_number);
    assert_eq!(shop.payos.sends_raw_webhook(&json!({ "data": data })).await / 100, 2);
    let list = shop.operates(&["payment", "list"]);
    let line = list.lines().find(|line| line.contains(reference)).expect("the payment");
    line.split_whitespace().next().expect("a number").to_owned()
}

/// A genuine webhook under a code that no order has, and the number of the payment it became.
async fn shop_with_unmatched_money(phone: &str, account_known: bool) -> (Shop, String) {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { price: 250_000, ..DropTerms::default() }).await;
    let shopper = shop.shopper(phone);
    let order = shopper.buys(&drop, 1).await;
    shopper.sees(&order, "payment_state", "ready").await;
    shop.payos.pays(order.code).await;
    shopper.sees(&order, "state", "paid").await;

    let genuine = shop.payos.webhook_bodies().await.remove(0);
    let mut data = serde_json::from_str::<Value>(&genuine).expect("JSON")["data"].clone();
    data["orderCode"] = json!(123);
    data["reference"] = json!("FT26325000001");
    if account_known {
        data["counterAccountBankId"] = json!("970436");
        data["counterAccountName"] = json!("NGUYEN VAN AN");
        data["counterAccountNumber"] = json!("0011223344");
    }
    assert_eq!(shop.payos.sends_raw_webhook(&json!({ "data": data })).await / 100, 2);
    let list = shop.operates(&["payment", "list"]);
    let payment = list.lines().nth(1).and_then(|line| line.split_whitespace().next()).expect("one payment");
    let payment = payment.to_owned();
    assert_eq!(shop.metric("dropgate_payments_unmatched_vnd").await, 250_000);
    for result in ["applied", "unmatched"] {
        assert_eq!(shop.metric(&format!("dropgate_webhooks_total{{result=\"{result}\"}}")).await, 1, "{result}");
    }
    (shop, payment)
}
