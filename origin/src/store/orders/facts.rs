//! The facts of an order that never change. The ledger row that placed the order holds them, and the order's row does
//! not repeat them.

use anyhow::{Context, Result, bail, ensure};
use domain::{OrderCode, OrderRecord, Timestamp};
use ledger::{Entry, Fact, RowKind};
use libsql::Row;

use crate::store::sqlite::Db;

/// The columns of the ledger that [`placed_as`] reads, in its order.
pub(crate) const FACTS: &str = "ledger.at, ledger.drop_id, ledger.version, ledger.payload";

fn placed(row: &Row, first: i32) -> Result<OrderRecord> {
    let (drop, version): (i64, i64) = (row.get(first + 1)?, row.get(first + 2)?);
    let payload: Vec<u8> = row.get(first + 3)?;
    let entry = Entry::read(drop, RowKind::OrderPlaced, version, String::new(), &payload)?;
    let (Some(drop), Fact::Sale(event)) = (entry.drop, entry.fact) else {
        bail!("the row that placed an order names no drop");
    };
    let record = OrderRecord::placed(drop, &event, Timestamp(row.get(first)?));
    record.with_context(|| format!("the row that placed an order holds a {event:?}"))
}

/// The order as it was placed, from a row whose columns from `first` on are [`FACTS`]. The facts must be of `order`: a
/// forged row may name the facts of another order.
pub(crate) fn placed_as(order: OrderCode, row: &Row, first: i32) -> Result<OrderRecord> {
    let record = placed(row, first)?;
    ensure!(record.order == order, "the row of order {order} names the facts of order {}", record.order);
    Ok(record)
}

/// The first order that the ledger row `seq` or a later row placed.
pub(crate) fn first_placed_from(db: &Db, seq: i64) -> Result<Option<OrderCode>> {
    let select = db.prepare(&format!("SELECT {FACTS} FROM ledger WHERE seq >= ? AND kind = ? ORDER BY seq LIMIT 1"))?;
    select.first((seq, RowKind::OrderPlaced.as_str()), |row| Ok(placed(row, 0)?.order))
}
