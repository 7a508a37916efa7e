//! Where refunds go, and the lists they go on.

use anyhow::Result;
use domain::{Command, DropId, OrderCode, Outcome, RefundStep, Refusal, Timestamp, UnmatchedStep};
use ledger::{Entry, Fact, GivenAccount};

use super::Batch;
use crate::{Destination, GivenDestination, Payer, Records, RefundId, TransferOnList, UnmatchedRequest};

/// A changed destination waits a day: a stolen order key is noticed before money follows.
const DESTINATION_CHANGE_MS: i64 = 24 * 3_600_000;
/// As many transfers as a bank's form takes at once; the rest goes on the next list.
const REFUNDS_PER_BATCH_MAX: u32 = 500;

impl<R: Records> Batch<'_, R> {
    /// Where refunds go, as this batch has left it so far.
    pub(super) fn destination(&self, payer: Payer) -> Result<Option<(Destination, Timestamp)>> {
        match self.given_in_batch(payer) {
            Some(given) => Ok(Some((given.destination.clone(), given.usable_at))),
            None => self.records.destination(payer),
        }
    }

    fn given_in_batch(&self, payer: Payer) -> Option<&GivenDestination> {
        self.changes.destinations.iter().rev().find(|given| given.payer == payer)
    }

    pub(super) fn set_destination(
        &mut self,
        order: OrderCode,
        to: Destination,
        operator: String,
    ) -> Result<Result<Timestamp, Refusal>> {
        let Some((record, _)) = self.find(order)? else {
            return Ok(Err(Refusal::OrderNotFound));
        };
        let drop = record.drop;
        if record.refunds_due().is_zero() {
            return Ok(Err(Refusal::NothingOwed));
        }
        Ok(Ok(self.give_destination(Payer::Order(order), Some(drop), to, operator)?))
    }

    /// From when on it is used: a change waits. A name for an account that was known without one is no change.
    pub(super) fn give_destination(
        &mut self,
        payer: Payer,
        drop: Option<DropId>,
        to: Destination,
        operator: String,
    ) -> Result<Timestamp> {
        let usable_at = match self.destination(payer)? {
            Some((known, usable_at)) if known.is_same_account(&to) => return Ok(usable_at),
            Some((known, usable_at)) if known.lacks_only_the_name_of(&to) => usable_at,
            Some(_) => self.now().plus_ms(DESTINATION_CHANGE_MS),
            None => self.now(),
        };
        let account = to.commit().map(|commit| GivenAccount { commit, usable_at });
        let fact = match payer {
            Payer::Order(order) => Fact::RefundDestinationGiven { order, account },
            Payer::Unmatched(payment) => Fact::UnmatchedDestinationGiven { payment, account },
        };
        self.changes.destinations.push(GivenDestination { payer, destination: to, usable_at });
        self.changes.entries.push(Entry { drop, operator, fact });
        Ok(usable_at)
    }

    /// A refund is on at most one list: the core refuses to batch what is batched already.
    pub(super) fn export_refunds(&mut self, operator: &str) -> Result<Option<u64>> {
        let batch = self.sale.next_refund_batch;
        let mut exported = false;
        for transfer in self.records.refunds_ready(self.now(), REFUNDS_PER_BATCH_MAX)? {
            // The batch gave it another destination, which has to wait.
            if self.given_in_batch(transfer.refund.payer()).is_some() {
                continue;
            }
            let step = RefundStep::Batch { batch };
            let batched = match transfer.refund {
                RefundId::Order(order, number) => {
                    self.decide_order(order, &Command::Refund { number, step }, operator)? == Outcome::Done
                }
                RefundId::Unmatched(seq) => {
                    let (step, operator) = (UnmatchedStep::Refund(step), operator.to_owned());
                    self.unmatched_step(UnmatchedRequest { seq, step, destination: None, operator })?.is_ok()
                }
            };
            if batched {
                self.changes.transfers.push(TransferOnList { batch, transfer });
                exported = true;
            }
        }
        if !exported {
            return Ok(None);
        }
        self.sale.next_refund_batch += 1;
        Ok(Some(batch))
    }
}
