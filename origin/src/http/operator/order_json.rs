//! How operators see an order.

use domain::{OrderCode, OrderRecord, SHORT_CODE_CHARS};
use edge_protocol::rfc3339;
use engine::{Buyer, StoredOrder};
use serde::Serialize;

use crate::http::app::App;

#[derive(Serialize)]
pub(super) struct OrderRow {
    order_code: u64,
    short_code: String,
    drop: u32,
    slug: String,
    product: String,
    state: &'static str,
    quantity: u32,
    amount: i64,
    region: &'static str,
    ordered_at: String,
    /// Absent after an erasure.
    buyer: Option<BuyerView>,
}

#[derive(Serialize)]
pub(super) struct BuyerView {
    name: String,
    phone: String,
    email: String,
}

impl OrderRow {
    pub(super) fn new(app: &App, stored: &StoredOrder, shows_buyers: bool) -> Self {
        let record: &OrderRecord = &stored.record;
        let published = app.writer.published();
        let listing = published.find(record.drop).map(|drop| &drop.listing);
        let buyer = stored.buyer.as_ref().map(|(_, buyer)| buyer);
        Self {
            order_code: record.order.0,
            short_code: record.order.short_code(),
            drop: record.drop.0,
            slug: listing.map_or_else(String::new, |listing| listing.slug.clone()),
            product: listing.map_or_else(String::new, |listing| listing.product.name.clone()),
            state: record.state.as_str(),
            quantity: record.quantity,
            amount: record.amount.get(),
            region: record.region.as_str(),
            ordered_at: rfc3339::format(record.ordered_at),
            buyer: buyer.map(|buyer| if shows_buyers { BuyerView::new(buyer) } else { BuyerView::masked(buyer) }),
        }
    }
}

impl BuyerView {
    fn new(buyer: &Buyer) -> Self {
        Self { name: buyer.name.clone(), phone: buyer.phone.clone(), email: buyer.email.clone() }
    }

    /// Enough to tell two buyers of a list apart, and to name neither.
    fn masked(buyer: &Buyer) -> Self {
        let initials = buyer.name.split_whitespace().filter_map(|word| word.chars().next());
        let digits = buyer.phone.get(buyer.phone.len().saturating_sub(3)..).unwrap_or_default();
        Self {
            name: initials.map(|letter| format!("{letter}.")).collect::<Vec<_>>().join(" "),
            phone: format!("…{digits}"),
            email: if buyer.email.is_empty() { String::new() } else { "…".to_owned() },
        }
    }
}

/// The order that a text names: its number, its short code, or a memo that ends a word with it, as banks add letters in
/// front.
pub(super) fn order_named(origin_no: u8, text: &str) -> Option<OrderCode> {
    let text = text.trim().to_ascii_uppercase();
    if text.len() > SHORT_CODE_CHARS && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // SQLite's integers, and JSON's, hold every code that there is.
        return text.parse().ok().filter(|code| *code < 1 << 53).map(OrderCode);
    }
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let ends = words.filter_map(|word| word.get(word.len().checked_sub(SHORT_CODE_CHARS)?..));
    // What banks put in front of a memo is rarely nine characters long, and what they add behind it may be.
    ends.filter_map(|code| OrderCode::from_short_code(origin_no, code)).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_named_by_its_number_its_short_code_and_its_memo() {
        let order = OrderCode(157_600_000_000_123);
        let short = order.short_code();
        let named = ["157600000000123", " 157600000000123 ", &short, &short.to_lowercase(), &format!("CSVAB12{short}")];
        for text in named.into_iter().chain([&*format!("CT DEN {short} GD 1")]) {
            assert_eq!(order_named(1, text), Some(order), "{text}");
        }
        for text in ["", "%", "00000000", "9007199254740992", "99999999999999999999", "Đào Thị Đỏ"] {
            assert_eq!(order_named(1, text), None, "{text}");
        }
    }

    #[test]
    fn a_masked_buyer_is_not_named() {
        let buyer = Buyer {
            name: "Nguyễn Văn Ấn".into(),
            phone: "+84912345678".into(),
            email: "an@example.com".into(),
            address: None,
            language: engine::Language::Vietnamese,
        };
        let BuyerView { name, phone, email } = BuyerView::masked(&buyer);
        assert_eq!((&*name, &*phone, &*email), ("N. V. Ấ.", "…678", "…"));
    }
}
