//! Money on its way back: where it goes, the lists of transfers, and what waits.

use anyhow::{Context, Result, bail};
use domain::{Millis, OrderCode, Vnd};
use libsql::{Row, params};

use super::sqlite::{Db, Statement};
use crate::statement::KnownTransfer;

/// Where a refund goes. Personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct Destination {
    /// A BIN or a name, as it was given.
    pub bank: String,
    pub account_number: String,
    pub account_name: String,
}

impl std::fmt::Debug for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Destination(…)")
    }
}

/// One refund on a list of transfers, as it was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    pub order: OrderCode,
    pub number: u32,
    pub amount: Vnd,
    pub destination: Destination,
}

/// Where a refund that is not done with stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenStep {
    Due,
    Batched,
    Sent,
}

impl OpenStep {
    pub fn name(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Batched => "batched",
            Self::Sent => "sent",
        }
    }
}

/// A refund that is not done with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRefund {
    pub order: OrderCode,
    pub number: u32,
    pub amount: Vnd,
    pub step: OpenStep,
    pub batch: u64,
    pub due_at: Millis,
    /// When its destination may be used; `None` without one.
    pub usable_at: Option<Millis>,
}

/// What an operator should see waiting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MoneyWaiting {
    pub refunds_due: i64,
    pub refunds_due_amount: i64,
    pub refunds_due_oldest: Option<Millis>,
    pub unsettled: i64,
    pub unsettled_oldest: Option<Millis>,
    pub disputed: i64,
    pub unmatched: i64,
    pub unmatched_amount: i64,
}

pub(crate) struct RefundWriter {
    put_destination: Statement,
    insert_transfer: Statement,
    ready: Statement,
}

impl RefundWriter {
    pub(crate) fn prepare(db: &Db) -> Result<Self> {
        Ok(Self {
            put_destination: db.prepare("INSERT OR REPLACE INTO refund_destinations VALUES (?, ?, ?, ?, ?)")?,
            insert_transfer: db.prepare("INSERT INTO refund_transfers VALUES (?, ?, ?, ?, ?, ?, ?)")?,
            ready: db.prepare(
                "SELECT r.order_code, r.number, r.amount, d.bank, d.account_number, d.account_name
                 FROM refunds r JOIN refund_destinations d USING (order_code)
                 WHERE r.state = 0 AND d.usable_at <= ? ORDER BY r.due_at, r.order_code, r.number LIMIT ?",
            )?,
        })
    }

    pub(crate) fn put_destination(&self, order: OrderCode, to: &Destination, usable_at: Millis) -> Result<()> {
        let Destination { bank, account_number, account_name } = to;
        self.put_destination.execute(params![
            order.0.cast_signed(),
            bank.as_str(),
            account_number.as_str(),
            account_name.as_str(),
            usable_at.0
        ])?;
        Ok(())
    }

    /// Due refunds whose destination may be used now, oldest first.
    pub(crate) fn ready(&self, now: Millis, max: u32) -> Result<Vec<Transfer>> {
        self.ready.rows((now.0, max), read_transfer)
    }

    pub(crate) fn insert_transfer(&self, batch: u64, transfer: &Transfer) -> Result<()> {
        let Destination { bank, account_number, account_name } = &transfer.destination;
        self.insert_transfer.execute(params![
            batch.cast_signed(),
            transfer.order.0.cast_signed(),
            transfer.number,
            transfer.amount.get(),
            bank.as_str(),
            account_number.as_str(),
            account_name.as_str()
        ])?;
        Ok(())
    }
}

/// Reads where refunds go.
pub(crate) struct Destinations(Statement);

impl Destinations {
    pub(crate) fn prepare(db: &Db) -> Result<Self> {
        let sql = "SELECT bank, account_number, account_name, usable_at FROM refund_destinations WHERE order_code = ?";
        Ok(Self(db.prepare(sql)?))
    }

    /// And from when on it is used.
    pub(crate) fn of(&self, order: OrderCode) -> Result<Option<(Destination, Millis)>> {
        self.0.first([order.0.cast_signed()], |row| Ok((read_destination(row, 0)?, Millis(row.get(3)?))))
    }
}

pub(crate) fn last_batch(db: &Db) -> Result<u64> {
    let last: i64 = db.value("SELECT coalesce(max(batch), 0) FROM refund_transfers")?;
    Ok(last.cast_unsigned())
}

/// A list of transfers as it was exported, in one fixed order.
pub(crate) fn transfers(db: &Db, batch: u64) -> Result<Vec<Transfer>> {
    let select = db.prepare(
        "SELECT order_code, number, amount, bank, account_number, account_name FROM refund_transfers
         WHERE batch = ? ORDER BY order_code, number",
    )?;
    select.rows([batch.cast_signed()], read_transfer)
}

pub(crate) fn open(db: &Db) -> Result<Vec<OpenRefund>> {
    let select = db.prepare(
        "SELECT r.order_code, r.number, r.amount, r.state, r.batch, r.due_at, d.usable_at
         FROM refunds r LEFT JOIN refund_destinations d USING (order_code)
         WHERE r.state IN (0, 2, 3) ORDER BY r.due_at, r.order_code, r.number",
    )?;
    select.rows((), |row| {
        Ok(OpenRefund {
            order: OrderCode(row.get::<i64>(0)?.cast_unsigned()),
            number: row.get(1)?,
            amount: Vnd::new(row.get(2)?).context("a stored amount is out of range")?,
            step: match row.get::<i64>(3)? {
                0 => OpenStep::Due,
                2 => OpenStep::Batched,
                3 => OpenStep::Sent,
                code => bail!("refund state {code} is not an open one"),
            },
            batch: row.get(4)?,
            due_at: Millis(row.get(5)?),
            usable_at: row.get::<Option<i64>>(6)?.map(Millis),
        })
    })
}

pub(crate) fn waiting(db: &Db) -> Result<MoneyWaiting> {
    let row = |sql: &str| -> Result<(i64, i64, Option<i64>)> {
        let found = db.prepare(sql)?.first((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        found.context("an aggregate gave no row")
    };
    let refunds = row("SELECT count(*), coalesce(sum(amount), 0), min(due_at) FROM refunds WHERE state = 0")?;
    let unsettled = row(
        "SELECT count(*), coalesce(sum(amount), 0), min(recorded_at) FROM payments WHERE state = 0 AND settled = 0",
    )?;
    let disputed = row("SELECT count(*), coalesce(sum(amount), 0), min(recorded_at) FROM payments WHERE state = 1")?;
    let unmatched =
        row("SELECT count(*), coalesce(sum(amount), 0), min(recorded_at) FROM unmatched_payments WHERE state = 0")?;
    Ok(MoneyWaiting {
        refunds_due: refunds.0,
        refunds_due_amount: refunds.1,
        refunds_due_oldest: refunds.2.map(Millis),
        unsettled: unsettled.0,
        unsettled_oldest: unsettled.2.map(Millis),
        disputed: disputed.0,
        unmatched: unmatched.0,
        unmatched_amount: unmatched.1,
    })
}

/// Disputed reports are left out: the transfer they are about is in once.
pub(crate) fn known_transfers(db: &Db, since: Millis, until: Millis) -> Result<Vec<KnownTransfer>> {
    let select = db.prepare(
        "SELECT order_code, reference, amount, paid_at FROM payments
         WHERE state != 1 AND (paid_at = 0 OR paid_at BETWEEN ?1 AND ?2)
         UNION ALL
         SELECT order_code, reference, amount, paid_at FROM unmatched_payments
         WHERE paid_at = 0 OR paid_at BETWEEN ?1 AND ?2",
    )?;
    select.rows((since.0, until.0), |row| {
        Ok(KnownTransfer {
            order: OrderCode(row.get::<i64>(0)?.cast_unsigned()),
            reference: row.get(1)?,
            amount: row.get(2)?,
            paid_at: Millis(row.get(3)?),
        })
    })
}

fn read_transfer(row: &Row) -> Result<Transfer> {
    Ok(Transfer {
        order: OrderCode(row.get::<i64>(0)?.cast_unsigned()),
        number: row.get(1)?,
        amount: Vnd::new(row.get(2)?).context("a stored amount is out of range")?,
        destination: read_destination(row, 3)?,
    })
}

fn read_destination(row: &Row, first: i32) -> Result<Destination> {
    Ok(Destination { bank: row.get(first)?, account_number: row.get(first + 1)?, account_name: row.get(first + 2)? })
}
