//! What never changes of an order. Its row does not repeat it: the ledger row that placed it has it.

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
        bail!("the row that placed an order is of no drop");
    };
    let record = OrderRecord::placed(drop, &event, Timestamp(row.get(first)?));
    record.with_context(|| format!("the row that placed an order holds a {event:?}"))
}

/// The order as it was placed, from a row whose columns from `first` on are [`FACTS`]. It must be `order`: a row may have
/// been made to name another's facts.
pub(crate) fn placed_as(order: OrderCode, row: &Row, first: i32) -> Result<OrderRecord> {
    let record = placed(row, first)?;
    ensure!(record.order == order, "the row of order {order} names the facts of order {}", record.order);
    Ok(record)
}

/// The first order that this row of the ledger or a later one placed.
pub(crate) fn first_placed_from(db: &Db, seq: i64) -> Result<Option<OrderCode>> {
    let select = db.prepare(&format!("SELECT {FACTS} FROM ledger WHERE seq >= ? AND kind = ? ORDER BY seq LIMIT 1"))?;
    select.first((seq, RowKind::OrderPlaced.as_str()), |row| Ok(placed(row, 0)?.order))
}
