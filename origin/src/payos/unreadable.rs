//! Webhooks that PayOS signed and that report no money which could be recorded. They are kept as they came, and a person
//! acts on what can be shown of them.

use payos::{WebhookError, verify_webhook};
use serde_json::Value;

/// As long as a reference may be that an operator enters. A field of the wrong type can be as long as the webhook.
const FIELD_CHARS_MAX: usize = 64;
const REASON_CHARS_MAX: usize = 200;

/// What can be shown of an unreadable webhook: each field as it stands there, whatever its type.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub order: String,
    pub reference: String,
    pub amount: String,
}

impl Told {
    pub(crate) fn in_body(body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let field = |name: &str| match &body["data"][name] {
            Value::Null => String::new(),
            Value::String(text) => cut(text, FIELD_CHARS_MAX),
            other => cut(&other.to_string(), FIELD_CHARS_MAX),
        };
        Self { order: field("orderCode"), reference: field("reference"), amount: field("amount") }
    }
}

/// Why it could not be recorded.
pub(crate) fn reason(body: &[u8], checksum_key: &str) -> String {
    match verify_webhook(body, checksum_key) {
        Ok(_) => "no order can have its code".to_owned(),
        Err(WebhookError::NotAPayment(reason)) => cut(&reason, REASON_CHARS_MAX),
        Err(error) => error.to_string(),
    }
}

fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_of_any_type_are_shown_and_none_is_longer_than_a_line() {
        let told = |data: Value| Told::in_body(json!({ "data": data }).to_string().as_bytes());
        let shown = |order: &str, reference: &str, amount: &str| Told {
            order: order.into(),
            reference: reference.into(),
            amount: amount.into(),
        };
        assert_eq!(told(json!({ "orderCode": "7", "reference": "FT1", "amount": 5.5 })), shown("7", "FT1", "5.5"));
        assert_eq!(told(json!({ "orderCode": [7], "reference": null })), shown("[7]", "", ""));
        let long = "ấ".repeat(5_000);
        assert_eq!(told(json!({ "reference": long })).reference, format!("{}…", "ấ".repeat(FIELD_CHARS_MAX)));
        assert_eq!(Told::in_body(b"[]"), shown("", "", ""));
    }
}
