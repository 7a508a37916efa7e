//! The place up to which each channel of the outbox has read the ledger, and the effects that it must try again.

use anyhow::Result;
use domain::Timestamp;
use engine::{Progress, Retry};
use ledger::RowKind;
use libsql::params;

use super::sqlite::{Db, Statement};

/// What is stored of a channel names it, so a name never changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoredChannel {
    pub(crate) name: &'static str,
    /// The kinds of rows that can owe something.
    pub(crate) rows: &'static [RowKind],
}

pub(crate) const PAYMENT_LINKS: StoredChannel = StoredChannel {
    name: "payment_links",
    rows: &[RowKind::OrderPlaced, RowKind::OrderExpired, RowKind::OrderCancelled],
};
pub(crate) const SETTLEMENTS: StoredChannel = StoredChannel { name: "settlements", rows: &[RowKind::PaymentReceived] };
pub(crate) const CHECKS_5M: StoredChannel = StoredChannel { name: "checks_5m", rows: ENDED };
pub(crate) const CHECKS_1H: StoredChannel = StoredChannel { name: "checks_1h", rows: ENDED };
pub(crate) const CHECKS_24H: StoredChannel = StoredChannel { name: "checks_24h", rows: ENDED };
pub(crate) const MAIL: StoredChannel = StoredChannel {
    name: "mail",
    rows: &[
        RowKind::OrderPaid,
        RowKind::RefundDue,
        RowKind::RefundFailed,
        RowKind::RefundSent,
        RowKind::OrderLinkAsked,
    ],
};
const ENDED: &[RowKind] = &[RowKind::OrderPaid, RowKind::OrderExpired, RowKind::OrderCancelled];
const CHANNELS: [StoredChannel; 6] = [PAYMENT_LINKS, SETTLEMENTS, CHECKS_5M, CHECKS_1H, CHECKS_24H, MAIL];

/// Those of the outbox's own tests.
#[cfg(test)]
const OF_TESTS: [StoredChannel; 4] = {
    const ROWS: &[RowKind] = &[RowKind::DropCreated, RowKind::OrderPlaced, RowKind::OrderCancelled];
    [
        StoredChannel { name: "panics", rows: ROWS },
        StoredChannel { name: "silent", rows: ROWS },
        StoredChannel { name: "other", rows: ROWS },
        StoredChannel { name: "in_order", rows: ROWS },
    ]
};

/// `None` for a name that no channel has.
pub(crate) fn channel(name: &str) -> Option<StoredChannel> {
    let known = CHANNELS.iter();
    #[cfg(test)]
    let known = known.chain(&OF_TESTS);
    known.copied().find(|channel| channel.name == name)
}

pub(crate) struct OutboxWriter {
    put_cursor: Statement,
    put_retry: Statement,
    delete_retry: Statement,
}

impl OutboxWriter {
    pub(crate) fn prepare(db: &Db) -> Result<Self> {
        Ok(Self {
            put_cursor: db.prepare("INSERT OR REPLACE INTO outbox_cursors VALUES (?, ?)")?,
            put_retry: db.prepare("INSERT OR REPLACE INTO outbox_retries VALUES (?, ?, ?, ?)")?,
            delete_retry: db.prepare("DELETE FROM outbox_retries WHERE channel = ? AND seq = ?")?,
        })
    }

    pub(crate) fn record(&self, progress: &Progress) -> Result<()> {
        self.put_cursor.execute((progress.channel, progress.cursor))?;
        for retry in &progress.failed {
            self.put_retry.execute(params![progress.channel, retry.seq, retry.attempt, retry.due_at.0])?;
        }
        for seq in &progress.done {
            self.delete_retry.execute((progress.channel, *seq))?;
        }
        Ok(())
    }
}

/// A channel's cursor and its retries.
pub(crate) fn load(db: &Db, channel: &str) -> Result<(i64, Vec<Retry>)> {
    let cursor = db.prepare("SELECT seq FROM outbox_cursors WHERE channel = ?")?;
    let cursor = cursor.first([channel], |row| Ok(row.get(0)?))?.unwrap_or(0);
    let retries = db.prepare("SELECT seq, attempt, due_at FROM outbox_retries WHERE channel = ? ORDER BY seq")?;
    let retries = retries
        .rows([channel], |row| Ok(Retry { seq: row.get(0)?, attempt: row.get(1)?, due_at: Timestamp(row.get(2)?) }))?;
    Ok((cursor, retries))
}
