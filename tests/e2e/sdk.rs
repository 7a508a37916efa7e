use std::{
    io::Write,
    process::{Command, Stdio},
};

use harness::{CHECKSUM_KEY, DropTerms, Shop};
use payos::payouts::{Batch, PreparedPayout, Transfer};
use serde_json::{Value, json};

#[tokio::test]
async fn a_webhook_that_the_official_sdk_signed_pays_whatever_else_stands_in_it() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { price: 250_000, ..DropTerms::default() }).await;
    let shopper = shop.shopper("0912000130");
    let order = shopper.buys(&drop, 1).await;
    shopper.sees(&order, "payment_state", "ready").await;
    let link = shop.payos.link(order.code).await.expect("a link");

    // Unknown keys, null in place of text, and a space at the end that the signature covers.
    let data = json!({
        "orderCode": order.code,
        "amount": 250_000,
        "description": "Nguyễn Thị Ánh chuyển tiền ",
        "accountNumber": "113366668888",
        "reference": "FT26325000000001",
        "transactionDateTime": "2026-11-21 12:06:00",
        "currency": "VND",
        "paymentLinkId": link["paymentLinkId"],
        "code": "00",
        "desc": "Thành công",
        "counterAccountBankId": null,
        "counterAccountName": "",
        "somethingElse": [{ "z": null, "a": "</ & >" }],
    });
    let signed = signed_by_the_sdk(&data);
    assert_eq!(shop.payos.sends_raw_webhook(&json!({ "body": signed })).await / 100, 2);
    shopper.sees(&order, "state", "paid").await;

    let forged = signed.replace("250000", "250001");
    assert_ne!(forged, signed);
    assert_eq!(shop.payos.sends_raw_webhook(&json!({ "body": forged })).await, 401);
    shop.finish().await;
}

#[test]
fn payouts_that_the_client_prepares_carry_the_signature_that_the_official_sdk_computes() {
    let transfer = |number: i64| Transfer {
        reference_id: format!("RF{number}-1"),
        // Beyond a million, where the signatures of some clients turn into floats.
        amount: 123_456_789 * number,
        description: "Hoan tien don A_b.c-9".into(),
        to_bin: "970422".into(),
        to_account_number: "0123456789".into(),
    };
    let batch = Batch {
        reference_id: "B 1".into(),
        validate_destination: false,
        category: vec!["refund".into(), "drop".into()],
        payouts: (1..=100).map(transfer).collect(),
    };
    for prepared in [
        PreparedPayout::single(&transfer(1), &[], "key-1", CHECKSUM_KEY),
        PreparedPayout::single(&transfer(7), &["refund", "late payment"], "key-2", CHECKSUM_KEY),
        PreparedPayout::batch(&batch, "key-3", CHECKSUM_KEY),
    ] {
        let prepared = prepared.expect("prepared");
        assert_eq!(output_of_the_sdk("sign-payout.mjs", &prepared.body), prepared.signature);
    }
}

/// The body of a webhook about `data`.
pub(crate) fn signed_by_the_sdk(data: &Value) -> String {
    output_of_the_sdk("sign.mjs", data.to_string().as_bytes())
}

fn output_of_the_sdk(script: &str, input_bytes: &[u8]) -> String {
    let script = format!("{}/sdk/{script}", env!("CARGO_MANIFEST_DIR"));
    let mut node = Command::new("node")
        .args([&script, CHECKSUM_KEY])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node runs");
    let mut input = node.stdin.take().expect("an input");
    input.write_all(input_bytes).expect("node reads");
    drop(input);
    let output = node.wait_with_output().expect("node ends");
    assert!(output.status.success(), "the SDK signs");
    String::from_utf8(output.stdout).expect("text")
}
