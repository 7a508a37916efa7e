//! Orders with their links, payments and refunds, each by its order code.

mod codes;
mod facts;
mod read;
mod write;

pub(crate) use facts::{FACTS, first_placed_from, placed_as};
pub(crate) use read::OrderReader;
pub(crate) use write::OrderWriter;

use domain::OrderRecord;

use super::buyer::{Buyer, Salt};

/// An order with what is kept of its buyer.
#[derive(Clone, Debug)]
pub struct StoredOrder {
    pub record: OrderRecord,
    /// `None` after erasure.
    pub buyer: Option<(Salt, Buyer)>,
}

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt(…)")
    }
}
