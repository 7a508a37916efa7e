//! The signature of payouts, the same for requests and replies. It travels in the header `x-signature`.
//!
//! Unlike the signature of payment links it sorts keys at every depth and escapes what it signs.

use std::fmt::Write;

use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use crate::signature::{NotSignable, SignatureError, hmac_hex, require_safe_integers, sorted};

/// Signs the body of a request or the `data` of a reply.
///
/// ```
/// use serde_json::json;
///
/// let data = json!({ "balance": "5000000", "currency": "VND" });
/// let signature = payos::payouts::sign("a checksum key", &data)?;
/// payos::payouts::verify("a checksum key", &data, &signature)?;
/// assert!(payos::payouts::verify("another key", &data, &signature).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sign(checksum_key: &str, data: &Value) -> Result<String, NotSignable> {
    Ok(hmac_hex(checksum_key, &signed_text(data)?))
}

/// Accepts `data` only when `signature` is PayOS's signature of it. Compares in constant time.
pub fn verify(checksum_key: &str, data: &Value, signature: &str) -> Result<(), SignatureError> {
    let expected = sign(checksum_key, data)?;
    // With an empty key anybody can sign; a setting that was forgotten must not open the door.
    if checksum_key.is_empty() || !bool::from(expected.as_bytes().ct_eq(signature.as_bytes())) {
        return Err(SignatureError::Mismatch);
    }
    Ok(())
}

/// The text that a signature is computed over: `key=value` of each top-level key, escaped as JavaScript's
/// `encodeURIComponent` does it, joined by `&`. Lists and objects are compact JSON.
///
/// Refuses numbers that are not safe integers, and lists in lists, which the official SDKs sign differently.
pub fn signed_text(data: &Value) -> Result<String, NotSignable> {
    let fields = data.as_object().ok_or(NotSignable::new("data is not an object"))?;
    require_safe_integers(data)?;
    let mut text = String::new();
    for (key, value) in sorted(fields) {
        if !text.is_empty() {
            text.push('&');
        }
        push_escaped(&mut text, key);
        text.push('=');
        match value {
            Value::Null => {}
            Value::String(word) => push_escaped(&mut text, word),
            other => push_escaped(&mut text, &deep_sorted(other)?.to_string()),
        }
    }
    Ok(text)
}

fn deep_sorted(value: &Value) -> Result<Value, NotSignable> {
    match value {
        Value::Array(elements) if elements.iter().any(Value::is_array) => {
            Err(NotSignable::new("a list directly in a list"))
        }
        Value::Array(elements) => elements.iter().map(deep_sorted).collect::<Result<_, _>>().map(Value::Array),
        Value::Object(fields) => {
            let fields = sorted(fields).into_iter().map(|(key, value)| Ok((key.clone(), deep_sorted(value)?)));
            fields.collect::<Result<Map<_, _>, _>>().map(Value::Object)
        }
        plain => Ok(plain.clone()),
    }
}

/// As JavaScript's `encodeURIComponent`.
pub(super) fn push_escaped(text: &mut String, plain: &str) {
    for byte in plain.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => text.push(char::from(byte)),
            b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')' => text.push(char::from(byte)),
            other => write!(text, "%{other:02X}").expect("writing to a String cannot fail"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_sorted_at_every_depth_and_only_top_level_nulls_are_empty() {
        let data =
            json!({ "b": { "z": null, "a": [{ "d": 1, "c": null }] }, "a": null, "c": true, "d": "", "e": "null" });
        let text = "a=&b=%7B%22a%22%3A%5B%7B%22c%22%3Anull%2C%22d%22%3A1%7D%5D%2C%22z%22%3Anull%7D&c=true&d=&e=null";
        assert_eq!(signed_text(&data).as_deref(), Ok(text));
    }

    #[test]
    fn what_the_sdks_sign_differently_is_refused() {
        for data in [json!([]), json!({ "a": 1.5 }), json!({ "a": [[1]] }), json!({ "a": { "b": 1_u64 << 53 } })] {
            assert!(signed_text(&data).is_err(), "{data}");
        }
    }

    #[test]
    fn nothing_verifies_under_an_empty_key_or_with_a_part_of_a_signature() {
        let data = json!({ "amount": 1 });
        let signature = sign("", &data).expect("signable");
        assert_eq!(verify("", &data, &signature), Err(SignatureError::Mismatch));
        let signature = sign("key", &data).expect("signable");
        assert_eq!(verify("key", &data, &signature), Ok(()));
        assert_eq!(verify("key", &data, &signature[..63]), Err(SignatureError::Mismatch));
    }
}
