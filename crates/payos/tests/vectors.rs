//! The vectors were produced by PayOS's official Node SDK; some are from its own tests.

use payos::payouts::{self, Batch, PreparedPayout, Transfer};
use payos::{
    PaymentRequestFields, data_text, payment_request_text, sign_data, sign_payment_request, verify_data, verify_webhook,
};
use serde_json::{Value, json};

fn vectors(kind: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("vectors.json")).expect("valid JSON");
    let vectors = file[kind].as_array().expect("a list").clone();
    assert!(!vectors.is_empty());
    vectors
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().expect(key)
}

#[test]
fn payment_requests_are_signed_as_the_official_sdk_signs_them() {
    for vector in vectors("payment_request") {
        let request = &vector["request"];
        let fields = PaymentRequestFields {
            amount: request["amount"].as_i64().expect("amount"),
            cancel_url: text(request, "cancelUrl"),
            description: text(request, "description"),
            order_code: request["orderCode"].as_i64().expect("orderCode"),
            return_url: text(request, "returnUrl"),
        };
        let id = text(&vector, "id");
        assert_eq!(payment_request_text(&fields), text(&vector, "string_to_sign"), "{id}");
        let signature = sign_payment_request(text(&vector, "checksum_key"), &fields);
        assert_eq!(signature, text(&vector, "signature"), "{id}");
    }
}

#[test]
fn data_is_signed_as_the_official_sdk_signs_it() {
    for vector in vectors("data") {
        let data: Value = serde_json::from_str(text(&vector, "data_json")).expect("valid JSON");
        let (key, signature) = (text(&vector, "checksum_key"), text(&vector, "signature"));
        let id = text(&vector, "id");
        assert_eq!(data_text(&data).as_deref(), Ok(text(&vector, "string_to_sign")), "{id}");
        assert_eq!(sign_data(key, &data).as_deref(), Ok(signature), "{id}");
        assert_eq!(verify_data(key, &data, signature), Ok(()), "{id}");
    }
}

#[test]
fn webhook_vectors_are_read_as_payments() {
    let webhooks: Vec<Value> =
        vectors("data").into_iter().filter(|vector| text(vector, "id").starts_with("wh-")).collect();
    assert_eq!(webhooks.len(), 4);
    for vector in webhooks {
        let body = format!(
            r#"{{"code":"00","desc":"success","success":true,"data":{},"signature":{}}}"#,
            text(&vector, "data_json"),
            json!(text(&vector, "signature")),
        );
        let id = text(&vector, "id");
        let payment = verify_webhook(body.as_bytes(), text(&vector, "checksum_key")).expect(id);
        assert_eq!(payment.is_confirm_probe(), id == "wh-confirm-probe");
        assert!(payment.transaction_time_ms().is_some(), "{id}");
    }
}

#[test]
fn payouts_are_signed_as_the_official_sdk_signs_them() {
    for vector in vectors("payout") {
        let data: Value = serde_json::from_str(text(&vector, "data_json")).expect("valid JSON");
        let (key, signature) = (text(&vector, "checksum_key"), text(&vector, "signature"));
        let id = text(&vector, "id");
        assert_eq!(payouts::signed_text(&data).as_deref(), Ok(text(&vector, "string_to_sign")), "{id}");
        assert_eq!(payouts::sign(key, &data).as_deref(), Ok(signature), "{id}");
        assert_eq!(payouts::verify(key, &data, signature), Ok(()), "{id}");
    }
}

#[test]
fn prepared_payouts_have_the_bytes_and_the_signature_of_the_official_sdk() {
    let vector = |wanted| vectors("payout").into_iter().find(|vector| text(vector, "id") == wanted).expect(wanted);
    let transfer = Transfer {
        reference_id: "referenceId".into(),
        amount: 2_000,
        description: "payout".into(),
        to_bin: "970422".into(),
        to_account_number: "0123456789".into(),
    };
    let batch = Batch {
        reference_id: "referenceId".into(),
        validate_destination: true,
        category: vec!["salary".into()],
        payouts: vec![Transfer { description: "batch payout".into(), ..transfer.clone() }],
    };
    for (vector, prepared) in [
        (vector("po-single"), PreparedPayout::single(&transfer, &["salary", "hoa"], "key-1", "test_checksum_key")),
        (vector("po-batch"), PreparedPayout::batch(&batch, "key-1", "test_checksum_key")),
    ] {
        let prepared = prepared.expect("prepared");
        assert_eq!(String::from_utf8(prepared.body).expect("text"), text(&vector, "data_json"));
        assert_eq!(prepared.signature, text(&vector, "signature"));
    }
}
