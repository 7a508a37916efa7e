//! What PayOS posts when money has arrived.
//!
//! A webhook carries no event id and no time of signing, and PayOS repeats it until it gets a 2xx, so the
//! same body may come any number of times: record money by `(payment_link_id, reference)` and once only.

use serde_json::{Map, Value};

use crate::moment;
use crate::signature::{SAFE_INTEGER_MAX, SignatureError, verify_data};
use crate::strict_json;

/// Real webhooks are below 2 KiB. More is refused before it is parsed, so that a stranger cannot buy our
/// time or memory with a long body.
pub const WEBHOOK_BYTES_MAX: usize = 64 * 1024;

/// One transfer that PayOS has seen and signed. It may be less or more than was asked for.
///
/// Text is kept byte for byte, trailing spaces included. Text that PayOS left out or sent as null is empty:
/// the signature does not tell these cases apart either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookPayment {
    pub order_code: i64,
    /// VND of this transfer, from 1 to 2^53 - 1.
    pub amount: i64,
    /// The transfer memo; the payer can edit it, so it identifies nothing.
    pub description: String,
    /// The account that received the money.
    pub account_number: String,
    /// The bank's id of the transfer.
    pub reference: String,
    /// As PayOS wrote it; see [`WebhookPayment::transaction_time_ms`].
    pub transaction_date_time: String,
    pub payment_link_id: String,
    /// The payer's account; filled for a few banks only, like the five fields below.
    pub counter_account_bank_id: Option<String>,
    pub counter_account_bank_name: Option<String>,
    pub counter_account_name: Option<String>,
    pub counter_account_number: Option<String>,
    pub virtual_account_name: Option<String>,
    pub virtual_account_number: Option<String>,
}

impl WebhookPayment {
    /// Unix milliseconds of the transfer. PayOS gives whole seconds of Vietnamese time. Nothing when it is
    /// absent or in no known form: money is not refused because its time cannot be read.
    pub fn transaction_time_ms(&self) -> Option<i64> {
        moment::unix_ms(&self.transaction_date_time)
    }

    /// Whether this is the sample that PayOS sends, properly signed, when a webhook address is registered.
    /// Answer it with 2xx. Never give a real order the code 123.
    pub fn is_confirm_probe(&self) -> bool {
        self.order_code == 123 && self.account_number == "12345678" && self.reference == "TF230204212323"
    }
}

/// Each variant calls for another answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// Answer 413.
    #[error("the body is longer than {WEBHOOK_BYTES_MAX} bytes")]
    TooLarge,
    /// Not a body that PayOS could have sent. Answer 400.
    #[error("not a PayOS webhook: {0}")]
    Malformed(String),
    /// Not signed with this checksum key. Answer 401.
    #[error("the signature does not match")]
    BadSignature,
    /// Signed by PayOS, yet it reports no money that could be recorded. Repeating it will not help: answer
    /// 2xx, record nothing, and have somebody look.
    #[error("signed, but not a payment: {0}")]
    NotAPayment(String),
}

/// Reads a webhook body and accepts it only when PayOS signed it.
///
/// Only `data` is signed, so nothing outside of it is read. A signed `code` other than `"00"` and a
/// currency other than VND are no payments. `"00"` does not mean that the order is paid in full: compare
/// `amount`.
///
/// ```
/// use payos::{WebhookError, verify_webhook};
///
/// let key = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
/// let data = serde_json::json!({ "orderCode": 1000001, "amount": 49000, "reference": "FT1" });
/// let signature = payos::sign_data(key, &data)?;
/// let body = serde_json::json!({ "code": "00", "desc": "success", "data": data, "signature": signature });
///
/// let payment = verify_webhook(body.to_string().as_bytes(), key)?;
/// assert_eq!((payment.order_code, payment.amount), (1000001, 49000));
///
/// let forged = body.to_string().replace("49000", "49001");
/// assert_eq!(verify_webhook(forged.as_bytes(), key), Err(WebhookError::BadSignature));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify_webhook(raw: &[u8], checksum_key: &str) -> Result<WebhookPayment, WebhookError> {
    if raw.len() > WEBHOOK_BYTES_MAX {
        return Err(WebhookError::TooLarge);
    }
    let body = strict_json::parse(raw).map_err(|e| WebhookError::Malformed(e.to_string()))?;
    let data = body.get("data").ok_or_else(|| WebhookError::Malformed("no data".into()))?;
    let fields = data.as_object().ok_or_else(|| WebhookError::Malformed("data is not an object".into()))?;
    let signature = body.get("signature").and_then(Value::as_str).ok_or(WebhookError::BadSignature)?;
    verify_data(checksum_key, data, signature).map_err(|error| match error {
        SignatureError::NotSignable(reason) => WebhookError::Malformed(reason.to_string()),
        SignatureError::Mismatch => WebhookError::BadSignature,
    })?;
    read_payment(fields)
}

fn read_payment(data: &Map<String, Value>) -> Result<WebhookPayment, WebhookError> {
    for (key, expected) in [("code", "00"), ("currency", "VND")] {
        match data.get(key) {
            None | Some(Value::Null) => {}
            Some(Value::String(word)) if word == expected => {}
            found => return Err(unexpected(key, &format!("\"{expected}\""), found)),
        }
    }
    let text = |key| Ok(optional_text(data, key)?.unwrap_or_default());
    Ok(WebhookPayment {
        order_code: positive_integer(data, "orderCode")?,
        amount: positive_integer(data, "amount")?,
        description: text("description")?,
        account_number: text("accountNumber")?,
        reference: text("reference")?,
        transaction_date_time: text("transactionDateTime")?,
        payment_link_id: text("paymentLinkId")?,
        counter_account_bank_id: optional_text(data, "counterAccountBankId")?,
        counter_account_bank_name: optional_text(data, "counterAccountBankName")?,
        counter_account_name: optional_text(data, "counterAccountName")?,
        counter_account_number: optional_text(data, "counterAccountNumber")?,
        virtual_account_name: optional_text(data, "virtualAccountName")?,
        virtual_account_number: optional_text(data, "virtualAccountNumber")?,
    })
}

fn positive_integer(data: &Map<String, Value>, key: &str) -> Result<i64, WebhookError> {
    let found = data.get(key);
    let integer = found.and_then(Value::as_i64).filter(|integer| (1..=SAFE_INTEGER_MAX).contains(integer));
    integer.ok_or_else(|| unexpected(key, &format!("a JSON integer from 1 to {SAFE_INTEGER_MAX}"), found))
}

fn optional_text(data: &Map<String, Value>, key: &str) -> Result<Option<String>, WebhookError> {
    match data.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        found => Err(unexpected(key, "a JSON string or null", found)),
    }
}

fn unexpected(key: &str, expected: &str, found: Option<&Value>) -> WebhookError {
    let found = found.map_or_else(|| "missing".to_owned(), Value::to_string);
    WebhookError::NotAPayment(format!("{key} must be {expected}, and is {found}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::signature::sign_data;

    const KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

    fn sample() -> Value {
        json!({
            "orderCode": 1_000_001, "amount": 49_000, "description": "CSA1B2C3D4E DH1000001 ",
            "accountNumber": "0123456789", "reference": "FT26123456789012",
            "transactionDateTime": "2026-11-20 10:15:30", "currency": "VND",
            "paymentLinkId": "5f0c2a7e9b1d4c3e8a6f7b8c9d0e1f2a", "code": "00", "desc": "success",
            "counterAccountBankId": null, "counterAccountName": "NGUYỄN THỊ ÁNH",
        })
    }

    fn sample_with(key: &str, value: Value) -> Value {
        let mut data = sample();
        data[key] = value;
        data
    }

    fn verify_signed(data: &Value) -> Result<WebhookPayment, WebhookError> {
        let signature = sign_data(KEY, data).expect("signable");
        let body = json!({ "code": "00", "success": true, "data": data, "signature": signature });
        verify_webhook(body.to_string().as_bytes(), KEY)
    }

    fn verify_text(body: &str) -> Result<WebhookPayment, WebhookError> {
        verify_webhook(body.as_bytes(), KEY)
    }

    #[test]
    fn a_signed_payment_is_read_byte_for_byte() {
        let payment = verify_signed(&sample()).expect("genuine");
        assert_eq!(payment.order_code, 1_000_001);
        assert_eq!(payment.amount, 49_000);
        assert_eq!(payment.description, "CSA1B2C3D4E DH1000001 ");
        assert_eq!(payment.reference, "FT26123456789012");
        assert_eq!(payment.payment_link_id, "5f0c2a7e9b1d4c3e8a6f7b8c9d0e1f2a");
        assert_eq!(payment.transaction_time_ms(), Some(1_795_144_530_000));
        assert_eq!(payment.counter_account_bank_id, None);
        assert_eq!(payment.counter_account_name.as_deref(), Some("NGUYỄN THỊ ÁNH"));
        assert!(!payment.is_confirm_probe());
    }

    #[test]
    fn null_missing_and_unknown_fields_are_no_obstacle() {
        let data = json!({
            "orderCode": 7, "amount": 1, "reference": null, "transactionDateTime": "soon",
            "currency": null, "news": "PayOS added a field", "list": [{ "b": 1, "a": null }],
        });
        let payment = verify_signed(&data).expect("genuine");
        assert_eq!(payment.reference, "");
        assert_eq!(payment.payment_link_id, "");
        assert_eq!(payment.transaction_time_ms(), None);
    }

    #[test]
    fn any_change_of_the_signed_data_is_refused() {
        let signature = sign_data(KEY, &sample()).expect("signable");
        for (key, value) in [
            ("amount", json!(49_001)),
            ("orderCode", json!(1_000_002)),
            ("description", json!("CSA1B2C3D4E DH1000001")),
            ("extra", json!("")),
        ] {
            let body = json!({ "data": sample_with(key, value), "signature": signature });
            assert_eq!(verify_text(&body.to_string()), Err(WebhookError::BadSignature), "{key}");
        }
    }

    #[test]
    fn a_missing_or_foreign_signature_is_refused() {
        let foreign = sign_data("another key", &sample()).expect("signable");
        for signature in [Value::Null, json!(""), json!(7), json!(foreign)] {
            let body = json!({ "data": sample(), "signature": signature });
            assert_eq!(verify_text(&body.to_string()), Err(WebhookError::BadSignature));
        }
        let unsigned = json!({ "data": sample() }).to_string();
        assert_eq!(verify_text(&unsigned), Err(WebhookError::BadSignature));
    }

    #[test]
    fn a_duplicate_key_is_refused_even_when_the_signature_fits() {
        let data = sample();
        let signature = sign_data(KEY, &data).expect("signable");
        let twice = data.to_string().replace("{\"orderCode\"", "{\"amount\":1,\"orderCode\"");
        for body in [
            format!(r#"{{"data":{twice},"signature":"{signature}"}}"#),
            format!(r#"{{"data":{{}},"data":{data},"signature":"{signature}"}}"#),
        ] {
            assert!(matches!(verify_text(&body), Err(WebhookError::Malformed(_))), "{body}");
        }
    }

    #[test]
    fn a_body_over_the_limit_is_refused_before_it_is_parsed() {
        let at_limit = vec![b' '; WEBHOOK_BYTES_MAX];
        assert!(matches!(verify_webhook(&at_limit, KEY), Err(WebhookError::Malformed(_))));
        let over_limit = vec![b' '; WEBHOOK_BYTES_MAX + 1];
        assert_eq!(verify_webhook(&over_limit, KEY), Err(WebhookError::TooLarge));
    }

    #[test]
    fn what_is_no_webhook_is_malformed() {
        for body in ["", "null", "[]", "{}", r#"{"data":null,"signature":"x"}"#, r#"{"data":[]}"#, "{\"data\":"] {
            assert!(matches!(verify_text(body), Err(WebhookError::Malformed(_))), "{body}");
        }
    }

    #[test]
    fn an_amount_that_no_money_has_is_no_payment_when_it_is_signed_and_forged_otherwise() {
        for amount in ["0", "-49000", "49000.5", "4.9e40", "9007199254740992", "99999999999999999999", "[]", "true"] {
            let data: Value = serde_json::from_str(&format!(r#"{{"orderCode":7,"amount":{amount}}}"#)).expect("JSON");
            assert!(matches!(verify_signed(&data), Err(WebhookError::NotAPayment(_))), "{amount}");
            let forged = format!(r#"{{"data":{data},"signature":"x"}}"#);
            assert_eq!(verify_text(&forged), Err(WebhookError::BadSignature), "{amount}");
        }
    }

    #[test]
    fn signed_data_without_money_is_no_payment() {
        let integer = "a JSON integer from 1 to 9007199254740991";
        for (key, value, expected) in [
            ("amount", json!("49000"), integer),
            ("amount", Value::Null, integer),
            ("orderCode", json!("1000001"), integer),
            ("orderCode", json!(0), integer),
            ("code", json!("01"), "\"00\""),
            ("currency", json!("USD"), "\"VND\""),
            ("reference", json!(12), "a JSON string or null"),
            ("counterAccountName", json!(true), "a JSON string or null"),
        ] {
            let reason = format!("{key} must be {expected}, and is {value}");
            assert_eq!(verify_signed(&sample_with(key, value)), Err(WebhookError::NotAPayment(reason)));
        }
        let mut without = sample();
        without.as_object_mut().expect("an object").remove("amount");
        let reason = format!("amount must be {integer}, and is missing");
        assert_eq!(verify_signed(&without), Err(WebhookError::NotAPayment(reason)));
    }

    #[test]
    fn the_probe_of_a_registration_is_recognised_by_all_three_marks() {
        let probe = json!({
            "orderCode": 123, "amount": 3000, "accountNumber": "12345678",
            "reference": "TF230204212323", "transactionDateTime": "2023-02-04 18:25:00",
        });
        assert!(verify_signed(&probe).expect("genuine").is_confirm_probe());
        for key in ["accountNumber", "reference"] {
            let mut other = probe.clone();
            other[key] = json!("other");
            assert!(!verify_signed(&other).expect("genuine").is_confirm_probe(), "{key}");
        }
    }
}
