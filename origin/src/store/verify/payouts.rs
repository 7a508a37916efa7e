//! Refunds that the provider pays out. A stored attempt never changes, so each is compared when the ledger tells of it.

use anyhow::{Context, Result, ensure};
use domain::{PayoutCommit, Timestamp, Vnd};
use engine::{Payout, RefundId};
use ledger::AccountCommit;

use super::account::Account;
use super::lists::name;
use super::tables::require_count;
use crate::store::payouts;
use crate::store::sqlite::Db;

#[derive(Default)]
pub(super) struct Payouts {
    begun: i64,
    approvals: i64,
    paused_by: Option<i64>,
}

/// An attempt as the ledger tells it.
pub(super) struct Begun {
    pub(super) refund: RefundId,
    pub(super) attempt: u32,
    pub(super) payout: PayoutCommit,
    pub(super) amount: Vnd,
    pub(super) account: Account,
}

impl Payouts {
    pub(super) fn begin(&mut self, db: &Db, begun: &Begun, at: Timestamp) -> Result<()> {
        let Begun { refund, attempt, payout, amount, account } = begun;
        let name = || format!("attempt {attempt} to pay out {}", name(*refund));
        let stored = payouts::stored(db, *refund, *attempt).context("payouts cannot be read")?;
        let stored = stored.with_context(|| format!("payouts: {} is in the ledger and not stored", name()))?;
        let to = &stored.payout.transfer.destination;
        let equal = stored.begun_at == at
            && stored.payout.transfer.amount == *amount
            && Payout::commit(to, &stored.payout.body) == Some(*payout)
            && to.commit() == account.on_list(at)?;
        ensure!(equal, "payouts: {} is stored otherwise than the ledger says", name());
        self.begun += 1;
        Ok(())
    }

    pub(super) fn approve(&mut self, db: &Db, refund: RefundId, account: AccountCommit, by: &str) -> Result<()> {
        let stored = payouts::is_approved(db, refund, account, by).context("payout_approvals cannot be read")?;
        ensure!(stored, "payout_approvals: an approval of {} is in the ledger and not stored", name(refund));
        self.approvals += 1;
        Ok(())
    }

    pub(super) fn pause(&mut self, paused_by: Option<i64>) -> Result<()> {
        ensure!(self.paused_by.is_some() != paused_by.is_some(), "payouts were paused, or resumed, before");
        self.paused_by = paused_by;
        Ok(())
    }

    pub(super) fn compare(&self, db: &Db) -> Result<()> {
        require_count(db, "payouts", self.begun)?;
        require_count(db, "payout_approvals", self.approvals)?;
        let stored = payouts::paused_by(db).context("payouts_paused cannot be read")?;
        ensure!(stored.into_iter().eq(self.paused_by), "payouts_paused differs from what the ledger says");
        Ok(())
    }
}
