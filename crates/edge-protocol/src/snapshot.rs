//! What the origin publishes and every edge isolate answers from: all listed drops at one moment.
//! Whether a drop is open is not in here: it follows from the times at the moment of asking, by [`domain::phase`].

use domain::{DropId, Format, Phase, Stock, Timestamp, Vnd, phase};
use serde::{Deserialize, Serialize};

use crate::json;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    #[serde(rename = "as_of_ms", with = "json::Timestamp")]
    pub as_of: Timestamp,
    /// Whether the shop sends mail to buyers.
    pub mail: bool,
    pub drops: Vec<DropSnapshot>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropSnapshot {
    #[serde(with = "json::DropId")]
    pub id: DropId,
    pub slug: String,
    pub product: ProductSnapshot,
    #[serde(with = "json::Format")]
    pub format: Format,
    /// Units.
    pub size: u32,
    /// Of one unit.
    #[serde(with = "json::vnd")]
    pub price: Vnd,
    /// Units.
    pub limit_per_customer: u32,
    pub hold_seconds: u32,
    #[serde(rename = "opens_at_ms", with = "json::Timestamp")]
    pub opens_at: Timestamp,
    #[serde(rename = "closes_at_ms", default, with = "json::optional_timestamp")]
    pub closes_at: Option<Timestamp>,
    pub paused: bool,
    pub killed: bool,
    #[serde(with = "json::Stock")]
    pub stock: Stock,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductSnapshot {
    pub name: String,
    pub description: String,
    pub image_url: Option<String>,
}

impl DropSnapshot {
    pub fn phase(&self, now: Timestamp) -> Phase {
        phase(self.opens_at, self.closes_at, self.killed, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_snapshot_keeps_its_wire_form() {
        let json = serde_json::json!({
            "as_of_ms": 1_790_000_000_123_i64,
            "mail": true,
            "drops": [{
                "id": 42, "slug": "ao-dai-xuan",
                "product": {"name": "Áo dài", "description": "", "image_url": null},
                "format": "first_come", "size": 100, "price": 1_500_000, "limit_per_customer": 2, "hold_seconds": 300,
                "opens_at_ms": 1_790_000_000_000_i64, "closes_at_ms": null, "paused": false, "killed": false,
                "stock": {"available": 97, "held": 2, "sold": 1, "withdrawn": 0}
            }]
        });
        let snapshot: Snapshot = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(snapshot.drops[0].format, Format::FirstCome);
        assert_eq!(serde_json::to_value(&snapshot).unwrap(), json);
    }
}
