//! Which due refunds are paid out now, and why the others are not.

use anyhow::Result;
use domain::{Timestamp, Vnd};
use engine::{Payout, PayoutRefused, PayoutRequest, RefundId};
use payos::Bank;
use payos::payouts::{PreparedPayout, Transfer};
use tracing::{error, info};

use super::Payouts;
use crate::failpoint::{self, Point};
use crate::store::PayableRefund;

/// Due refunds looked at in one run.
const PAYABLE_MAX: u32 = 10_000;
/// Payouts under way at once. PayOS publishes no rate, and a pause holds back only what it was not asked for yet.
const PAYING_MAX: usize = 50;

/// What one run did, or would do.
pub(crate) struct PayoutPlan {
    /// `None` when nothing could begin, so that PayOS was not asked.
    pub balance: Option<i64>,
    pub refunds: Vec<(RefundId, Vnd, Verdict)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Begun,
    WouldBegin,
    /// Many are under way; it begins when some have ended.
    Later,
    /// Its bank was given by a name that is no bank's.
    UnknownBank,
    /// A destination that was changed waits a day.
    NotYet {
        usable_at: Timestamp,
    },
    /// A payout to this account failed: a person must look, or the shopper must give another.
    FailedBefore,
    /// The payout account holds too little.
    NoFunds,
    Refused(PayoutRefused),
}

impl Payouts {
    /// Begins every due refund that may be paid out; with `only`, this one alone. An operator may try an account again
    /// to which a payout failed.
    pub(crate) async fn begin_due(&self, only: Option<RefundId>, operator: &str, dry_run: bool) -> Result<PayoutPlan> {
        let read =
            |store: &crate::store::ReadStore| Ok((store.payable_refunds(PAYABLE_MAX)?, store.payouts_under_way()?));
        let (mut payable, under_way) = self.ports.reader.read(read).await?;
        payable.retain(|refund| only.is_none_or(|only| only == refund.transfer.refund));
        let mut plan = PayoutPlan { balance: None, refunds: Vec::new() };
        let mut free = PAYING_MAX.saturating_sub(usize::try_from(under_way.paying)?);
        let mut funds = 0;
        for refund in payable {
            let (id, amount) = (refund.transfer.refund, refund.transfer.amount);
            let verdict = match self.obstacle(&refund, under_way.paused, only.is_some()) {
                Some(obstacle) => obstacle,
                None if free == 0 => Verdict::Later,
                None => {
                    if plan.balance.is_none() {
                        let balance = self.balance().await?;
                        funds = balance - under_way.paying_amount;
                        plan.balance = Some(balance);
                    }
                    if amount.get() > funds { Verdict::NoFunds } else { self.begin(refund, operator, dry_run).await? }
                }
            };
            if matches!(verdict, Verdict::Begun | Verdict::WouldBegin) {
                free -= 1;
                funds -= amount.get();
            }
            plan.refunds.push((id, amount, verdict));
        }
        if only.is_none() {
            let without_funds = plan.refunds.iter().filter(|(_, _, verdict)| *verdict == Verdict::NoFunds);
            self.ports.metrics.refunds_without_funds.set(without_funds.count() as i64);
        }
        Ok(plan)
    }

    /// What keeps a refund from being paid out, as far as that can be told without PayOS. The engine decides again.
    fn obstacle(&self, refund: &PayableRefund, paused: bool, asked_for: bool) -> Option<Verdict> {
        let amount = refund.transfer.amount;
        if paused {
            Some(Verdict::Refused(PayoutRefused::Paused))
        } else if Bank::named(&refund.transfer.destination.bank).is_none() {
            Some(Verdict::UnknownBank)
        } else if refund.usable_at > self.ports.clock.now() {
            Some(Verdict::NotYet { usable_at: refund.usable_at })
        } else if amount > self.limits.refund_max {
            Some(Verdict::Refused(PayoutRefused::AboveRefundMax))
        } else if amount > self.limits.two_operators_above && refund.approved_by < 2 {
            Some(Verdict::Refused(PayoutRefused::NeedsApproval { approved_by: refund.approved_by }))
        } else if refund.tried_this_account && !asked_for {
            Some(Verdict::FailedBefore)
        } else {
            None
        }
    }

    async fn begin(&self, refund: PayableRefund, operator: &str, dry_run: bool) -> Result<Verdict> {
        let PayableRefund { transfer, last_attempt, .. } = refund;
        let (id, attempt) = (transfer.refund, last_attempt + 1);
        let Some(bank) = Bank::named(&transfer.destination.bank) else {
            return Ok(Verdict::UnknownBank);
        };
        let reference_id = Payout::reference(id, attempt);
        let sent = Transfer {
            reference_id: reference_id.clone(),
            amount: transfer.amount.get(),
            description: format!("Hoan tien {}", id.memo()),
            to_bin: bank.bin.to_owned(),
            to_account_number: transfer.destination.account_number.clone(),
        };
        let body = PreparedPayout::single(&sent, &["refund"], &reference_id, &self.checksum_key)?.body;
        if dry_run {
            return Ok(Verdict::WouldBegin);
        }
        let (limits, operator) = (self.limits, operator.to_owned());
        let request = PayoutRequest { transfer, attempt, body, limits, operator };
        match self.ports.writer.begin_payout(request).await {
            Err(_) => Ok(Verdict::Later),
            Ok(Ok(())) => {
                failpoint::reached(Point::PayoutIntended);
                info!(refund = id.memo(), attempt, "a refund is being paid out");
                Ok(Verdict::Begun)
            }
            Ok(Err(refused)) => {
                error!(refund = id.memo(), attempt, ?refused, "a refund that looked payable was refused");
                Ok(Verdict::Refused(refused))
            }
        }
    }
}
