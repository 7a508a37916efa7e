//! The columns of the sheet, and a row of it: one change of one order.

use domain::{OrderRecord, Timestamp};
use edge_protocol::vietnam_time;
use engine::Buyer;
use serde_json::Value;

/// The first column is the ledger's `seq`, by which a row is known again.
const COLUMNS: [&str; 13] = [
    "seq",
    "time",
    "order_code",
    "short_code",
    "drop",
    "product",
    "event",
    "state",
    "quantity",
    "amount",
    "applied",
    "region",
    "refund",
];
const PERSONAL: [&str; 4] = ["name", "phone", "email", "address"];

/// Google's limit for a cell.
const CELL_CHARS_MAX: usize = 50_000;

/// A change of an order, and how the order stands when it is written down.
pub(crate) struct Line<'a> {
    pub seq: i64,
    pub at: Timestamp,
    pub event: &'static str,
    /// The refund that the change is about.
    pub refund: Option<u32>,
    pub record: &'a OrderRecord,
    pub buyer: Option<&'a Buyer>,
    pub slug: &'a str,
    pub product: &'a str,
}

pub(crate) fn header(personal: bool) -> Vec<&'static str> {
    let personal: &[&str] = if personal { &PERSONAL } else { &[] };
    [&COLUMNS[..], personal].concat()
}

/// Whether a sheet's first row is the header. People may have columns of their own behind it.
pub(crate) fn is_header(row: &[Value], personal: bool) -> bool {
    let header = header(personal);
    row.len() >= header.len() && row.iter().zip(header).all(|(cell, name)| cell == name)
}

impl Line<'_> {
    pub(crate) fn cells(&self, personal: bool) -> Vec<Value> {
        let record = self.record;
        let refund = record.refunds.iter().find(|refund| Some(refund.number) == self.refund);
        let mut cells = vec![
            Value::from(self.seq),
            text(&vietnam_time::rfc3339(self.at)),
            // Sheets shows fifteen digits of a number, and a code may have sixteen.
            text(&record.order.to_string()),
            text(&record.order.short_code()),
            text(self.slug),
            text(self.product),
            text(self.event),
            text(record.state.as_str()),
            Value::from(record.quantity),
            Value::from(record.amount.get()),
            Value::from(record.applied.get()),
            text(record.region.as_str()),
            refund.map_or_else(|| text(""), |refund| Value::from(refund.amount.get())),
        ];
        if personal {
            let address = self.buyer.and_then(|buyer| buyer.address.as_ref());
            let address = address.map_or_else(String::new, |to| format!("{}, {}", to.line, to.province_code));
            let of_buyer = |field: fn(&Buyer) -> &String| self.buyer.map_or("", |buyer| field(buyer));
            cells.extend([
                text(of_buyer(|buyer| &buyer.name)),
                text(of_buyer(|buyer| &buyer.phone)),
                text(of_buyer(|buyer| &buyer.email)),
                text(&address),
            ]);
        }
        cells
    }
}

fn text(text: &str) -> Value {
    Value::from(text.chars().take(CELL_CHARS_MAX).collect::<String>())
}
