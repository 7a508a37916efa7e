//! Money that an operator gives to an order, sends back or dismisses.

use anyhow::Result;
use domain::{Command, Event, OrderCode, Outcome, Payment, Proof, Refusal, UnmatchedState, UnmatchedStep, decide};
use ledger::{Entry, Fact};

use super::Batch;
use crate::{MovePayment, MoveRefused, Payer, Records, RefundId, UnmatchedRequest};

impl<R: Records> Batch<'_, R> {
    /// Money leaves where it is and arrives at its new order in one batch, or stays where it is.
    pub(super) fn move_payment(&mut self, request: &MovePayment) -> Result<Result<(), MoveRefused>> {
        let MovePayment { seq, to, operator } = request;
        if let Some((payment, state)) = self.find_unmatched(*seq)? {
            let step = UnmatchedStep::Assign { order: *to };
            return match state.after(&step) {
                Ok(_) => self.assign(*seq, payment, *to, operator),
                Err(refusal) => Ok(Err(MoveRefused::ByTheRules(refusal))),
            };
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

    /// An operator's step. The provider alone says what becomes of a refund that it pays out.
    pub(super) fn decide_unmatched(&mut self, request: UnmatchedRequest) -> Result<Result<(), MoveRefused>> {
        if matches!(request.step, UnmatchedStep::Refund(_)) && self.is_paying(RefundId::Unmatched(request.seq))? {
            return Ok(Err(MoveRefused::ByTheRules(Refusal::PayoutUnderWay)));
        }
        self.unmatched_step(request)
    }

    /// A step of money without an order; taken again it changes nothing.
    pub(super) fn unmatched_step(&mut self, request: UnmatchedRequest) -> Result<Result<(), MoveRefused>> {
        let UnmatchedRequest { seq, step, destination, operator } = request;
        let Some((_, state)) = self.find_unmatched(seq)? else {
            return Ok(Err(MoveRefused::NoSuchPayment));
        };
        match state.after(&step) {
            Ok(Some(_)) => {
                let fact = Fact::Unmatched { payment: seq, step };
                self.changes.entries.push(Entry { drop: None, operator: operator.clone(), fact });
            }
            Ok(None) => {}
            Err(refusal) => return Ok(Err(MoveRefused::ByTheRules(refusal))),
        }
        if let Some(to) = destination {
            self.give_destination(Payer::Unmatched(seq), None, to, operator)?;
        }
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
        let fact = Fact::Unmatched { payment: seq, step: UnmatchedStep::Assign { order } };
        self.changes.entries.push(Entry { drop: None, operator: operator.to_owned(), fact });
        self.decide_order(order, &arrive, operator)?;
        Ok(Ok(()))
    }

    /// An unmatched payment and where it stands, as this batch has left it so far.
    pub(super) fn find_unmatched(&self, seq: i64) -> Result<Option<(Payment, UnmatchedState)>> {
        let Some(found) = self.records.unmatched(seq)? else {
            return Ok(None);
        };
        let in_batch = self.changes.entries.iter().filter_map(|entry| match &entry.fact {
            Fact::Unmatched { payment, step } if *payment == seq => Some(step),
            _ => None,
        });
        let state = in_batch.fold(found.state, |state, step| state.after(step).ok().flatten().unwrap_or(state));
        Ok(Some((found.payment, state)))
    }

    /// The order a recorded payment went to, and the payment as an operator would give it on.
    fn received_by(&self, seq: i64) -> Result<Option<(OrderCode, Payment)>> {
        Ok(match self.records.fact(seq)? {
            Some(Fact::Sale(Event::PaymentReceived { order, payment, .. })) => {
                Some((order, Payment { proof: Proof::Operator, ..payment }))
            }
            _ => None,
        })
    }

    /// Why the core would not do this, if it would not; nothing is done. Money that the order knows already brings nothing,
    /// so that is a refusal too.
    fn would_refuse(&mut self, order: OrderCode, command: &Command) -> Result<Option<Refusal>> {
        let Some((record, _)) = self.find(order)? else {
            return Ok(Some(Refusal::OrderNotFound));
        };
        let record = record.clone();
        let Some(offered) = self.sale.drops.get(&record.drop) else {
            return Ok(Some(Refusal::OrderNotFound));
        };
        let decision = decide(&offered.state, Some(&record), self.now(), command);
        let moves_money =
            |event: &Event| matches!(event, Event::PaymentReleased { .. } | Event::PaymentReceived { .. });
        Ok(match decision.outcome {
            Outcome::Refused(refusal) => Some(refusal),
            // A report that is known, disputed or only settles what is known brings no money: it would leave one order
            // and reach none.
            _ if !decision.events.iter().any(moves_money) => Some(Refusal::NotReleasable),
            _ => None,
        })
    }
}
