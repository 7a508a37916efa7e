//! Payments that operators enter from bank statements.

use anyhow::Result;
use domain::{Command, Outcome, PaymentIdentity, Refusal, same_reference};
use ledger::{Entry, Fact};

use super::Batch;
use crate::{EnterPayment, Entered, KnownPayment, MoneyPlace, NO_ORDER, Records};

impl<R: Records> Batch<'_, R> {
    /// A reference that is known makes an entry the same money told again, until the operator says why it is not.
    pub(super) fn enter_payment(&mut self, request: EnterPayment) -> Result<Entered> {
        let EnterPayment { order, mut payment, another_transfer, known, known_up_to, operator } = request;
        // A mistyped order must not turn into unmatched money.
        if order != NO_ORDER && self.find(order)?.is_none() {
            return Ok(Entered::Refused(Refusal::OrderNotFound));
        }
        let mut same = known;
        same.extend(self.records.payments_after(known_up_to)?);
        same.extend(self.payments_in_batch());
        same.retain(|known| same_reference(&known.identity.reference, &payment.identity.reference));
        if let Some(known) = same.iter().find(|known| known.is_told_again(order, &payment)) {
            return Ok(Entered::KnownAlready(Some(known.clone())));
        }
        let reason = match (same.first(), another_transfer) {
            (Some(earlier), None) => return Ok(Entered::ReferenceKnown(earlier.clone())),
            (Some(_), Some(reason)) => {
                payment.identity = PaymentIdentity::on_statement_of_day(&payment.identity.reference, payment.paid_at);
                Some(reason)
            }
            (None, _) => None,
        };
        let before = self.changes.entries.len();
        match self.decide_order(order, &Command::Payment(payment), &operator)? {
            Outcome::Refused(refusal) => return Ok(Entered::Refused(refusal)),
            Outcome::Unchanged => return Ok(Entered::KnownAlready(same.into_iter().next())),
            _ => {}
        }
        let entered = match self.money_since(before) {
            Some(MoneyPlace::Disputed) => Entered::Disputed,
            _ => Entered::Recorded,
        };
        if let Some(reason) = reason {
            let fact = Fact::AnotherTransfer { payment: self.seq_of(before), reason };
            self.changes.entries.push(Entry { drop: None, operator, fact });
        }
        Ok(entered)
    }

    fn payments_in_batch(&self) -> impl Iterator<Item = KnownPayment> {
        let entries = self.changes.entries.iter().enumerate();
        entries.filter_map(|(index, entry)| KnownPayment::of_fact(self.seq_of(index), self.now(), &entry.fact))
    }

    /// Entries get their rows one after the other, from the ledger's head on.
    pub(super) fn seq_of(&self, index: usize) -> i64 {
        self.head_seq + 1 + index as i64
    }
}
