//! Money on its way back, from the shopper who says where to, to the bank statement that shows it.

use std::fs;

use harness::{DropTerms, Order, Shop, Shopper};
use serde_json::{Value, json};

const PRICE: u64 = 250_000;

#[tokio::test]
async fn a_refund_goes_its_whole_way_through_the_command_line() {
    let (shop, shopper, order) = shop_that_owes_a_refund("0912000150").await;
    let refund = first_refund(&shopper, &order).await;
    assert_eq!(shop.metric("dropgate_refunds_due").await, 1);
    assert!(shop.operates(&["refund", "list"]).ends_with("none yet\n"));
    assert_eq!(shop.operates(&["refund", "export"]), "", "the shopper has not said where the money goes");

    let given = shopper.wants_refund_to(order.code, &order.key, &account("0123456789")).await.assert_status(200);
    assert_eq!(shopper.order(&order).await["refund_destination_usable_at"], given["usable_at"]);
    let list = shop.operates(&["refund", "export"]);
    let header = "memo,amount,bank,account_number,account_name,order_code";
    let row = format!("{refund},{PRICE},970422,'0123456789,TRAN VAN MINH,'{}", order.code);
    assert_eq!(list, format!("\u{feff}{header}\n{row}\n"), "digits stay text in a spreadsheet");
    let view = shopper.order(&order).await;
    assert_eq!([&view["refund_due"], &view["refund_sending"], &view["refund_sent"]], [0, PRICE, 0]);
    assert_eq!(shop.operates(&["refund", "export"]), "", "it is on one list alone");
    assert_eq!(shop.operates(&["refund", "export", "--batch", "1"]), list);
    assert_eq!(shop.metric("dropgate_refunds_due").await, 0);

    // Before the bank has sent it there is nothing to confirm.
    let (_, said) = shop.assert_refuses(&["refund", "confirm", &refund]);
    assert!(said.contains("refund_not_there: "), "{said}");
    let sent = bank_file(&format!("date,bank_reference,memo\n2026-11-21,FT26325000777,{refund}\n"));
    assert_eq!(shop.operates(&["refund", "import", sent.path()]), format!("sent {refund}\n"));
    assert_eq!(step_of(&shop, &refund).as_deref(), Some("sent"));
    shop.operates(&["refund", "confirm", &refund]);
    assert_eq!(step_of(&shop, &refund), None);
    let view = shopper.order(&order).await;
    assert_eq!(view["state"], "cancelled");
    assert_eq!([&view["refund_due"], &view["refund_sending"], &view["refund_sent"]], [0, 0, PRICE]);
    assert_eq!(shop.operates(&["refund", "export", "--batch", "1"]), list, "still the same list");
    shop.finish().await;
}

#[tokio::test]
async fn a_refund_that_came_back_is_due_again_and_goes_out_on_the_next_list() {
    let (shop, shopper, order) = shop_that_owes_a_refund("0912000151").await;
    let refund = first_refund(&shopper, &order).await;
    shopper.wants_refund_to(order.code, &order.key, &account("0123456789")).await.assert_status(200);
    let first = shop.operates(&["refund", "export"]);

    shop.operates(&["refund", "fail", &refund, "--reason", "the account is closed"]);
    assert_eq!(step_of(&shop, &refund).as_deref(), Some("due"));
    assert_eq!(shop.metric("dropgate_refunds_due_vnd").await, i64::try_from(PRICE).expect("a price"));
    assert_eq!(shopper.order(&order).await["refund_due"], PRICE);

    // A thief of the order key cannot redirect the money to another account at once.
    let changed = shopper.wants_refund_to(order.code, &order.key, &account("999")).await.assert_status(200);
    assert_eq!(shopper.order(&order).await["refund_destination_usable_at"], changed["usable_at"]);
    assert_eq!(shop.operates(&["refund", "export"]), "", "the new account waits a day");
    assert_eq!(shop.operates(&["refund", "export", "--batch", "1"]), first);
    shop.finish().await;
}

#[tokio::test]
async fn a_failed_refund_to_the_same_account_goes_out_again_and_is_on_one_list_alone() {
    let (shop, shopper, order) = shop_that_owes_a_refund("0912000152").await;
    let refund = first_refund(&shopper, &order).await;
    shopper.wants_refund_to(order.code, &order.key, &account("0123456789")).await.assert_status(200);
    let first = shop.operates(&["refund", "export"]);
    let sent = bank_file(&format!("memo,bank_reference\n{refund},FT1\n"));
    shop.operates(&["refund", "import", sent.path()]);
    shop.operates(&["refund", "fail", &refund, "--reason", "the bank sent it back"]);

    let second = shop.operates(&["refund", "export"]);
    assert_eq!(second, first, "the same transfer, on a list of its own");
    assert_eq!(shop.operates(&["refund", "export", "--batch", "2"]), second);
    assert!(shop.operates(&["refund", "list"]).contains(" batched "), "on its way again");
    shop.finish().await;
}

#[tokio::test]
async fn only_the_bearer_of_the_order_key_says_where_only_what_is_owed_goes() {
    let (shop, shopper, order) = shop_that_owes_a_refund("0912000153").await;
    let to = account("0123456789");
    let set = async |code: u64, key: &str, to: &Value| shopper.wants_refund_to(code, key, to).await;

    let drop = shop.opens_drop(DropTerms { price: PRICE, ..DropTerms::default() }).await;
    let unpaid = shopper.buys(&drop, 1).await;
    // A key that is wrong, and a genuine one of another order.
    let last = order.key.chars().last().expect("a key");
    let wrong = format!("{}{}", order.key.trim_end_matches(last), if last == 'A' { 'B' } else { 'A' });
    for key in [wrong.as_str(), unpaid.key.as_str(), "x"] {
        set(order.code, key, &to).await.assert_refused(401, "bad_order_key");
    }
    set(unpaid.code, &unpaid.key, &to).await.assert_refused(409, "destination_not_owed");

    for (field, value) in [
        ("account_name", "=HYPERLINK(\"http://x\")"),
        ("account_name", "+84912345678"),
        ("account_name", ""),
        ("account_number", "=1+1"),
        ("bank", "@SUM(1)"),
        ("bank", "970499"),
        ("account_name", "山田"),
    ] {
        let mut bad = to.clone();
        bad[field] = json!(value);
        let problem = set(order.code, &order.key, &bad).await.assert_refused(400, "invalid_field");
        assert_eq!(problem["field"], field, "{value}");
    }
    let view = shopper.order(&order).await;
    assert_eq!(view["refund_destination_usable_at"], Value::Null, "nothing was kept of it");
    shop.finish().await;
}

#[tokio::test]
async fn commands_about_money_refuse_what_is_wrong_and_say_why() {
    let (shop, shopper, order) = shop_that_owes_a_refund("0912000154").await;
    let refund = first_refund(&shopper, &order).await;
    shopper.wants_refund_to(order.code, &order.key, &account("0123456789")).await.assert_status(200);
    shop.operates(&["refund", "export"]);
    let unknown = format!("{refund}7");
    let code = (order.code + 1).to_string();

    for (arguments, why) in [
        (&["refund", "confirm", &unknown][..], "refund_not_there: "),
        (&["refund", "confirm", "RF"], "refund_not_there: "),
        (&["refund", "confirm", "../orders"], "a refund is named like"),
        (&["refund", "fail", &unknown, "--reason", "why not"], "refund_not_there: "),
        (&["refund", "fail", &refund, "--reason", ""], "invalid_field: reason: "),
        (&["refund", "fail", &refund], "--reason"),
        (&["refund", "export", "--batch", "99"], "not_found: "),
        (&["refund", "import", "/no/such/file.csv"], "cannot read /no/such/file.csv"),
        (&["order", "cancel", &code], "order_not_found: "),
        (&["order", "cancel", "first"], "invalid value 'first'"),
        (&["drop", "kill", "99"], "drop_not_found: "),
    ] {
        let (_, said) = shop.assert_refuses(arguments);
        assert!(said.contains(why), "dropgate {}: {said}", arguments.join(" "));
    }

    for (csv, why) in [
        ("", "there is no column memo"),
        ("memo,amount\nRF1,1\n", "there is no column bank_reference"),
        ("memo,bank_reference\nRF1,1,extra\n", "line 2 cannot be read"),
        ("memo,bank_reference\nRF1,\"1\n", "line 2 cannot be read: a quotation mark is not closed"),
    ] {
        let (_, said) = shop.assert_refuses(&["refund", "import", bank_file(csv).path()]);
        assert!(said.contains(why), "{csv}: {said}");
    }
    // A wrong line does not keep the right ones from being recorded.
    let mixed = bank_file(&format!("memo,bank_reference\n{unknown},FT1\n=1+1,FT2\n{refund},\n{refund},FT4\n"));
    let (printed, said) = shop.assert_refuses(&["refund", "import", mixed.path()]);
    assert!(said.contains("3 lines were refused"), "{said}");
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[0].starts_with(&format!("line 2: {unknown}: refund_not_there: ")), "{printed}");
    assert!(lines[1].starts_with("line 3: =1+1: a refund is named like"), "{printed}");
    assert!(lines[2].starts_with(&format!("line 4: {refund}: invalid_field: bank_reference: ")), "{printed}");
    assert_eq!(lines[3..], [format!("sent {refund}")]);
    shop.finish().await;
}

#[tokio::test]
async fn a_list_is_imported_as_a_spreadsheet_saves_it_and_refused_where_it_was_changed() {
    let (shop, shopper, order) = shop_that_owes_a_refund("0912000155").await;
    let refund = first_refund(&shopper, &order).await;
    let to = json!({ "bank": "970432", "account_number": "0559330072", "account_name": "CONG TY TNHH TM&DV AN" });
    shopper.wants_refund_to(order.code, &order.key, &to).await.assert_status(200);
    let list = shop.operates(&["refund", "export"]);
    assert!(list.contains(&format!("{refund},{PRICE},970432,'0559330072,CONG TY TNHH TM DV AN,")), "{list}");

    let row = |cells: &str| format!("memo,amount,account_number,bank_reference\n{refund},{cells}\n");
    for (cells, why) in [
        (&format!("{PRICE},559330072,FT1"), "the account number is \"559330072\" here and \"0559330072\" on its list"),
        (&format!("{PRICE},5.5933E+08,FT1"), "a spreadsheet has shortened \"5.5933E+08\""),
        (&format!("{PRICE},'0559330072,5.24E+12"), "a spreadsheet has shortened \"5.24E+12\""),
        (&"25000,'0559330072,FT1".to_owned(), "the amount is 25000 here and 250000 on its list"),
        (&"2500.000,'0559330072,FT1".to_owned(), "\"2500.000\": this could be two amounts"),
    ] {
        let (printed, said) = shop.assert_refuses(&["refund", "import", bank_file(&row(cells)).path()]);
        assert!(printed.starts_with("line 2: ") && printed.contains(why), "{printed}");
        assert!(said.contains("1 lines were refused"), "{said}");
    }
    assert_eq!(step_of(&shop, &refund).as_deref(), Some("batched"), "nothing of it is recorded");

    let twice = bank_file(&format!("memo,bank_reference\n{refund},FT1\n{refund},FT2\n"));
    let (printed, _) = shop.assert_refuses(&["refund", "import", twice.path()]);
    assert_eq!(
        printed,
        format!(
            "line 2: {refund}: it was sent as FT1 here and as FT2 on line 3\n\
             line 3: {refund}: it was sent as FT2 here and as FT1 on line 2\n"
        )
    );
    assert_eq!(step_of(&shop, &refund).as_deref(), Some("batched"), "neither is taken");

    // As Excel saves it: semicolons, other capitals, its own columns.
    let excel =
        list.replace(',', ";").replace("memo", "Bank Reference;Memo").replace(&refund, &format!("FT1;{refund}"));
    let excel = bank_file(&excel);
    assert_eq!(shop.operates(&["refund", "import", excel.path()]), format!("sent {refund}\n"));
    assert_eq!(shop.operates(&["refund", "import", excel.path()]), format!("known already {refund}\n"));
    let other = bank_file(&format!("memo,bank_reference\n{refund},FT2\n"));
    let (printed, _) = shop.assert_refuses(&["refund", "import", other.path()]);
    assert!(printed.contains("it is recorded as sent with FT1") && printed.starts_with("line 2: "), "{printed}");
    shop.operates(&["refund", "confirm", &refund]);
    assert_eq!(shop.operates(&["refund", "import", excel.path()]), format!("known already {refund}\n"));
    shop.finish().await;
}

#[tokio::test]
async fn an_operator_gives_the_missing_name_of_an_orders_refund_without_a_wait() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { price: PRICE, ..DropTerms::default() }).await;
    let shopper = shop.shopper("0912000156");
    let order = shopper.buys(&drop, 1).await;
    shopper.sees(&order, "payment_state", "ready").await;
    shop.payos.pays(order.code).await;
    shopper.sees(&order, "state", "paid").await;
    let refund = first_refund(&shopper, &order).await;
    let name = |name: &str| ["refund", "name", &refund, "--account-name", name].map(str::to_owned);
    let refused = |arguments: [String; 5]| shop.assert_refuses(&arguments.each_ref().map(String::as_str)).1;

    // The same money again, from an account whose holder the bank does not tell.
    let genuine = shop.payos.webhook_bodies().await.remove(0);
    let mut data = serde_json::from_str::<Value>(&genuine).expect("JSON")["data"].clone();
    data["reference"] = json!("FT26329000000200");
    assert!(refused(name("TRAN THI B")).contains("no account is known"));
    data["counterAccountBankId"] = json!("970422");
    data["counterAccountNumber"] = json!("0939999999");
    data["counterAccountName"] = Value::Null;
    assert_eq!(shop.payos.sends_raw_webhook(&json!({ "data": data })).await, 204);
    let missing = shop.operates(&["refund", "list"]);
    assert!(missing.contains("bank and number are known, the name is missing"), "{missing}");
    assert_eq!(shop.operates(&["refund", "export"]), "");

    assert!(refused(name("=1+1")).contains("invalid_field: account_name: "));
    shop.operates(&name("Trần Thị B").each_ref().map(String::as_str));
    let list = shop.operates(&["refund", "export"]);
    assert!(list.contains(&format!("{refund},{PRICE},970422,'0939999999,TRAN THI B,")), "{list}");
    assert!(refused(name("LE VAN C")).contains("destination_not_owed: "), "the list never changes");
    shop.finish().await;
}

/// A paid order that an operator has cancelled.
async fn shop_that_owes_a_refund(phone: &str) -> (Shop, Shopper, Order) {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { price: PRICE, ..DropTerms::default() }).await;
    let shopper = shop.shopper(phone);
    let order = shopper.buys(&drop, 1).await;
    shopper.sees(&order, "payment_state", "ready").await;
    shop.payos.pays(order.code).await;
    shopper.sees(&order, "state", "paid").await;
    shop.operates(&["order", "cancel", &order.code.to_string()]);
    assert_eq!(shopper.order(&order).await["refund_due"], PRICE);
    (shop, shopper, order)
}

/// The memo of an order's first refund.
async fn first_refund(shopper: &Shopper, order: &Order) -> String {
    format!("RF{}1", shopper.order(order).await["short_code"].as_str().expect("a short code"))
}

fn account(number: &str) -> Value {
    json!({ "bank": "970422", "account_number": number, "account_name": "TRẦN VĂN MINH" })
}

/// Where a refund stands on the operator's list; `None` when it is done with.
fn step_of(shop: &Shop, refund: &str) -> Option<String> {
    let list = shop.operates(&["refund", "list"]);
    let line = list.lines().find(|line| line.starts_with(refund))?;
    line.split_whitespace().nth(2).map(str::to_owned)
}

struct BankFile(tempfile::NamedTempFile);

fn bank_file(csv: &str) -> BankFile {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(file.path(), csv).expect("a written file");
    BankFile(file)
}

impl BankFile {
    fn path(&self) -> &str {
        self.0.path().to_str().expect("a path of text")
    }
}
