//! Payments that named no order. An operator decides what becomes of each.

use anyhow::{Context, Result, bail};
use domain::{OrderCode, Payment, PaymentIdentity, Proof, RefundState, Timestamp, UnmatchedState, UnmatchedStep, Vnd};
use engine::UnmatchedPayment;
use libsql::{Row, params};

use super::sqlite::{Db, Statement};

const COLUMNS: &str = "seq, order_code, link, reference, amount, paid_at, state, batch, account";

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
            set_state: db.prepare("UPDATE unmatched_payments SET state = ?, batch = ? WHERE seq = ?")?,
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
        let (state, batch) = code(after)?;
        self.set_state.execute((state, batch.cast_signed(), seq))?;
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
        state: state_of(row.get(6)?, row.get(7)?)?,
    })
}

/// The code of the state, and the list of transfers that the refund is on, 0 for none.
fn code(state: UnmatchedState) -> Result<(i64, u64)> {
    Ok(match state {
        UnmatchedState::Open => (0, 0),
        UnmatchedState::Assigned => (1, 0),
        UnmatchedState::Dismissed => (2, 0),
        UnmatchedState::Refund(refund) => match refund {
            RefundState::Due => (3, 0),
            RefundState::Batched { batch } => (4, batch),
            RefundState::Sent { batch } => (5, batch),
            RefundState::Confirmed { batch } => (6, batch),
            RefundState::Void => bail!("the refund of an unmatched payment cannot be void"),
        },
    })
}

pub(crate) fn state_of(code: i64, batch: i64) -> Result<UnmatchedState> {
    Ok(match (code, batch.cast_unsigned()) {
        (0, 0) => UnmatchedState::Open,
        (1, 0) => UnmatchedState::Assigned,
        (2, 0) => UnmatchedState::Dismissed,
        (3, 0) => UnmatchedState::Refund(RefundState::Due),
        (4, batch) => UnmatchedState::Refund(RefundState::Batched { batch }),
        (5, batch) => UnmatchedState::Refund(RefundState::Sent { batch }),
        (6, batch) => UnmatchedState::Refund(RefundState::Confirmed { batch }),
        _ => bail!("unmatched state {code} with list {batch} is not known"),
    })
}
