//! A page of the ledger, with the orders that its rows are about as they stand now.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use domain::{OrderCode, Timestamp, UnmatchedStep};
use engine::StoredOrder;
use ledger::{Fact, LedgerRow};

use crate::store::ReadStore;

/// A row of the ledger that has been read, and its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub seq: i64,
    pub at: Timestamp,
    pub hash: [u8; 32],
}

pub(crate) struct Page {
    /// Each with the orders that it is about.
    pub(super) rows: Vec<(LedgerRow, Vec<OrderCode>)>,
    pub(super) orders: BTreeMap<OrderCode, StoredOrder>,
    pub(super) end: Place,
}

impl Page {
    /// The rows after `after`, at most `max`; `None` when there is none. All of it is of one moment: an order may show
    /// what later rows did to it, and those rows then find it as it is.
    pub(crate) fn read(sale: &ReadStore, after: i64, max: u32) -> Result<Option<Self>> {
        sale.at_one_moment(|sale| {
            let rows = sale.ledger_after(after, max)?;
            let Some(last) = rows.last() else { return Ok(None) };
            let hash = sale.ledger_hash(last.seq)?.context("a row of the ledger has no hash")?;
            let end = Place { seq: last.seq, at: last.at, hash };
            let mut orders = BTreeMap::new();
            let mut named = Vec::with_capacity(rows.len());
            for row in rows {
                let about = orders_of(sale, &row.entry.fact)?;
                for order in &about {
                    if !orders.contains_key(order)
                        && let Some(stored) = sale.load_order(*order)?
                    {
                        orders.insert(*order, stored);
                    }
                }
                named.push((row, about));
            }
            Ok(Some(Self { rows: named, orders, end }))
        })
    }
}

/// The orders that a row is about. What operators decide about a payment is about the order that the payment names.
pub(crate) fn orders_of(sale: &ReadStore, fact: &Fact) -> Result<Vec<OrderCode>> {
    let (payment, given_to) = match fact {
        Fact::Unmatched { payment, step: UnmatchedStep::Assign { order } } => (*payment, Some(*order)),
        Fact::Unmatched { payment, .. }
        | Fact::UnmatchedDestinationGiven { payment, .. }
        | Fact::UnmatchedRefundApproved { payment, .. }
        | Fact::AnotherTransfer { payment, .. } => (*payment, None),
        Fact::DeliveryRetried { row, .. } => (*row, None),
        fact => return Ok(fact.order().into_iter().collect()),
    };
    let row = sale.ledger_after(payment - 1, 1)?.into_iter().next();
    let mut orders: Vec<OrderCode> = row.and_then(|row| row.entry.fact.order()).into_iter().collect();
    orders.extend(given_to.filter(|order| !orders.contains(order)));
    Ok(orders)
}
