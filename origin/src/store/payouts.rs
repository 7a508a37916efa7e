//! Refunds that the payment provider pays out: attempts, approvals, and whether they are paused.

use ::ledger::AccountCommit;
use anyhow::{Context, Result};
use domain::{Timestamp, Vnd};
use engine::{Payout, RefundId, RefundTransfer};
use libsql::{Row, params};

use super::refunds::read_destination;
use super::sqlite::{Db, Statement, whole};

/// An attempt and when it was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPayout {
    pub payout: Payout,
    pub begun_at: Timestamp,
}

/// A due refund that could be paid out, with what was tried before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayableRefund {
    pub transfer: RefundTransfer,
    /// From when on its destination may be used.
    pub usable_at: Timestamp,
    pub last_attempt: u32,
    /// The last attempt went to the account that is given now.
    pub tried_this_account: bool,
    pub approved_by: usize,
}

/// The sums that limit what may be begun now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PayoutsUnderWay {
    pub paying: i64,
    pub paying_amount: i64,
    pub doubted: i64,
    pub paused: bool,
}

/// Order 0 stands for money that named no order.
fn key(refund: RefundId) -> (i64, i64) {
    match refund {
        RefundId::Order(order, number) => (order.0.cast_signed(), number.into()),
        RefundId::Unmatched(seq) => (0, seq),
    }
}

pub(crate) struct PayoutWriter {
    insert: Statement,
    approve: Statement,
    pause: Statement,
    resume: Statement,
    last_attempt: Statement,
    begun_since: Statement,
    approvals: Statement,
    paused: Statement,
}

impl PayoutWriter {
    pub(crate) fn prepare(db: &Db) -> Result<Self> {
        Ok(Self {
            insert: db.prepare("INSERT INTO payouts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?,
            approve: db.prepare("INSERT INTO payout_approvals VALUES (?, ?, ?, ?)")?,
            pause: db.prepare("INSERT INTO payouts_paused VALUES (?)")?,
            resume: db.prepare("DELETE FROM payouts_paused")?,
            last_attempt: db
                .prepare("SELECT coalesce(max(attempt), 0) FROM payouts WHERE order_code = ? AND number = ?")?,
            begun_since: db.prepare("SELECT coalesce(sum(amount), 0) FROM payouts WHERE begun_at >= ?")?,
            approvals: db
                .prepare("SELECT operator FROM payout_approvals WHERE order_code = ? AND number = ? AND account = ?")?,
            paused: db.prepare("SELECT 1 FROM payouts_paused")?,
        })
    }

    pub(crate) fn insert(&self, payout: &Payout, now: Timestamp) -> Result<()> {
        let Payout { transfer, attempt, body } = payout;
        let (order, number) = key(transfer.refund);
        let to = &transfer.destination;
        let salt = to.salt.context("an account without a salt is not paid out to")?;
        self.insert.execute(params![
            order,
            number,
            *attempt,
            transfer.amount.get(),
            now.0,
            body.clone(),
            to.bank.as_str(),
            to.account_number.as_str(),
            to.account_name.as_str(),
            salt.0.to_vec()
        ])?;
        Ok(())
    }

    pub(crate) fn approve(&self, refund: RefundId, account: AccountCommit, operator: &str) -> Result<()> {
        let (order, number) = key(refund);
        self.approve.execute(params![order, number, account.0.to_vec(), operator])?;
        Ok(())
    }

    pub(crate) fn pause(&self, seq: i64) -> Result<()> {
        self.pause.execute([seq])?;
        Ok(())
    }

    pub(crate) fn resume(&self) -> Result<()> {
        self.resume.execute(())?;
        Ok(())
    }

    pub(crate) fn last_attempt(&self, refund: RefundId) -> Result<u32> {
        Ok(self.last_attempt.first(key(refund), |row| whole(row, 0))?.unwrap_or(0))
    }

    pub(crate) fn begun_since(&self, at: Timestamp) -> Result<Vnd> {
        let sum = self.begun_since.first([at.0], |row| Ok(row.get::<i64>(0)?))?.unwrap_or(0);
        Vnd::new(sum).context("the payouts of a day add up to too much")
    }

    pub(crate) fn approvals(&self, refund: RefundId, account: AccountCommit) -> Result<Vec<String>> {
        let (order, number) = key(refund);
        self.approvals.rows(params![order, number, account.0.to_vec()], |row| Ok(row.get(0)?))
    }

    pub(crate) fn is_paused(&self) -> Result<bool> {
        Ok(self.paused.first((), |_| Ok(()))?.is_some())
    }
}

/// An attempt as it was stored before the provider was asked.
pub(crate) fn stored(db: &Db, refund: RefundId, attempt: u32) -> Result<Option<StoredPayout>> {
    let (order, number) = key(refund);
    let select = db.prepare(
        "SELECT amount, begun_at, body, bank, account_number, account_name, salt FROM payouts
         WHERE order_code = ? AND number = ? AND attempt = ?",
    )?;
    select.first((order, number, attempt), |row| {
        let amount = Vnd::new(row.get(0)?).context("a stored amount is out of range")?;
        let transfer = RefundTransfer { refund, amount, destination: read_destination(row, 3)? };
        let payout = Payout { transfer, attempt, body: row.get(2)? };
        Ok(StoredPayout { payout, begun_at: Timestamp(row.get(1)?) })
    })
}

pub(crate) fn is_approved(db: &Db, refund: RefundId, account: AccountCommit, operator: &str) -> Result<bool> {
    let (order, number) = key(refund);
    let select = db.prepare(
        "SELECT 1 FROM payout_approvals WHERE order_code = ? AND number = ? AND account = ? AND operator = ?",
    )?;
    Ok(select.first(params![order, number, account.0.to_vec(), operator], |_| Ok(()))?.is_some())
}

/// Due refunds whose whole destination is known, oldest first.
pub(crate) fn payable(db: &Db, max: u32) -> Result<Vec<PayableRefund>> {
    let select = db.prepare(
        "SELECT r.order_code, r.number, r.amount, d.bank, d.account_number, d.account_name, d.salt, d.usable_at, r.due_at
         FROM refunds r JOIN refund_destinations d USING (order_code)
         WHERE r.state = 0 AND d.account_name != '' AND d.salt IS NOT NULL
         UNION ALL
         SELECT NULL, p.seq, p.amount, d.bank, d.account_number, d.account_name, d.salt, d.usable_at, p.due_at
         FROM unmatched_payments p JOIN unmatched_destinations d USING (seq)
         WHERE p.state = 3 AND d.account_name != '' AND d.salt IS NOT NULL
         ORDER BY 9, 1, 2 LIMIT ?",
    )?;
    let due = select.rows([max], |row| {
        let transfer = super::refunds::read_transfer(row)?;
        Ok((transfer, Timestamp(row.get(7)?)))
    })?;
    let last = db.prepare(
        "SELECT attempt, bank, account_number FROM payouts WHERE order_code = ? AND number = ?
         ORDER BY attempt DESC LIMIT 1",
    )?;
    let approvals =
        db.prepare("SELECT count(*) FROM payout_approvals WHERE order_code = ? AND number = ? AND account = ?")?;
    due.into_iter()
        .map(|(transfer, usable_at)| {
            let (order, number) = key(transfer.refund);
            let to = &transfer.destination;
            let tried = last.first((order, number), |row: &Row| {
                let same = row.get::<String>(1)? == to.bank && row.get::<String>(2)? == to.account_number;
                Ok((whole::<u32>(row, 0)?, same))
            })?;
            let (last_attempt, tried_this_account) = tried.unwrap_or((0, false));
            let account = to.commit().context("an account without a salt was read")?;
            let approved_by =
                approvals.first(params![order, number, account.0.to_vec()], |row| whole::<u32>(row, 0))?.unwrap_or(0);
            let approved_by = approved_by as usize;
            Ok(PayableRefund { transfer, usable_at, last_attempt, tried_this_account, approved_by })
        })
        .collect()
}

pub(crate) fn under_way(db: &Db) -> Result<PayoutsUnderWay> {
    let mut sums = PayoutsUnderWay { paused: !paused_by(db)?.is_empty(), ..PayoutsUnderWay::default() };
    let select = db.prepare(
        "SELECT state = 5, count(*), sum(amount) FROM refunds WHERE state >= 5 GROUP BY 1
         UNION ALL SELECT state = 7, count(*), sum(amount) FROM unmatched_payments WHERE state >= 7 GROUP BY 1",
    )?;
    for (is_paying, count, amount) in
        select.rows((), |row| Ok((row.get(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?)))?
    {
        if is_paying {
            sums.paying += count;
            sums.paying_amount += amount;
        } else {
            sums.doubted += count;
        }
    }
    Ok(sums)
}

/// The rows that pause payouts: one or none.
pub(crate) fn paused_by(db: &Db) -> Result<Vec<i64>> {
    db.prepare("SELECT seq FROM payouts_paused")?.rows((), |row| Ok(row.get(0)?))
}
