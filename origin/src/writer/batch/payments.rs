//! Money that an operator gives a home, or says has none here.

use anyhow::Result;
use domain::{Command, Event, OrderCode, Outcome, Payment, Proof, Refusal, decide};

use super::super::ask::{MovePayment, MoveRefused};
use super::Batch;
use crate::store::{Entry, Fact, UnmatchedState};

impl Batch<'_> {
    /// Money leaves where it is and arrives at its new order in one batch, or stays where it is.
    pub(super) fn move_payment(&mut self, ask: &MovePayment) -> Result<Result<(), MoveRefused>> {
        let MovePayment { seq, to, operator } = ask;
        if let Some(payment) = self.open_unmatched(*seq)? {
            return self.assign(*seq, payment, *to, operator);
        }
        let Some((from, payment)) = self.received_by(*seq)? else {
            return Ok(Err(MoveRefused::NoSuchPayment));
        };
        let release = Command::ReleasePayment { identity: payment.identity.clone() };
        let arrive = Command::Payment(payment);
        for (order, command) in [(from, &release), (*to, &arrive)] {
            if let Some(refusal) = self.would_refuse(order, command)? {
                return Ok(Err(MoveRefused::ByTheRules(refusal)));
            }
        }
        if from == *to {
            return Ok(Err(MoveRefused::ByTheRules(Refusal::NotReleasable)));
        }
        self.decide_order(from, &release, operator)?;
        self.decide_order(*to, &arrive, operator)?;
        Ok(Ok(()))
    }

    pub(super) fn dismiss_payment(
        &mut self,
        payment: i64,
        reason: String,
        operator: String,
    ) -> Result<Result<(), MoveRefused>> {
        if self.open_unmatched(payment)?.is_none() {
            return Ok(Err(MoveRefused::NoSuchPayment));
        }
        let fact = Fact::UnmatchedDismissed { payment, reason };
        self.decided.entries.push(Entry { drop: None, operator, fact });
        Ok(Ok(()))
    }

    fn assign(
        &mut self,
        seq: i64,
        payment: Payment,
        order: OrderCode,
        operator: &str,
    ) -> Result<Result<(), MoveRefused>> {
        let arrive = Command::Payment(payment);
        if let Some(refusal) = self.would_refuse(order, &arrive)? {
            return Ok(Err(MoveRefused::ByTheRules(refusal)));
        }
        let fact = Fact::UnmatchedAssigned { payment: seq, order };
        self.decided.entries.push(Entry { drop: None, operator: operator.to_owned(), fact });
        self.decide_order(order, &arrive, operator)?;
        Ok(Ok(()))
    }

    /// An unmatched payment that nobody has decided about, in this batch neither.
    fn open_unmatched(&self, seq: i64) -> Result<Option<Payment>> {
        let decided = |entry: &Entry| match &entry.fact {
            Fact::UnmatchedAssigned { payment, .. } | Fact::UnmatchedDismissed { payment, .. } => *payment == seq,
            _ => false,
        };
        if self.decided.entries.iter().any(decided) {
            return Ok(None);
        }
        let found = self.store.unmatched(seq)?.filter(|found| found.state == UnmatchedState::Open);
        Ok(found.map(|found| found.payment))
    }

    /// The order a recorded payment went to, and the payment as an operator would give it on.
    fn received_by(&self, seq: i64) -> Result<Option<(OrderCode, Payment)>> {
        Ok(self.store.ledger_row(seq)?.and_then(|row| match row.entry.fact {
            Fact::Sale(Event::PaymentReceived { order, payment, .. }) => {
                Some((order, Payment { proof: Proof::Operator, ..payment }))
            }
            _ => None,
        }))
    }

    /// What the core would say, without doing it. Money it knows already would be no money: that is a refusal too.
    fn would_refuse(&mut self, order: OrderCode, command: &Command) -> Result<Option<Refusal>> {
        let Some((record, _)) = self.find(order)? else {
            return Ok(Some(Refusal::OrderNotFound));
        };
        let record = record.clone();
        let Some(live) = self.shop.drops.get(&record.drop) else {
            return Ok(Some(Refusal::OrderNotFound));
        };
        Ok(match decide(&live.state, Some(&record), self.now, command).outcome {
            Outcome::Refused(refusal) => Some(refusal),
            Outcome::Unchanged => Some(Refusal::NotReleasable),
            Outcome::Done | Outcome::Placed(_) | Outcome::Replayed(_) | Outcome::Own(_) => None,
        })
    }
}
