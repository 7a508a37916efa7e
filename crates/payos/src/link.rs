//! Payment links: what is asked of PayOS and what it answers.

use serde::{Deserialize, Serialize};

use crate::json::null_as_default;
use crate::moment;

/// A payment link to be created. Fields that may be left out have a value in [`CreateLink::new`].
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateLink {
    /// Positive, at most 2^53 - 1, and never used before on this channel. It is the idempotency key.
    pub order_code: i64,
    /// VND, positive.
    pub amount: i64,
    /// The transfer memo: at most 25 characters, and 9 when the bank account was not linked through PayOS.
    /// PayOS may put a matching code of its own in front.
    pub description: String,
    /// Where the payer's browser goes afterwards. PayOS appends query parameters, which are not signed and
    /// prove nothing.
    pub return_url: String,
    pub cancel_url: String,
    /// Unix seconds, at most 2147483647. Without it a link is not known to expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired_at: Option<i64>,
    /// For display and e-invoices only; PayOS does not compare their sum to `amount`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
    #[serde(flatten)]
    pub buyer: Buyer,
}

impl CreateLink {
    /// A link that names neither items nor a buyer and does not expire.
    pub fn new(
        order_code: i64,
        amount: i64,
        description: impl Into<String>,
        return_url: impl Into<String>,
        cancel_url: impl Into<String>,
    ) -> CreateLink {
        CreateLink {
            order_code,
            amount,
            description: description.into(),
            return_url: return_url.into(),
            cancel_url: cancel_url.into(),
            expired_at: None,
            items: Vec::new(),
            buyer: Buyer::default(),
        }
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct Item {
    pub name: String,
    pub quantity: i64,
    /// VND each.
    pub price: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// Used by PayOS for e-invoices only.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Buyer {
    #[serde(rename = "buyerName", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "buyerEmail", skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(rename = "buyerPhone", skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(rename = "buyerAddress", skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(rename = "buyerCompanyName", skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    #[serde(rename = "buyerTaxCode", skip_serializing_if = "Option::is_none")]
    pub tax_code: Option<String>,
}

/// PayOS's answer to [`CreateLink`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedLink {
    /// The bank's number in the Vietnamese card network, for example `970422`.
    pub bin: String,
    pub account_number: String,
    pub account_name: String,
    pub amount: i64,
    /// The memo that a transfer must carry; not always the one asked for.
    pub description: String,
    pub order_code: i64,
    pub currency: String,
    pub payment_link_id: String,
    pub status: LinkStatus,
    pub expired_at: Option<i64>,
    pub checkout_url: String,
    /// VietQR *text*; drawing it is up to the caller.
    pub qr_code: String,
}

/// A payment link as PayOS knows it now.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// The payment link id.
    pub id: String,
    pub order_code: i64,
    pub amount: i64,
    pub amount_paid: i64,
    /// Negative when more arrived than was asked for.
    pub amount_remaining: i64,
    pub status: LinkStatus,
    /// As PayOS wrote it; see [`Link::created_at_ms`].
    #[serde(default, deserialize_with = "null_as_default")]
    pub created_at: String,
    #[serde(default, deserialize_with = "null_as_default")]
    pub transactions: Vec<Transaction>,
    pub canceled_at: Option<String>,
    pub cancellation_reason: Option<String>,
}

impl Link {
    /// Unix milliseconds; nothing when PayOS gave no readable time.
    pub fn created_at_ms(&self) -> Option<i64> {
        moment::unix_ms(&self.created_at)
    }
}

/// One transfer to a link. Text is kept byte for byte, and is empty when PayOS gave none.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    /// The bank's id of the transfer.
    #[serde(default, deserialize_with = "null_as_default")]
    pub reference: String,
    pub amount: i64,
    #[serde(default, deserialize_with = "null_as_default")]
    pub account_number: String,
    #[serde(default, deserialize_with = "null_as_default")]
    pub description: String,
    /// As PayOS wrote it; see [`Transaction::transaction_time_ms`].
    #[serde(default, deserialize_with = "null_as_default")]
    pub transaction_date_time: String,
    /// The payer's account; filled for a few banks only, like the five fields below.
    pub counter_account_bank_id: Option<String>,
    pub counter_account_bank_name: Option<String>,
    pub counter_account_name: Option<String>,
    pub counter_account_number: Option<String>,
    pub virtual_account_name: Option<String>,
    pub virtual_account_number: Option<String>,
}

impl Transaction {
    /// Unix milliseconds; nothing when PayOS gave no readable time.
    pub fn transaction_time_ms(&self) -> Option<i64> {
        moment::unix_ms(&self.transaction_date_time)
    }
}

/// PayOS publishes no table of transitions, and its list may grow.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LinkStatus {
    Pending,
    Processing,
    Paid,
    Underpaid,
    Cancelled,
    Expired,
    Failed,
    /// A word this crate does not know: treat the link as pending and have somebody look.
    #[serde(untagged)]
    Other(String),
}

/// PayOS's answer to the registration of a webhook address. PayOS does not sign it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfirmedWebhook {
    pub webhook_url: String,
    #[serde(default, deserialize_with = "null_as_default")]
    pub account_name: String,
    #[serde(default, deserialize_with = "null_as_default")]
    pub account_number: String,
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    #[serde(default, deserialize_with = "null_as_default")]
    pub short_name: String,
}

/// PayOS finds a link by the merchant's order code or by its own link id.
///
/// ```
/// use payos::LinkRef;
///
/// assert_eq!(LinkRef::from(1000001), LinkRef::OrderCode(1000001));
/// assert_eq!(LinkRef::from("5f0c2a7e"), LinkRef::LinkId("5f0c2a7e"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkRef<'a> {
    OrderCode(i64),
    LinkId(&'a str),
}

impl From<i64> for LinkRef<'_> {
    fn from(order_code: i64) -> Self {
        LinkRef::OrderCode(order_code)
    }
}

impl<'a> From<&'a str> for LinkRef<'a> {
    fn from(link_id: &'a str) -> Self {
        LinkRef::LinkId(link_id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_unknown_status_is_kept_and_a_known_one_is_recognised() {
        let read = |word: &str| serde_json::from_value::<LinkStatus>(json!(word)).expect("a word");
        assert_eq!(read("UNDERPAID"), LinkStatus::Underpaid);
        assert_eq!(read("CANCELLED"), LinkStatus::Cancelled);
        assert_eq!(read("ON_HOLD"), LinkStatus::Other("ON_HOLD".into()));
    }

    #[test]
    fn a_link_reads_without_its_optional_fields_and_with_nulls() {
        let bare = json!({
            "id": "a", "orderCode": 7, "amount": 100, "amountPaid": 150, "amountRemaining": -50,
            "status": "PAID",
        });
        let mut with_nulls = bare.clone();
        for key in ["createdAt", "transactions", "canceledAt", "cancellationReason"] {
            with_nulls[key] = json!(null);
        }
        let link: Link = serde_json::from_value(bare).expect("a link");
        assert_eq!(link.amount_remaining, -50);
        assert_eq!(link.created_at_ms(), None);
        assert_eq!(serde_json::from_value::<Link>(with_nulls).expect("a link"), link);
    }

    #[test]
    fn fields_that_were_not_set_are_not_sent() {
        let mut request = CreateLink::new(7, 2000, "DH7", "https://a.example", "https://b.example");
        let bare = json!({
            "orderCode": 7, "amount": 2000, "description": "DH7",
            "returnUrl": "https://a.example", "cancelUrl": "https://b.example",
        });
        assert_eq!(serde_json::to_value(&request).expect("JSON"), bare);
        request.buyer.name = Some("An".into());
        assert_eq!(serde_json::to_value(&request).expect("JSON")["buyerName"], "An");
    }
}
