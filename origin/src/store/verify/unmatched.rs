//! Money that named no order, as the ledger tells it. All of it is in memory: it is what people must look at.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use domain::{OrderCode, Payment, Proof, RefundStep, Timestamp, UnmatchedState, UnmatchedStep};
use engine::{Payer, RefundId, UnmatchedPayment};
use ledger::GivenAccount;

use super::account::Account;
use super::lists::Lists;
use super::payouts::{Begun, Payouts};
use crate::store::refunds::Destinations;
use crate::store::sqlite::Db;
use crate::store::unmatched;

#[derive(Default)]
pub(super) struct Unmatched(BTreeMap<i64, Told>);

struct Told {
    payment: UnmatchedPayment,
    recorded_at: Timestamp,
    /// 0 until it is owed back.
    due_at: Timestamp,
    account: Account,
}

impl Unmatched {
    pub(super) fn arrived(&mut self, seq: i64, order: OrderCode, payment: &Payment, at: Timestamp) {
        // Only an operator gives it to an order, and so it is stored.
        let payment = Payment { proof: Proof::Operator, ..payment.clone() };
        let payment = UnmatchedPayment { seq, order, payment, state: UnmatchedState::Open };
        let told = Told { payment, recorded_at: at, due_at: Timestamp(0), account: Account::Unknown };
        self.0.insert(seq, told);
    }

    pub(super) fn step(
        &mut self,
        db: &Db,
        seq: i64,
        step: &UnmatchedStep,
        at: Timestamp,
        lists: &mut Lists,
        payouts: &mut Payouts,
    ) -> Result<()> {
        let told = self.find(seq)?;
        match told.payment.state.after(step) {
            Ok(Some(after)) => told.payment.state = after,
            Ok(None) | Err(_) => bail!("the unmatched payment of row {seq} was decided before"),
        }
        match step {
            UnmatchedStep::OweBack => told.due_at = at,
            UnmatchedStep::Refund(RefundStep::Batch { batch }) => {
                let line = (told.payment.payment.amount, told.account.on_list(at)?);
                lists.add(db, *batch, RefundId::Unmatched(seq), line)?;
            }
            UnmatchedStep::Refund(RefundStep::Pay { attempt, payout }) => {
                let (amount, account) = (told.payment.payment.amount, told.account);
                let refund = RefundId::Unmatched(seq);
                payouts.begin(db, &Begun { refund, attempt: *attempt, payout: *payout, amount, account }, at)?;
            }
            UnmatchedStep::Assign { .. } | UnmatchedStep::Dismiss { .. } | UnmatchedStep::Refund(_) => {}
        }
        Ok(())
    }

    pub(super) fn give(&mut self, seq: i64, account: Option<GivenAccount>) -> Result<()> {
        self.find(seq)?.account.give(account)
    }

    fn find(&mut self, seq: i64) -> Result<&mut Told> {
        self.0.get_mut(&seq).with_context(|| format!("row {seq} is no unmatched payment"))
    }

    pub(super) fn count(&self) -> i64 {
        self.0.len() as i64
    }

    pub(super) fn destinations(&self) -> i64 {
        self.0.values().filter(|told| told.account.is_known()).count() as i64
    }

    pub(super) fn compare(&self, db: &Db) -> Result<()> {
        let destinations = Destinations::prepare(db)?;
        let times = db.prepare("SELECT recorded_at, due_at FROM unmatched_payments WHERE seq = ?")?;
        for stored in unmatched::all(db).context("unmatched_payments cannot be read")? {
            let seq = stored.seq;
            let told = self.0.get(&seq);
            let told = told.with_context(|| format!("unmatched_payments: row {seq} of the ledger recorded none"))?;
            let times = times.first([seq], |row| Ok((Timestamp(row.get(0)?), Timestamp(row.get(1)?))))?;
            let equal = stored == told.payment && times == Some((told.recorded_at, told.due_at));
            ensure!(equal, "unmatched_payments: the one of row {seq} is stored otherwise than the ledger says");
            let account = Account::stored(&destinations, Payer::Unmatched(seq))
                .context("unmatched_destinations cannot be read")?;
            let equal = account == told.account;
            ensure!(equal, "unmatched_destinations: the one of row {seq} is stored otherwise than the ledger says");
        }
        Ok(())
    }
}
