//! The two signatures of payment links: over a payment request, and over the `data` of replies and webhooks.
//!
//! Both are HMAC-SHA256, written as lower-case hex, keyed with the *text* of the checksum key: it looks
//! like hex but is not decoded.
//!
//! The signed text is not escaped, so `&` and `=` inside a value look like separators. PayOS defines it that
//! way. It means that a signature proves which text PayOS signed, not where one field ends; read fields by
//! their JSON type, as this crate does, and never publish a signed body.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Number, Value};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// JavaScript, PayOS's own language, loses integers above this; so no amount or order code may exceed it.
pub const SAFE_INTEGER_MAX: i64 = (1 << 53) - 1;

/// The five fields of a payment request that its signature covers. Items, buyer and expiry are not signed.
#[derive(Clone, Copy, Debug)]
pub struct PaymentRequestFields<'a> {
    pub amount: i64,
    pub cancel_url: &'a str,
    pub description: &'a str,
    pub order_code: i64,
    pub return_url: &'a str,
}

/// Why a `data` object has no signature that PayOS's SDKs would agree on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot be signed: {reason}")]
pub struct NotSignable {
    reason: &'static str,
}

impl NotSignable {
    pub(crate) fn new(reason: &'static str) -> NotSignable {
        NotSignable { reason }
    }
}

/// Why a signed `data` object was not accepted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error(transparent)]
    NotSignable(#[from] NotSignable),
    #[error("the signature does not match")]
    Mismatch,
}

/// Signs a payment request.
///
/// ```
/// use payos::{PaymentRequestFields, sign_payment_request};
///
/// let fields = PaymentRequestFields {
///     amount: 49000,
///     cancel_url: "https://shop.example/cancel",
///     description: "DH1000001",
///     order_code: 1000001,
///     return_url: "https://shop.example/return",
/// };
/// let key = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
/// assert!(sign_payment_request(key, &fields).starts_with("f44c8d7e060a0d8e"));
/// ```
pub fn sign_payment_request(checksum_key: &str, fields: &PaymentRequestFields<'_>) -> String {
    hmac_hex(checksum_key, &payment_request_text(fields))
}

/// The text that the signature of a payment request is computed over.
pub fn payment_request_text(fields: &PaymentRequestFields<'_>) -> String {
    let PaymentRequestFields { amount, cancel_url, description, order_code, return_url } = fields;
    format!(
        "amount={amount}&cancelUrl={cancel_url}&description={description}&orderCode={order_code}&returnUrl={return_url}"
    )
}

/// Signs the `data` object of a reply or webhook, as PayOS does; for tests and stand-ins.
///
/// ```
/// use serde_json::json;
///
/// let data = json!({ "orderCode": 123, "amount": 3000, "counterAccountName": null });
/// let signature = payos::sign_data("a checksum key", &data)?;
/// payos::verify_data("a checksum key", &data, &signature)?;
/// assert!(payos::verify_data("another key", &data, &signature).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sign_data(checksum_key: &str, data: &Value) -> Result<String, NotSignable> {
    Ok(hmac_hex(checksum_key, &data_text(data)?))
}

/// Accepts `data` only when `signature` is PayOS's signature of it. Compares in constant time.
///
/// Call this on the value as it was received. A typed struct written back to JSON loses fields that PayOS
/// may add, and with them the signature.
pub fn verify_data(checksum_key: &str, data: &Value, signature: &str) -> Result<(), SignatureError> {
    let expected = sign_data(checksum_key, data)?;
    // With an empty key anybody can sign; a setting that was forgotten must not open the door.
    if checksum_key.is_empty() {
        return Err(SignatureError::Mismatch);
    }
    if bool::from(expected.as_bytes().ct_eq(signature.as_bytes())) { Ok(()) } else { Err(SignatureError::Mismatch) }
}

/// The text that the signature of a `data` object is computed over.
///
/// Numbers at the top level are printed as JavaScript, PayOS's own language, prints them, so that a fraction
/// or a number beyond 2^53 that PayOS signed is known as signed. Refuses what the official SDKs sign
/// differently from each other: such numbers further inside, objects at the top level, and arrays of anything
/// but objects. PayOS sends none of these.
pub fn data_text(data: &Value) -> Result<String, NotSignable> {
    let fields = data.as_object().ok_or(NotSignable { reason: "data is not an object" })?;
    let mut text = String::new();
    for (key, value) in sorted(fields) {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(key);
        text.push('=');
        push_value(&mut text, value)?;
    }
    Ok(text)
}

fn push_value(text: &mut String, value: &Value) -> Result<(), NotSignable> {
    match value {
        Value::Null => {}
        // The reference SDK prints these two words as nothing, because it treats them as absent values.
        Value::String(word) if word == "null" || word == "undefined" => {}
        Value::String(word) => text.push_str(word),
        Value::Bool(_) => text.push_str(&value.to_string()),
        Value::Number(number) => text.push_str(&number_text(number)),
        Value::Array(elements) => {
            require_safe_integers(value)?;
            text.push_str(&array_text(elements)?);
        }
        Value::Object(_) => {
            return Err(NotSignable { reason: "an object at the top level of data" });
        }
    }
    Ok(())
}

fn number_text(number: &Number) -> String {
    if let Some(integer) = number.as_i64().filter(|integer| integer.unsigned_abs() <= SAFE_INTEGER_MAX.unsigned_abs()) {
        return integer.to_string();
    }
    // JavaScript has no other numbers, and prints the shortest digits that lead back to the same one, as Rust does.
    let float = number.as_f64().unwrap_or(f64::NAN);
    let size = float.abs();
    if float == 0.0 {
        "0".to_owned()
    } else if (1e-6..1e21).contains(&size) {
        float.to_string()
    } else if size >= 1e21 {
        format!("{float:e}").replace('e', "e+")
    } else {
        format!("{float:e}")
    }
}

/// Compact JSON with the keys of each element sorted; deeper objects keep their order.
fn array_text(elements: &[Value]) -> Result<String, NotSignable> {
    let mut sorted_elements = Vec::with_capacity(elements.len());
    for element in elements {
        let fields = element.as_object().ok_or(NotSignable { reason: "an array element that is not an object" })?;
        let element: Map<String, Value> =
            sorted(fields).into_iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        sorted_elements.push(Value::Object(element));
    }
    Ok(Value::Array(sorted_elements).to_string())
}

/// By UTF-16 code unit, as JavaScript sorts; for ASCII that is byte order.
pub(crate) fn sorted(fields: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut pairs: Vec<_> = fields.iter().collect();
    pairs.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    pairs
}

pub(crate) fn require_safe_integers(value: &Value) -> Result<(), NotSignable> {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(integer) if (-SAFE_INTEGER_MAX..=SAFE_INTEGER_MAX).contains(&integer) => Ok(()),
            _ => Err(NotSignable { reason: "a number that is not an integer below 2^53" }),
        },
        Value::Array(elements) => elements.iter().try_for_each(require_safe_integers),
        Value::Object(fields) => fields.values().try_for_each(require_safe_integers),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

pub(crate) fn hmac_hex(checksum_key: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(checksum_key.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    let mut hex = String::with_capacity(64);
    for byte in mac.finalize().into_bytes() {
        write!(hex, "{byte:02x}").expect("writing to a String cannot fail");
    }
    hex
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_that_are_no_safe_integers_are_signed_as_javascript_prints_them() {
        // Printed by `String(number)`.
        for (number, printed) in [
            (json!(250_000.5), "250000.5"),
            (json!(49000.0), "49000"),
            (json!(-0.0), "0"),
            (json!(0.1), "0.1"),
            (json!(9_007_199_254_740_992_i64), "9007199254740992"),
            (json!(9_007_199_254_740_993_i64), "9007199254740992"),
            (json!(u64::MAX), "18446744073709552000"),
            (json!(-1e20), "-100000000000000000000"),
            (json!(1e21), "1e+21"),
            (json!(1.5e300), "1.5e+300"),
            (json!(0.000_001), "0.000001"),
            (json!(1.5e-7), "1.5e-7"),
        ] {
            assert_eq!(data_text(&json!({ "amount": number })), Ok(format!("amount={printed}")));
        }
    }

    #[test]
    fn floats_and_unsafe_integers_inside_a_list_are_refused() {
        for data in [
            json!({ "transactions": [{ "amount": 1.5 }] }),
            json!({ "transactions": [{ "inner": { "amount": 1.5 } }] }),
        ] {
            assert!(data_text(&data).is_err(), "{data}");
        }
        assert!(data_text(&json!({ "amount": -SAFE_INTEGER_MAX })).is_ok());
    }

    #[test]
    fn shapes_that_official_sdks_disagree_on_are_refused() {
        for data in [json!([]), json!("text"), json!({ "extra": { "a": 1 } }), json!({ "extra": ["text"] })] {
            assert!(data_text(&data).is_err(), "{data}");
        }
    }

    #[test]
    fn null_the_words_null_and_undefined_and_empty_text_print_as_nothing() {
        let data = json!({ "d": "undefined", "c": "null", "b": "", "a": null, "e": "Null", "f": [], "g": true });
        assert_eq!(data_text(&data), Ok("a=&b=&c=&d=&e=Null&f=[]&g=true".into()));
    }

    #[test]
    fn objects_inside_an_element_keep_their_order() {
        let data = json!({ "list": [{ "z": { "b": 1, "a": 2 }, "y": null }] });
        assert_eq!(data_text(&data), Ok(r#"list=[{"y":null,"z":{"b":1,"a":2}}]"#.into()));
    }

    #[test]
    fn a_signature_that_is_cut_short_or_upper_case_does_not_match() {
        let data = json!({ "amount": 1 });
        let signature = sign_data("key", &data).expect("signable");
        assert_eq!(verify_data("key", &data, &signature), Ok(()));
        for wrong in ["", &signature[..63], &signature.to_uppercase()] {
            assert_eq!(verify_data("key", &data, wrong), Err(SignatureError::Mismatch));
        }
    }

    #[test]
    fn nothing_verifies_under_an_empty_key() {
        let data = json!({ "amount": 1 });
        let signature = sign_data("", &data).expect("signable");
        assert_eq!(verify_data("", &data, &signature), Err(SignatureError::Mismatch));
    }
}
