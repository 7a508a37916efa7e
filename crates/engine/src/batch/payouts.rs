//! Refunds that the payment provider pays out. Every rule of who may pay what is held here, on what is on disk.

use anyhow::Result;
use domain::{Command, Outcome, RefundState, RefundStep, Refusal, Timestamp, UnmatchedState, UnmatchedStep, Vnd};
use ledger::{AccountCommit, Entry, Fact};

use super::Batch;
use crate::{Payout, PayoutRefused, PayoutRequest, PayoutStep, Records, RefundId, UnmatchedRequest};

/// Approvals that a large refund needs, each of another operator.
const APPROVALS: usize = 2;
const DAY_MS: i64 = 24 * 3_600_000;
/// Vietnam is so far ahead of UTC, in summer and winter.
const VIETNAM_MS: i64 = 7 * 3_600_000;

impl<R: Records> Batch<'_, R> {
    /// Records the intention to pay a refund out; the provider is asked afterwards.
    pub(super) fn begin_payout(&mut self, request: PayoutRequest) -> Result<Result<(), PayoutRefused>> {
        let PayoutRequest { transfer, attempt, body, limits, operator } = request;
        if self.payouts_paused()? {
            return Ok(Err(PayoutRefused::Paused));
        }
        let refund = transfer.refund;
        if self.refund(refund)? != Some((RefundState::Due, transfer.amount)) {
            return Ok(Err(PayoutRefused::NotDue));
        }
        let known = self.destination(refund.payer())?;
        let usable = |(to, usable_at): &(_, Timestamp)| *to == transfer.destination && *usable_at <= self.now();
        let (true, Some(account), Some(payout)) = (
            known.as_ref().is_some_and(usable) && !transfer.destination.account_name.is_empty(),
            transfer.destination.commit(),
            Payout::commit(&transfer.destination, &body),
        ) else {
            return Ok(Err(PayoutRefused::DestinationChanged));
        };
        if attempt != self.last_attempt(refund)? + 1 {
            return Ok(Err(PayoutRefused::OtherAttempt));
        }
        if transfer.amount > limits.refund_max {
            return Ok(Err(PayoutRefused::AboveRefundMax));
        }
        if self.paid_out_today()? + transfer.amount > limits.day_max {
            return Ok(Err(PayoutRefused::AboveDayMax));
        }
        let approved_by = self.approvals(refund, account)?.len();
        if transfer.amount > limits.two_operators_above && approved_by < APPROVALS {
            return Ok(Err(PayoutRefused::NeedsApproval { approved_by }));
        }
        match self.refund_step(refund, RefundStep::Pay { attempt, payout }, operator)? {
            Ok(()) => self.changes.payouts.push(Payout { transfer, attempt, body }),
            Err(_) => return Ok(Err(PayoutRefused::NotDue)),
        }
        Ok(Ok(()))
    }

    /// Records what became of an attempt.
    pub(super) fn payout_step(&mut self, request: PayoutStep) -> Result<Result<(), Refusal>> {
        let PayoutStep { refund, attempt, step } = request;
        match self.refund(refund)? {
            Some((state, _)) if state.attempt() == attempt => self.refund_step(refund, step, String::new()),
            _ => Ok(Err(Refusal::RefundNotThere)),
        }
    }

    /// One operator's approval of a payout to the account that is given now. Returns how many have approved it.
    pub(super) fn approve_refund(&mut self, refund: RefundId, operator: String) -> Result<Result<usize, Refusal>> {
        if !matches!(self.refund(refund)?, Some((RefundState::Due, _))) {
            return Ok(Err(Refusal::RefundNotThere));
        }
        let known = self.destination(refund.payer())?;
        let Some(account) = known.and_then(|(destination, _)| destination.commit()) else {
            return Ok(Err(Refusal::RefundNotThere));
        };
        let mut approved_by = self.approvals(refund, account)?;
        if !approved_by.contains(&operator) {
            let (drop, fact) = match refund {
                RefundId::Order(order, number) => {
                    (self.find(order)?.map(|(record, _)| record.drop), Fact::RefundApproved { order, number, account })
                }
                RefundId::Unmatched(payment) => (None, Fact::UnmatchedRefundApproved { payment, account }),
            };
            approved_by.push(operator.clone());
            self.changes.entries.push(Entry { drop, operator, fact });
        }
        Ok(Ok(approved_by.len()))
    }

    /// Returns whether that changes anything.
    pub(super) fn pause_payouts(&mut self, pause: bool, operator: String) -> Result<bool> {
        if self.payouts_paused()? == pause {
            return Ok(false);
        }
        let fact = if pause { Fact::PayoutsPaused } else { Fact::PayoutsResumed };
        self.changes.entries.push(Entry { drop: None, operator, fact });
        Ok(true)
    }

    /// An operator cannot know what becomes of a payout while the provider does not.
    pub(super) fn is_paying(&mut self, refund: RefundId) -> Result<bool> {
        Ok(matches!(self.refund(refund)?, Some((RefundState::Paying { .. }, _))))
    }

    fn payouts_paused(&self) -> Result<bool> {
        let in_batch = self.changes.entries.iter().rev().find_map(|entry| match entry.fact {
            Fact::PayoutsPaused => Some(true),
            Fact::PayoutsResumed => Some(false),
            _ => None,
        });
        in_batch.map_or_else(|| self.records.payouts_paused(), Ok)
    }

    /// As this batch has left it so far.
    fn refund(&mut self, refund: RefundId) -> Result<Option<(RefundState, Vnd)>> {
        Ok(match refund {
            RefundId::Order(order, number) => self.find(order)?.and_then(|(record, _)| {
                let found = record.refunds.iter().find(|refund| refund.number == number)?;
                Some((found.state, found.amount))
            }),
            RefundId::Unmatched(seq) => self.find_unmatched(seq)?.and_then(|(payment, state)| match state {
                UnmatchedState::Refund(state) => Some((state, payment.amount)),
                _ => None,
            }),
        })
    }

    fn refund_step(&mut self, refund: RefundId, step: RefundStep, operator: String) -> Result<Result<(), Refusal>> {
        match refund {
            RefundId::Order(order, number) => {
                match self.decide_order(order, &Command::Refund { number, step }, &operator)? {
                    Outcome::Refused(refusal) => Ok(Err(refusal)),
                    _ => Ok(Ok(())),
                }
            }
            RefundId::Unmatched(seq) => {
                let request = UnmatchedRequest { seq, step: UnmatchedStep::Refund(step), destination: None, operator };
                Ok(self.unmatched_step(request)?.map_err(|_| Refusal::RefundNotThere))
            }
        }
    }

    fn last_attempt(&self, refund: RefundId) -> Result<u32> {
        let in_batch = self.changes.payouts.iter().filter(|payout| payout.transfer.refund == refund);
        let in_batch = in_batch.map(|payout| payout.attempt).max();
        Ok(self.records.last_payout_attempt(refund)?.max(in_batch.unwrap_or(0)))
    }

    fn paid_out_today(&self) -> Result<Vnd> {
        let today = (self.now().0 + VIETNAM_MS).div_euclid(DAY_MS) * DAY_MS - VIETNAM_MS;
        let in_batch: Vnd = self.changes.payouts.iter().map(|payout| payout.transfer.amount).sum();
        Ok(self.records.paid_out_since(Timestamp(today))? + in_batch)
    }

    /// The operators who approved a payout to this account.
    fn approvals(&self, refund: RefundId, account: AccountCommit) -> Result<Vec<String>> {
        let mut approved_by = self.records.payout_approvals(refund, account)?;
        approved_by.extend(self.changes.entries.iter().filter_map(|entry| {
            let approved = match entry.fact {
                Fact::RefundApproved { order, number, account } => (RefundId::Order(order, number), account),
                Fact::UnmatchedRefundApproved { payment, account } => (RefundId::Unmatched(payment), account),
                _ => return None,
            };
            (approved == (refund, account)).then(|| entry.operator.clone())
        }));
        Ok(approved_by)
    }
}
