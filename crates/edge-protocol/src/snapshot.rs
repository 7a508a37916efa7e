//! What the origin publishes and every edge isolate answers from: all listed drops at one moment.
//! Whether a drop is open is not in here: it follows from the times, when somebody asks.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    pub as_of_ms: i64,
    pub drops: Vec<DropSnapshot>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropSnapshot {
    pub id: u32,
    pub slug: String,
    pub product: Product,
    pub format: Format,
    pub size: u32,
    /// VND.
    pub price: u64,
    pub limit_per_customer: u32,
    pub hold_seconds: u32,
    pub opens_at_ms: i64,
    pub closes_at_ms: Option<i64>,
    pub paused: bool,
    pub killed: bool,
    pub stock: Stock,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    pub name: String,
    pub description: String,
    pub image_url: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    FirstCome,
    Ranked,
    Draw,
}

/// `size = available + held + sold + withdrawn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    pub available: u32,
    pub held: u32,
    pub sold: u32,
    pub withdrawn: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_snapshot_keeps_its_wire_form() {
        let json = serde_json::json!({
            "as_of_ms": 1_790_000_000_123_i64,
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
