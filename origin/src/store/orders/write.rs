use anyhow::{Result, ensure};
use domain::{Event, LinkFacts, OrderCode, OrderRecord, Payment, PaymentState, RefundState, Timestamp};
use engine::PlacedOrder;
use libsql::params;

use super::codes::{doubt_code, language_code, link_code, payment_code, reason_code, refund_code, state_code};
use crate::store::sqlite::{Db, Statement, row_values};

/// Writes orders and what events change beside them. Only the writer holds one.
pub(crate) struct OrderWriter {
    insert: Statement,
    update: Statement,
    insert_link: Statement,
    insert_payment: Statement,
    settle_payment: Statement,
    release_payment: Statement,
    insert_refund: Statement,
    update_refund: Statement,
    advance_refund: Statement,
}

impl OrderWriter {
    pub(crate) fn prepare(db: &Db) -> Result<Self> {
        Ok(Self {
            // libsql copies the text at each use, so it names no columns: the values are in the table's order.
            insert: db.prepare("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?,
            update: db.prepare(
                "UPDATE orders SET state = ?, superseded_by = ?, settling = ?, link_state = ?, applied = ?, pay_by = ?,
                   ended_at = ? WHERE order_code = ?",
            )?,
            insert_link: db.prepare("INSERT INTO links VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?,
            insert_payment: db.prepare(
                "INSERT INTO payments (order_code, link, reference, amount, paid_at, recorded_at, state, settled, seq,
                   account)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?,
            settle_payment: db.prepare(
                "UPDATE payments SET settled = 1, settled_by = ? WHERE order_code = ? AND link = ? AND reference = ? AND state = 0",
            )?,
            release_payment: db.prepare(
                "UPDATE payments SET state = 2 WHERE order_code = ? AND link = ? AND reference = ? AND state = 0",
            )?,
            insert_refund: db.prepare(
                "INSERT INTO refunds (order_code, number, amount, reason, state, due_at) VALUES (?, ?, ?, ?, ?, ?)",
            )?,
            update_refund: db
                .prepare("UPDATE refunds SET state = ?, batch = ?, attempt = ? WHERE order_code = ? AND number = ?")?,
            advance_refund: db.prepare("UPDATE refunds SET state = ? WHERE order_code = ? AND number = ?")?,
        })
    }

    /// Writes a new order as it stands after the batch. The ledger row `placed` holds its facts.
    pub(crate) fn insert(&self, placed: i64, order: &PlacedOrder) -> Result<()> {
        let PlacedOrder { record, salt, buyer } = order;
        let (state, superseded_by) = state_code(record.state);
        let address = buyer.address.as_ref();
        self.insert.execute(row_values![
            code(record.order),
            placed,
            state,
            superseded_by,
            record.settling,
            link_code(&record.link),
            record.applied.get(),
            record.pay_by.0,
            record.ended_at.map(|at| at.0),
            salt.0.to_vec(),
            buyer.name.as_str(),
            buyer.phone.as_str(),
            buyer.email.as_str(),
            address.map(|address| address.province_code.as_str()),
            address.map(|address| address.line.as_str()),
            language_code(buyer.language)
        ])?;
        Ok(())
    }

    /// Writes the order's row as it stands after the batch.
    pub(crate) fn update(&self, record: &OrderRecord) -> Result<()> {
        let (state, superseded_by) = state_code(record.state);
        let changed = self.update.execute(params![
            state,
            superseded_by,
            record.settling,
            link_code(&record.link),
            record.applied.get(),
            record.pay_by.0,
            record.ended_at.map(|at| at.0),
            code(record.order)
        ])?;
        ensure!(changed == 1, "order {} is not stored", record.order);
        Ok(())
    }

    /// Writes what an event changes beside the order's row. `seq` is the ledger row of the event.
    pub(crate) fn apply(&self, event: &Event, now: Timestamp, seq: i64) -> Result<()> {
        match event {
            Event::LinkMade { order, link } => self.link(*order, link),
            Event::PaymentReceived { order, payment, .. } => {
                self.payment(*order, payment, PaymentState::Counted, now, seq)
            }
            Event::PaymentDisputed { order, payment } => {
                self.payment(*order, payment, PaymentState::Disputed, now, seq)
            }
            Event::PaymentSettled { order, identity } => {
                let (link, reference) = (identity.link.as_str(), identity.reference.as_str());
                changed_one(self.settle_payment.execute(params![seq, code(*order), link, reference])?)
            }
            Event::PaymentReleased { order, identity, refund } => {
                let (link, reference) = (identity.link.as_str(), identity.reference.as_str());
                changed_one(self.release_payment.execute(params![code(*order), link, reference])?)?;
                self.refund(*order, *refund, RefundState::Void)
            }
            Event::RefundDue { order, number, amount, reason } => {
                let (reason, state) = (reason_code(*reason), refund_code(RefundState::Due));
                self.insert_refund.execute(params![code(*order), *number, amount.get(), reason, state, now.0])?;
                Ok(())
            }
            Event::RefundVoided { order, number } => self.refund(*order, *number, RefundState::Void),
            Event::RefundFailed { order, number, .. } => self.refund(*order, *number, RefundState::Due),
            Event::RefundBatched { order, number, batch } => {
                self.refund(*order, *number, RefundState::Batched { batch: *batch })
            }
            Event::RefundPaying { order, number, attempt, .. } => {
                self.refund(*order, *number, RefundState::Paying { attempt: *attempt })
            }
            Event::RefundDoubted { order, number, doubt } => {
                changed_one(self.advance_refund.execute(params![6 + doubt_code(*doubt), code(*order), *number])?)
            }
            Event::RefundSent { order, number, .. } => {
                changed_one(self.advance_refund.execute(params![3, code(*order), *number])?)
            }
            Event::RefundConfirmed { order, number } => {
                changed_one(self.advance_refund.execute(params![4, code(*order), *number])?)
            }
            Event::DropPaused
            | Event::DropResumed
            | Event::DropKilled
            | Event::OrderPlaced { .. }
            | Event::LinkAsked { .. }
            | Event::LinkConflict { .. }
            | Event::LinkClosed { .. }
            | Event::OrderPaid { .. }
            | Event::HoldSettling { .. }
            | Event::OrderExpired { .. }
            | Event::OrderCancelled { .. } => Ok(()),
        }
    }

    fn refund(&self, order: OrderCode, number: u32, state: RefundState) -> Result<()> {
        let (batch, attempt) = (state.batch().cast_signed(), state.attempt());
        changed_one(self.update_refund.execute(params![refund_code(state), batch, attempt, code(order), number])?)
    }

    fn link(&self, order: OrderCode, link: &LinkFacts) -> Result<()> {
        let details = link.bank_transfer.as_ref();
        self.insert_link.execute(params![
            code(order),
            link.id.as_str(),
            link.checkout_url.as_str(),
            details.map(|details| details.qr_code.as_str()),
            details.map(|details| details.bank_bin.as_str()),
            details.map(|details| details.account_number.as_str()),
            details.map(|details| details.account_name.as_str()),
            details.map(|details| details.memo.as_str())
        ])?;
        Ok(())
    }

    fn payment(
        &self,
        order: OrderCode,
        payment: &Payment,
        state: PaymentState,
        now: Timestamp,
        seq: i64,
    ) -> Result<()> {
        let settled = state == PaymentState::Counted && payment.proof.settles();
        self.insert_payment.execute(params![
            code(order),
            payment.identity.link.as_str(),
            payment.identity.reference.as_str(),
            payment.amount.get(),
            payment.paid_at.0,
            now.0,
            payment_code(state),
            settled,
            seq,
            payment.account.as_deref()
        ])?;
        Ok(())
    }
}

/// An update that changes no row would leave the tables behind the ledger.
fn changed_one(changed: usize) -> Result<()> {
    ensure!(changed == 1, "an event changed {changed} rows instead of one");
    Ok(())
}

/// Codes are below 2^53, so none becomes negative.
fn code(order: OrderCode) -> i64 {
    order.0.cast_signed()
}
