//! The place up to which each channel of the outbox has read the ledger, the effects that it must try again, and those
//! that it gave up.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use domain::Timestamp;
use engine::{GivenUp, Progress, Retry, WEBHOOK_ENDPOINTS_MAX};
use ledger::RowKind;
use libsql::{Row, params};

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
pub(crate) const SHEETS: StoredChannel = StoredChannel {
    name: "sheets",
    rows: &[
        RowKind::OrderPlaced,
        RowKind::OrderPaid,
        RowKind::PaymentSettled,
        RowKind::OrderExpired,
        RowKind::OrderCancelled,
        RowKind::RefundDue,
        RowKind::RefundVoided,
        RowKind::RefundBatched,
        RowKind::RefundSent,
        RowKind::RefundConfirmed,
        RowKind::RefundFailed,
    ],
};
pub(crate) const PAYOUTS: StoredChannel =
    StoredChannel { name: "payouts", rows: &[RowKind::RefundPaying, RowKind::UnmatchedRefundPaying] };
pub(crate) const PAYOUT_CHECKS: StoredChannel =
    StoredChannel { name: "payout_checks", rows: &[RowKind::RefundSent, RowKind::UnmatchedRefundSent] };
const ENDED: &[RowKind] = &[RowKind::OrderPaid, RowKind::OrderExpired, RowKind::OrderCancelled];
/// One for each webhook endpoint, by its number.
pub(crate) const WEBHOOKS: [StoredChannel; WEBHOOK_ENDPOINTS_MAX as usize] = [
    webhook("webhook_1"),
    webhook("webhook_2"),
    webhook("webhook_3"),
    webhook("webhook_4"),
    webhook("webhook_5"),
    webhook("webhook_6"),
    webhook("webhook_7"),
    webhook("webhook_8"),
];
const CHANNELS: [StoredChannel; 9] =
    [PAYMENT_LINKS, SETTLEMENTS, CHECKS_5M, CHECKS_1H, CHECKS_24H, MAIL, PAYOUTS, PAYOUT_CHECKS, SHEETS];

/// Those of the outbox's own tests.
#[cfg(test)]
const OF_TESTS: [StoredChannel; 5] = {
    const ROWS: &[RowKind] = &[RowKind::DropCreated, RowKind::OrderPlaced, RowKind::OrderCancelled];
    [
        StoredChannel { name: "panics", rows: ROWS },
        StoredChannel { name: "silent", rows: ROWS },
        StoredChannel { name: "other", rows: ROWS },
        StoredChannel { name: "in_order", rows: ROWS },
        StoredChannel { name: "fed", rows: ROWS },
    ]
};

/// The number of the endpoint that has this channel.
pub(crate) fn endpoint_number(channel: &str) -> Option<u8> {
    (1..=WEBHOOK_ENDPOINTS_MAX).zip(WEBHOOKS).find(|(_, webhook)| webhook.name == channel).map(|(number, _)| number)
}

const fn webhook(name: &'static str) -> StoredChannel {
    StoredChannel {
        name,
        rows: &[
            RowKind::OrderPlaced,
            RowKind::OrderPaid,
            RowKind::PaymentReceived,
            RowKind::PaymentSettled,
            RowKind::OrderExpired,
            RowKind::OrderCancelled,
            RowKind::RefundDue,
            RowKind::RefundBatched,
            RowKind::RefundPaying,
            RowKind::RefundDoubted,
            RowKind::RefundSent,
            RowKind::RefundConfirmed,
            RowKind::RefundFailed,
            RowKind::RefundVoided,
            RowKind::UnmatchedRefundDue,
            RowKind::UnmatchedRefundBatched,
            RowKind::UnmatchedRefundPaying,
            RowKind::UnmatchedRefundDoubted,
            RowKind::UnmatchedRefundSent,
            RowKind::UnmatchedRefundConfirmed,
            RowKind::UnmatchedRefundFailed,
            RowKind::DropCreated,
            RowKind::DropPaused,
            RowKind::DropResumed,
            RowKind::DropKilled,
        ],
    }
}

/// `None` for a name that no channel has.
pub(crate) fn channel(name: &str) -> Option<StoredChannel> {
    let known = CHANNELS.iter().chain(&WEBHOOKS);
    #[cfg(test)]
    let known = known.chain(&OF_TESTS);
    known.copied().find(|channel| channel.name == name)
}

/// An effect that its channel must try again, or gave up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredDelivery {
    pub channel: String,
    /// The ledger row that made it owed.
    pub seq: i64,
    pub attempt: u32,
    pub next: NextTry,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NextTry {
    At(Timestamp),
    /// An operator must ask for it.
    GivenUp {
        at: Timestamp,
    },
}

pub(crate) struct OutboxWriter {
    put_cursor: Statement,
    put_retry: Statement,
    delete_retry: Statement,
    put_given_up: Statement,
    retry_given_up: Statement,
    delete_given_up: Statement,
}

impl OutboxWriter {
    pub(crate) fn prepare(db: &Db) -> Result<Self> {
        Ok(Self {
            put_cursor: db.prepare("INSERT OR REPLACE INTO outbox_cursors VALUES (?, ?)")?,
            put_retry: db.prepare("INSERT OR REPLACE INTO outbox_retries VALUES (?, ?, ?, ?)")?,
            delete_retry: db.prepare("DELETE FROM outbox_retries WHERE channel = ? AND seq = ?")?,
            put_given_up: db.prepare("INSERT OR REPLACE INTO outbox_given_up VALUES (?, ?, ?, ?)")?,
            retry_given_up: db.prepare(
                "INSERT OR REPLACE INTO outbox_retries
                 SELECT channel, seq, 0, ?3 FROM outbox_given_up WHERE channel = ?1 AND seq = ?2",
            )?,
            delete_given_up: db.prepare("DELETE FROM outbox_given_up WHERE channel = ? AND seq = ?")?,
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
        for GivenUp { seq, attempt, at } in &progress.given_up {
            self.put_given_up.execute(params![progress.channel, *seq, *attempt, at.0])?;
        }
        Ok(())
    }

    /// What was given up is owed again from now on. Nothing happens when it is not there.
    pub(crate) fn retry(&self, channel: &str, seq: i64, now: Timestamp) -> Result<()> {
        self.retry_given_up.execute((channel, seq, now.0))?;
        self.delete_given_up.execute((channel, seq))?;
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

const DELIVERIES: &str = "SELECT channel, seq, attempt, due_at AS next, 0 AS given_up FROM outbox_retries
     UNION ALL SELECT channel, seq, attempt, given_up_at, 1 FROM outbox_given_up";

/// What was given up and what waits for another try, of one channel or of all, the newest rows first.
pub(crate) fn deliveries(db: &Db, channel: Option<&str>, max: u32) -> Result<Vec<StoredDelivery>> {
    let select = db.prepare(&format!(
        "SELECT * FROM ({DELIVERIES}) WHERE ?1 IS NULL OR channel = ?1
         ORDER BY given_up DESC, seq DESC, channel LIMIT ?2"
    ))?;
    select.rows((channel, max), read_delivery)
}

pub(crate) fn delivery(db: &Db, channel: &str, seq: i64) -> Result<Option<StoredDelivery>> {
    let select = db.prepare(&format!("SELECT * FROM ({DELIVERIES}) WHERE channel = ? AND seq = ?"))?;
    select.first((channel, seq), read_delivery)
}

/// How many effects each channel has given up.
pub(crate) fn given_up_counts(db: &Db) -> Result<Vec<(&'static str, i64)>> {
    let select = db.prepare("SELECT channel, count(*) FROM outbox_given_up GROUP BY channel")?;
    let counts: BTreeMap<String, i64> = select.rows((), |row| Ok((row.get(0)?, row.get(1)?)))?.into_iter().collect();
    let known = CHANNELS.iter().chain(&WEBHOOKS).map(|channel| channel.name);
    Ok(known.map(|name| (name, counts.get(name).copied().unwrap_or(0))).collect())
}

fn read_delivery(row: &Row) -> Result<StoredDelivery> {
    let at = Timestamp(row.get(3)?);
    let next = if row.get::<i64>(4)? == 0 { NextTry::At(at) } else { NextTry::GivenUp { at } };
    let attempt = u32::try_from(row.get::<i64>(2)?).context("a number of tries is out of range")?;
    Ok(StoredDelivery { channel: row.get(0)?, seq: row.get(1)?, attempt, next })
}
