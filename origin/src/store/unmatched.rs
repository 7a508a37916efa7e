//! Payments that named no order. An operator decides what becomes of each.

use anyhow::{Context, Result, bail};
use domain::{OrderCode, Payment, PaymentIdentity, Proof, RefundState, Timestamp, UnmatchedState, UnmatchedStep, Vnd};
use engine::UnmatchedPayment;
use libsql::{Row, params};

use super::orders::{doubt_code, doubt_of, sent_by};
use super::sqlite::{Db, Statement, whole};

const COLUMNS: &str = "seq, order_code, link, reference, amount, paid_at, state, batch, account, attempt";

pub(crate) struct UnmatchedWriter {
    insert: Statement,
    set_state: Statement,
    set_due: Statement,
    known: Statement,
    by_seq: Statement,
}

impl UnmatchedWriter {
    pub(crate) fn prepare(db: &Db) -> Result<Self> {
        Ok(Self {
            insert: db.prepare(
                "INSERT INTO unmatched_payments (order_code, link, reference, amount, paid_at, recorded_at, seq, account)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            )?,
            set_state: db.prepare("UPDATE unmatched_payments SET state = ?, batch = ?, attempt = ? WHERE seq = ?")?,
            set_due: db.prepare("UPDATE unmatched_payments SET due_at = ? WHERE seq = ?")?,
            known: db.prepare(
                "SELECT 1 FROM unmatched_payments WHERE order_code = ? AND link = ? AND reference = ? AND amount = ?",
            )?,
            by_seq: db.prepare(&format!("SELECT {COLUMNS} FROM unmatched_payments WHERE seq = ?"))?,
        })
    }

    pub(crate) fn insert(&self, order: OrderCode, payment: &Payment, now: Timestamp, seq: i64) -> Result<()> {
        self.insert.execute(params![
            order.0.cast_signed(),
            payment.identity.link.as_str(),
            payment.identity.reference.as_str(),
            payment.amount.get(),
            payment.paid_at.0,
            now.0,
            seq,
            payment.account.as_deref()
        ])?;
        Ok(())
    }

    /// Stores a step that was decided. It must be possible in the state that the payment is in.
    pub(crate) fn step(&self, seq: i64, step: &UnmatchedStep, now: Timestamp) -> Result<()> {
        let found = self.by_seq(seq)?.with_context(|| format!("there is no unmatched payment of row {seq}"))?;
        let Ok(Some(after)) = found.state.after(step) else {
            bail!("the unmatched payment of row {seq} is {:?}, which the step does not allow", found.state);
        };
        let (state, batch, attempt) = code(after)?;
        self.set_state.execute((state, batch.cast_signed(), attempt, seq))?;
        if *step == UnmatchedStep::OweBack {
            self.set_due.execute((now.0, seq))?;
        }
        Ok(())
    }

    pub(crate) fn is_known(&self, order: OrderCode, payment: &Payment) -> Result<bool> {
        let (link, reference) = (payment.identity.link.as_str(), payment.identity.reference.as_str());
        let found =
            self.known.first(params![order.0.cast_signed(), link, reference, payment.amount.get()], |_| Ok(()))?;
        Ok(found.is_some())
    }

    pub(crate) fn by_seq(&self, seq: i64) -> Result<Option<UnmatchedPayment>> {
        self.by_seq.first([seq], read)
    }
}

/// The one that the ledger row `seq` recorded.
pub(crate) fn one(db: &Db, seq: i64) -> Result<Option<UnmatchedPayment>> {
    db.prepare(&format!("SELECT {COLUMNS} FROM unmatched_payments WHERE seq = ?"))?.first([seq], read)
}

/// All of them, oldest first.
pub(crate) fn all(db: &Db) -> Result<Vec<UnmatchedPayment>> {
    db.prepare(&format!("SELECT {COLUMNS} FROM unmatched_payments ORDER BY seq"))?.rows((), read)
}

fn read(row: &Row) -> Result<UnmatchedPayment> {
    let payment = Payment {
        identity: PaymentIdentity { link: row.get(2)?, reference: row.get(3)? },
        amount: Vnd::new(row.get(4)?).context("a stored amount is out of range")?,
        paid_at: Timestamp(row.get(5)?),
        // Only an operator gives it to an order.
        proof: Proof::Operator,
        account: row.get(8)?,
    };
    Ok(UnmatchedPayment {
        seq: row.get(0)?,
        order: OrderCode(row.get::<i64>(1)?.cast_unsigned()),
        payment,
        state: state_of(row.get(6)?, row.get(7)?, whole(row, 9)?)?,
    })
}

/// The code of the state, with the list of transfers that the refund is on and the attempt to pay it out, 0 for none.
fn code(state: UnmatchedState) -> Result<(i64, u64, u32)> {
    Ok(match state {
        UnmatchedState::Open => (0, 0, 0),
        UnmatchedState::Assigned => (1, 0, 0),
        UnmatchedState::Dismissed => (2, 0, 0),
        UnmatchedState::Refund(refund) => {
            let code = match refund {
                RefundState::Due => 3,
                RefundState::Batched { .. } => 4,
                RefundState::Sent { .. } => 5,
                RefundState::Confirmed { .. } => 6,
                RefundState::Paying { .. } => 7,
                RefundState::Doubted { doubt, .. } => 8 + doubt_code(doubt),
                RefundState::Void => bail!("the refund of an unmatched payment cannot be void"),
            };
            (code, refund.batch(), refund.attempt())
        }
    })
}

pub(crate) fn state_of(code: i64, batch: i64, attempt: u32) -> Result<UnmatchedState> {
    let batch = batch.cast_unsigned();
    let refund = match (code, batch, attempt) {
        (0, 0, 0) => return Ok(UnmatchedState::Open),
        (1, 0, 0) => return Ok(UnmatchedState::Assigned),
        (2, 0, 0) => return Ok(UnmatchedState::Dismissed),
        (3, 0, 0) => RefundState::Due,
        (4, _, 0) => RefundState::Batched { batch },
        (5, ..) => RefundState::Sent { by: sent_by(batch, attempt)? },
        (6, ..) => RefundState::Confirmed { by: sent_by(batch, attempt)? },
        (7, 0, 1..) => RefundState::Paying { attempt },
        (8..=11, 0, 1..) => RefundState::Doubted { attempt, doubt: doubt_of(code - 8)? },
        _ => bail!("unmatched state {code} with list {batch} and attempt {attempt} is not known"),
    };
    Ok(UnmatchedState::Refund(refund))
}
