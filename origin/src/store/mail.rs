//! Orders whose address takes no mail.

use anyhow::{Context, Result};
use domain::{OrderCode, Timestamp};
use libsql::params;

use super::sqlite::{Db, Statement};

/// An order whose address a mail server refused for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MailStop {
    pub order: OrderCode,
    /// The SMTP reply code.
    pub reply: u16,
    pub at: Timestamp,
}

pub(super) struct MailWriter {
    stop: Statement,
    allow: Statement,
}

impl MailWriter {
    pub(super) fn prepare(db: &Db) -> Result<Self> {
        Ok(Self {
            stop: db.prepare("INSERT OR REPLACE INTO mail_stops VALUES (?, ?, ?)")?,
            allow: db.prepare("DELETE FROM mail_stops WHERE order_code = ?")?,
        })
    }

    pub(super) fn stop(&self, order: OrderCode, reply: u16, now: Timestamp) -> Result<()> {
        self.stop.execute(params![order.0.cast_signed(), reply, now.0])?;
        Ok(())
    }

    pub(super) fn allow(&self, order: OrderCode) -> Result<()> {
        self.allow.execute([order.0.cast_signed()])?;
        Ok(())
    }
}

pub(super) fn stops(db: &Db) -> Result<Vec<MailStop>> {
    let select = db.prepare("SELECT order_code, reply, stopped_at FROM mail_stops ORDER BY stopped_at, order_code")?;
    select.rows((), |row| {
        let order = OrderCode(row.get::<i64>(0)?.cast_unsigned());
        Ok(MailStop {
            order,
            reply: u16::try_from(row.get::<i64>(1)?).context("a stored reply code is out of range")?,
            at: Timestamp(row.get(2)?),
        })
    })
}

/// Cross, because SQLite would otherwise look at every order for each mail: it does not know that stops are few.
const IS_STOPPED: &str =
    "SELECT 1 FROM mail_stops CROSS JOIN orders USING (order_code) WHERE orders.email = ? COLLATE NOCASE LIMIT 1";

/// Whether this order's address is stopped, or another's that has the same.
pub(super) fn is_stopped(db: &Db, email: &str) -> Result<bool> {
    Ok(db.prepare(IS_STOPPED)?.first([email], |_| Ok(()))?.is_some())
}

#[cfg(test)]
mod tests {
    use super::super::migrate;
    use super::*;

    #[test]
    fn a_mail_costs_a_look_at_the_stops_and_not_at_the_orders() {
        let db = Db::in_memory().unwrap();
        migrate::migrate(&db, Timestamp(0), migrate::SALE).unwrap();
        let plan = db.prepare(&format!("EXPLAIN QUERY PLAN {IS_STOPPED}")).unwrap();
        let steps: Vec<String> = plan.rows(["an@example.com"], |row| Ok(row.get(3)?)).unwrap();
        assert!(steps[0].starts_with("SCAN mail_stops") && steps[1].starts_with("SEARCH orders"), "{steps:?}");
    }
}
