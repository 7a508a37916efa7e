//! The ledger rows of an order, and those that operators asked for.

use anyhow::Result;
use domain::OrderCode;

use super::ViewStore;

impl ViewStore {
    /// Rows of the ledger that are about an order, the oldest first, after `after`.
    pub(crate) fn rows_of(&self, order: OrderCode, after: i64, max: u32) -> Result<Vec<i64>> {
        let select =
            self.db.prepare("SELECT seq FROM order_rows WHERE order_code = ? AND seq > ? ORDER BY seq LIMIT ?")?;
        select.rows((order.0.cast_signed(), after, max), |row| Ok(row.get(0)?))
    }

    /// Rows that operators asked for, or this one, of before `before`, the newest first.
    pub(crate) fn operator_rows(&self, operator: Option<&str>, before: i64, max: u32) -> Result<Vec<i64>> {
        match operator {
            None => {
                let select =
                    self.db.prepare("SELECT seq FROM operator_rows WHERE seq < ? ORDER BY seq DESC LIMIT ?")?;
                select.rows((before, max), |row| Ok(row.get(0)?))
            }
            Some(operator) => {
                let select = self.db.prepare(
                    "SELECT seq FROM operator_rows WHERE operator = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
                )?;
                select.rows((operator, before, max), |row| Ok(row.get(0)?))
            }
        }
    }
}
