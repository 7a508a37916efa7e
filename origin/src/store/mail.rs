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

/// Whether this order's address is stopped, or another's that has the same.
pub(super) fn is_stopped(db: &Db, email: &str) -> Result<bool> {
    let select = db.prepare(
        "SELECT 1 FROM mail_stops JOIN orders USING (order_code) WHERE orders.email = ? COLLATE NOCASE LIMIT 1",
    )?;
    Ok(select.first([email], |_| Ok(()))?.is_some())
}
