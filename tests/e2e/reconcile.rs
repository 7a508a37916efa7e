use harness::{DropTerms, Shop};
use serde_json::json;

#[tokio::test]
async fn money_that_no_webhook_brought_is_found_by_reconcile_once() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { price: 250_000, ..DropTerms::default() }).await;
    let shopper = shop.shopper("0912000110");
    let order = shopper.buys(&drop, 1).await;
    let pending = shopper.sees(&order, "payment_state", "ready").await;
    let other = shop.shopper("0912000111");
    let unpaid = other.buys(&drop, 1).await;
    other.sees(&unpaid, "payment_state", "ready").await;

    let transfer = shop.payos.pays_as(order.code, &json!({ "webhook": false })).await;
    assert_eq!(transfer["webhooks"], 0);
    assert_eq!(shopper.order(&order).await["state"], "pending");

    let found = shop.operates(&["reconcile"]);
    let difference = format!(
        "{}  {}  payment_found: 250000 VND with reference {}, now recorded",
        order.code,
        pending["short_code"].as_str().expect("a short code"),
        transfer["reference"].as_str().expect("a reference")
    );
    assert_eq!(found.lines().next(), Some(difference.as_str()), "{found}");
    assert!(found.ends_with(" 1 differences, 0 not read\n"), "{found}");
    assert!(!found.contains(&unpaid.code.to_string()), "{found}");
    let paid = shopper.order(&order).await;
    assert_eq!((&paid["state"], &paid["refund_due"]), (&json!("paid"), &json!(0)));
    assert_eq!(shop.metric("dropgate_payments_unsettled").await, 0, "what a signed read brought is settled");

    let again = shop.operates(&["reconcile"]);
    assert_eq!(again.lines().count(), 2, "{again}");
    assert_eq!(shop.metric("dropgate_payments_found_total").await, 1, "a read that finds nothing new counts nothing");
    assert!(
        again.starts_with("no reference is known more than once\n2 links read")
            && again.ends_with(" 0 differences, 0 not read\n"),
        "{again}"
    );
    shop.finish().await;
}

#[tokio::test]
async fn a_sum_that_payos_counts_is_no_money_and_its_transfers_are() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { price: 250_000, ..DropTerms::default() }).await;
    let shopper = shop.shopper("0912000113");
    let order = shopper.buys(&drop, 1).await;
    shopper.sees(&order, "payment_state", "ready").await;
    let says = |difference: &str| format!("amount_paid_differs: {difference} VND from this link");

    shop.payos.shows(order.code, &json!({ "status": "PAID", "amount_paid": 250_000 })).await;
    let found = shop.operates(&["reconcile"]);
    assert!(found.contains(&says("PayOS counts 250000 VND, the ledger has 0")), "{found}");
    let view = shopper.order(&order).await;
    let money = (&view["state"], &view["amount_applied"], &view["refund_due"]);
    assert_eq!(money, (&json!("pending"), &json!(0), &json!(0)));

    shop.payos.pays_as(order.code, &json!({ "amount": 250_000, "webhook": false })).await;
    shop.payos.shows(order.code, &json!({ "status": "PENDING", "amount_paid": 0 })).await;
    let found = shop.operates(&["reconcile"]);
    assert!(found.contains("payment_found: 250000 VND"), "{found}");
    assert!(found.contains(&says("PayOS counts 0 VND, the ledger has 250000")), "{found}");
    assert_eq!(shopper.order(&order).await["state"], "paid");
    shop.finish().await;
}

#[tokio::test]
async fn reconcile_prints_every_reference_that_is_known_more_than_once_and_where_each_payment_stands() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { price: 250_000, ..DropTerms::default() }).await;
    let shopper = shop.shopper("0912000115");
    let order = shopper.buys(&drop, 1).await;
    shopper.sees(&order, "payment_state", "ready").await;
    shop.payos.pays_as(order.code, &json!({ "reference": "FT26335000000001" })).await;
    shopper.sees(&order, "state", "paid").await;
    let enters = |arguments: &[&str]| {
        let record = ["payment", "record", "--amount", "250000", "--unmatched"];
        shop.operates(&[&record[..], arguments].concat());
    };
    enters(&["--bank-reference", "FT1", "--at", "2026-10-01T09:00:00+07:00"]);
    assert!(shop.operates(&["reconcile"]).starts_with("no reference is known more than once\n"));

    // As another bank writes the reference of the order's payment.
    let again = ["--another-transfer", "--reason", "of October"];
    let spelled = ["--bank-reference", "ft26335000000001\\BNK", "--at", "2026-10-02T09:00:00+07:00"];
    enters(&[&spelled[..], &again].concat());
    let found = shop.operates(&["reconcile"]);
    let lines: Vec<&str> = found.lines().filter(|line| line.starts_with("known more than once: ")).collect();
    assert_eq!(lines.len(), 1, "{found}");
    assert!(lines[0].starts_with("known more than once: FT26335000000001: 250000 VND of "), "{found}");
    let (of_order, unmatched) = lines[0].split_once("; ").expect("two payments");
    assert!(of_order.contains(&format!("for order {}, payment ", order.code)), "{found}");
    assert!(of_order.ends_with(", counted"), "{found}");
    assert!(unmatched.starts_with("250000 VND of 2026-10-02 without an order, payment "), "{found}");
    assert!(unmatched.ends_with(", unmatched"), "{found}");
    shop.finish().await;
}

#[tokio::test]
async fn a_sum_that_differs_is_warned_of_once_however_often_it_is_read() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { price: 250_000, ..DropTerms::default() }).await;
    let shopper = shop.shopper("0912000114");
    let order = shopper.buys(&drop, 1).await;
    shopper.sees(&order, "payment_state", "ready").await;
    shop.payos.shows(order.code, &json!({ "status": "PAID", "amount_paid": 250_000 })).await;
    for _ in 0..3 {
        assert!(shop.operates(&["reconcile"]).contains("amount_paid_differs"));
    }
    let log = shop.origin_log();
    assert_eq!(log.matches("PayOS counts another sum than the ledger").count(), 1, "{log}");
    assert_eq!(shop.metric("dropgate_log_lines_repeated_total{module=\"origin::payos::read\"}").await, 2);
    shop.finish().await;
}

#[tokio::test]
async fn reconcile_names_what_it_could_not_read_and_fails() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let shopper = shop.shopper("0912000112");
    let order = shopper.buys(&drop, 1).await;
    shopper.sees(&order, "payment_state", "ready").await;
    shop.payos.behaves(&json!({ "get": "fail_5xx" })).await;

    let (printed, said) = shop.assert_refuses(&["reconcile"]);
    assert!(printed.starts_with(&format!("{}  not read", order.code)), "{printed}");
    assert!(printed.ends_with(" 0 differences, 1 not read\n"), "{printed}");
    assert!(said.contains("run it again"), "{said}");

    // Reconciliation reads only orders placed since then, and refuses an invalid time.
    let later = shop.operates(&["reconcile", "--since", "2099-01-01T00:00:00Z"]);
    assert!(later.contains("\n0 links read"), "{later}");
    let (_, said) = shop.assert_refuses(&["reconcile", "--since", "yesterday"]);
    assert!(said.contains("invalid_field: since: "), "{said}");
    shop.finish().await;
}
