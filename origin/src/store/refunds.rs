//! Refunds: their destinations, the lists of transfers that an operator exports, and counts of what waits.

use anyhow::{Context, Result, bail};
use domain::{Doubt, OrderCode, Timestamp, Vnd};
use engine::{Destination, GivenDestination, Payer, RefundId, RefundTransfer, Salt, TransferOnList};
use libsql::{Row, params};

use super::orders::doubt_of;
use super::sqlite::{Db, Statement, bytes, whole};

/// The state of an open refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenStep {
    Due,
    Batched,
    Paying,
    /// A payout of which a person must find out whether the money left, and why.
    Doubted(Doubt),
    Sent,
}

impl OpenStep {
    pub fn name(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Batched => "batched",
            Self::Paying => "paying",
            Self::Doubted(_) => "doubted",
            Self::Sent => "sent",
        }
    }
}

/// A refund that the bank has not confirmed and that is not void.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRefund {
    pub refund: RefundId,
    pub amount: Vnd,
    pub step: OpenStep,
    pub batch: u64,
    pub due_at: Timestamp,
    /// When its destination may be used; `None` without one.
    pub usable_at: Option<Timestamp>,
    /// Only the name of its destination is missing.
    pub account_name_missing: bool,
}

/// Counts and sums of the money that waits for an operator or for PayOS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MoneyWaiting {
    pub refunds_due: i64,
    pub refunds_due_amount: i64,
    pub refunds_due_oldest: Option<Timestamp>,
    pub unsettled: i64,
    pub unsettled_oldest: Option<Timestamp>,
    pub disputed: i64,
    pub unmatched: i64,
    pub unmatched_amount: i64,
    /// Signed webhooks whose money is in no sum.
    pub unreadable_webhooks: i64,
}

pub(crate) struct RefundWriter {
    put_destination: Statement,
    put_unmatched_destination: Statement,
    insert_transfer: Statement,
    insert_unmatched_transfer: Statement,
    ready: Statement,
}

impl RefundWriter {
    pub(crate) fn prepare(db: &Db) -> Result<Self> {
        Ok(Self {
            put_destination: db.prepare("INSERT OR REPLACE INTO refund_destinations VALUES (?, ?, ?, ?, ?, ?)")?,
            put_unmatched_destination: db
                .prepare("INSERT OR REPLACE INTO unmatched_destinations VALUES (?, ?, ?, ?, ?, ?)")?,
            insert_transfer: db.prepare("INSERT INTO refund_transfers VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?,
            insert_unmatched_transfer: db.prepare("INSERT INTO unmatched_transfers VALUES (?, ?, ?, ?, ?, ?, ?)")?,
            ready: db.prepare(
                "SELECT r.order_code, r.number, r.amount, d.bank, d.account_number, d.account_name, d.salt, r.due_at
                 FROM refunds r JOIN refund_destinations d USING (order_code)
                 WHERE r.state = 0 AND d.usable_at <= ?1 AND d.account_name != ''
                 UNION ALL
                 SELECT NULL, p.seq, p.amount, d.bank, d.account_number, d.account_name, d.salt, p.due_at
                 FROM unmatched_payments p JOIN unmatched_destinations d USING (seq)
                 WHERE p.state = 3 AND d.usable_at <= ?1 AND d.account_name != ''
                 ORDER BY 8, 1, 2 LIMIT ?2",
            )?,
        })
    }

    pub(crate) fn put_destination(&self, given: &GivenDestination) -> Result<()> {
        let GivenDestination { payer, destination, usable_at } = given;
        let Destination { bank, account_number, account_name, salt } = destination;
        let (statement, key) = match *payer {
            Payer::Order(order) => (&self.put_destination, order.0.cast_signed()),
            Payer::Unmatched(seq) => (&self.put_unmatched_destination, seq),
        };
        let (bank, account_number, account_name) = (bank.as_str(), account_number.as_str(), account_name.as_str());
        let salt = salt.map(|salt| salt.0.to_vec());
        statement.execute(params![key, bank, account_number, account_name, usable_at.0, salt])?;
        Ok(())
    }

    /// Due refunds whose destination may be used now, oldest first.
    pub(crate) fn ready(&self, now: Timestamp, max: u32) -> Result<Vec<RefundTransfer>> {
        self.ready.rows((now.0, max), read_transfer)
    }

    pub(crate) fn insert_transfer(&self, listed: &TransferOnList) -> Result<()> {
        let TransferOnList { batch, transfer } = listed;
        let Destination { bank, account_number, account_name, salt } = &transfer.destination;
        let salt = salt.map(|salt| salt.0.to_vec());
        let (batch, amount) = (batch.cast_signed(), transfer.amount.get());
        let (bank, account_number, account_name) = (bank.as_str(), account_number.as_str(), account_name.as_str());
        match transfer.refund {
            RefundId::Order(order, number) => {
                let order = order.0.cast_signed();
                self.insert_transfer.execute(params![
                    batch,
                    order,
                    number,
                    amount,
                    bank,
                    account_number,
                    account_name,
                    salt
                ])?;
            }
            RefundId::Unmatched(seq) => {
                self.insert_unmatched_transfer.execute(params![
                    batch,
                    seq,
                    amount,
                    bank,
                    account_number,
                    account_name,
                    salt
                ])?;
            }
        }
        Ok(())
    }
}

/// Reads the destinations of refunds.
pub(crate) struct Destinations {
    of_order: Statement,
    of_unmatched: Statement,
}

impl Destinations {
    pub(crate) fn prepare(db: &Db) -> Result<Self> {
        let select = |table: &str, key: &str| {
            db.prepare(&format!(
                "SELECT bank, account_number, account_name, salt, usable_at FROM {table} WHERE {key} = ?"
            ))
        };
        Ok(Self {
            of_order: select("refund_destinations", "order_code")?,
            of_unmatched: select("unmatched_destinations", "seq")?,
        })
    }

    /// The destination of a refund, and the time from which it may be used.
    pub(crate) fn of(&self, payer: Payer) -> Result<Option<(Destination, Timestamp)>> {
        let (statement, key) = match payer {
            Payer::Order(order) => (&self.of_order, order.0.cast_signed()),
            Payer::Unmatched(seq) => (&self.of_unmatched, seq),
        };
        statement.first([key], |row| Ok((read_destination(row, 0)?, Timestamp(row.get(4)?))))
    }
}

pub(crate) fn last_batch(db: &Db) -> Result<u64> {
    let last: i64 = db.value(
        "SELECT max(coalesce((SELECT max(batch) FROM refund_transfers), 0),
                    coalesce((SELECT max(batch) FROM unmatched_transfers), 0))",
    )?;
    Ok(last.cast_unsigned())
}

/// A list of transfers as it was exported, in one fixed order.
pub(crate) fn transfers(db: &Db, batch: u64) -> Result<Vec<RefundTransfer>> {
    let select = db.prepare(
        "SELECT order_code, number, amount, bank, account_number, account_name, salt FROM refund_transfers
         WHERE batch = ?1
         UNION ALL
         SELECT NULL, seq, amount, bank, account_number, account_name, salt FROM unmatched_transfers WHERE batch = ?1
         ORDER BY 1, 2",
    )?;
    select.rows([batch.cast_signed()], read_transfer)
}

pub(crate) fn open(db: &Db) -> Result<Vec<OpenRefund>> {
    let select = db.prepare(
        "SELECT r.order_code, r.number, r.amount, r.state, r.batch, r.due_at, d.usable_at, d.account_name
         FROM refunds r LEFT JOIN refund_destinations d USING (order_code) WHERE r.state IN (0, 2, 3) OR r.state >= 5
         UNION ALL
         SELECT NULL, p.seq, p.amount, CASE p.state WHEN 3 THEN 0 WHEN 4 THEN 2 WHEN 5 THEN 3 ELSE p.state - 2 END, p.batch, p.due_at,
           d.usable_at, d.account_name
         FROM unmatched_payments p LEFT JOIN unmatched_destinations d USING (seq) WHERE p.state IN (3, 4, 5) OR p.state >= 7
         ORDER BY 6, 1, 2",
    )?;
    select.rows((), |row| {
        Ok(OpenRefund {
            refund: read_refund(row)?,
            amount: Vnd::new(row.get(2)?).context("a stored amount is out of range")?,
            step: match row.get::<i64>(3)? {
                0 => OpenStep::Due,
                2 => OpenStep::Batched,
                3 => OpenStep::Sent,
                5 => OpenStep::Paying,
                code @ 6.. => OpenStep::Doubted(doubt_of(code - 6)?),
                code => bail!("a refund in state {code} is not open"),
            },
            batch: whole(row, 4)?,
            due_at: Timestamp(row.get(5)?),
            usable_at: row.get::<Option<i64>>(6)?.map(Timestamp),
            account_name_missing: row.get::<Option<String>>(7)?.is_some_and(|name| name.is_empty()),
        })
    })
}

pub(crate) fn waiting(db: &Db) -> Result<MoneyWaiting> {
    let row = |sql: &str| -> Result<(i64, i64, Option<i64>)> {
        let found = db.prepare(sql)?.first((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        found.context("an aggregate gave no row")
    };
    let refunds = row("SELECT count(*), coalesce(sum(amount), 0), min(due_at) FROM (
           SELECT amount, due_at FROM refunds WHERE state = 0
           UNION ALL SELECT amount, due_at FROM unmatched_payments WHERE state = 3)")?;
    let unsettled = row(
        "SELECT count(*), coalesce(sum(amount), 0), min(recorded_at) FROM payments WHERE state = 0 AND settled = 0",
    )?;
    let disputed = row("SELECT count(*), coalesce(sum(amount), 0), min(recorded_at) FROM payments WHERE state = 1")?;
    let unmatched =
        row("SELECT count(*), coalesce(sum(amount), 0), min(recorded_at) FROM unmatched_payments WHERE state = 0")?;
    Ok(MoneyWaiting {
        refunds_due: refunds.0,
        refunds_due_amount: refunds.1,
        refunds_due_oldest: refunds.2.map(Timestamp),
        unsettled: unsettled.0,
        unsettled_oldest: unsettled.2.map(Timestamp),
        disputed: disputed.0,
        unmatched: unmatched.0,
        unmatched_amount: unmatched.1,
        unreadable_webhooks: db.value("SELECT count(*) FROM unreadable_webhooks")?,
    })
}

pub(super) fn read_transfer(row: &Row) -> Result<RefundTransfer> {
    Ok(RefundTransfer {
        refund: read_refund(row)?,
        amount: Vnd::new(row.get(2)?).context("a stored amount is out of range")?,
        destination: read_destination(row, 3)?,
    })
}

/// Where the first column holds no order, the second is the ledger row of an unmatched payment.
fn read_refund(row: &Row) -> Result<RefundId> {
    Ok(match row.get::<Option<i64>>(0)? {
        Some(order) => RefundId::Order(OrderCode(order.cast_unsigned()), whole(row, 1)?),
        None => RefundId::Unmatched(row.get(1)?),
    })
}

/// The columns from `first` on are the account and its salt.
pub(super) fn read_destination(row: &Row, first: i32) -> Result<Destination> {
    let salt: Option<Vec<u8>> = row.get(first + 3)?;
    Ok(Destination {
        bank: row.get(first)?,
        account_number: row.get(first + 1)?,
        account_name: row.get(first + 2)?,
        salt: salt.map(|_| bytes(row, first + 3).map(Salt)).transpose()?,
    })
}
