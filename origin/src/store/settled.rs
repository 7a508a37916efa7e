//! When an order was settled.

use anyhow::Result;
use domain::{Event, OrderCode};
use ledger::{Fact, RowKind};

use super::ledger::read_kinds;
use super::sqlite::Db;

/// A payment pays its order in the same batch, a few rows later: before that row come the refunds that it voids and the
/// order that it supersedes.
const ROWS_TO_PAID_MAX: i64 = 128;

/// The ledger row that settled the last of the payments that paid the order: its own, or a signed read's. `None` while
/// the order is not paid or one of them is not settled.
pub(crate) fn row(db: &Db, order: OrderCode) -> Result<Option<i64>> {
    let select =
        db.prepare("SELECT seq, settled, settled_by FROM payments WHERE order_code = ? AND state = 0 ORDER BY seq")?;
    let read = |row: &libsql::Row| Ok((row.get::<i64>(0)?, row.get::<bool>(1)?, row.get::<Option<i64>>(2)?));
    let payments = select.rows([order.0.cast_signed()], read)?;
    let Some(paid) = paid_by(db, order, payments.iter().map(|(seq, ..)| *seq))? else {
        return Ok(None);
    };
    let mut settled = None;
    // What came after pays nothing, and is owed back.
    for (seq, is_settled, settled_by) in payments.into_iter().take_while(|(seq, ..)| *seq < paid) {
        if !is_settled {
            return Ok(None);
        }
        settled = settled.max(settled_by.or(Some(seq)));
    }
    Ok(settled)
}

/// The row that says that the order is paid.
fn paid_by(db: &Db, order: OrderCode, payments: impl Iterator<Item = i64>) -> Result<Option<i64>> {
    let pays = |fact: &Fact| matches!(fact, Fact::Sale(Event::OrderPaid { order: paid, .. }) if *paid == order);
    for seq in payments {
        let rows = read_kinds(db, seq, seq + ROWS_TO_PAID_MAX, &[RowKind::OrderPaid])?;
        if let Some(row) = rows.iter().find(|row| pays(&row.entry.fact)) {
            return Ok(Some(row.seq));
        }
    }
    Ok(None)
}
