//! Commands about one order, and the holds that are due.

use anyhow::{Context, Result};
use domain::{
    Command, DropId, Event, OrderCode, Outcome, Payment, PaymentIdentity, Proof, Refusal, Timestamp, decide, evolve,
};
use ledger::{Entry, Fact};

use super::Batch;
use crate::{MoneyPlace, NO_ORDER, OfferedDrop, OrderRequest, Payer, Records, RefundId, Reply};

/// Later than every `pay_by`, with room to add to it.
const END_OF_TIME: Timestamp = Timestamp(i64::MAX / 2);

impl<R: Records> Batch<'_, R> {
    pub(super) fn order(&mut self, request: OrderRequest) -> Result<Reply> {
        let OrderRequest { order, command, operator, payer } = request;
        if let Command::Refund { number, .. } = command
            && self.is_paying(RefundId::Order(order, number))?
        {
            return Ok(Reply::Order { outcome: Outcome::Refused(Refusal::PayoutUnderWay), money: None });
        }
        let before = self.changes.entries.len();
        let outcome = self.decide_order(order, &command, &operator)?;
        if let (Some(account), Some((payer, drop))) = (payer, self.payer_since(before))
            && self.destination(payer)?.is_none()
        {
            self.give_destination(payer, drop, account, String::new())?;
        }
        Ok(Reply::Order { outcome, money: self.money_since(before) })
    }

    /// Where the money stands that this batch recorded from its entry `first` on.
    pub(super) fn money_since(&self, first: usize) -> Option<MoneyPlace> {
        let mut place = None;
        for entry in &self.changes.entries[first..] {
            place = match &entry.fact {
                Fact::PaymentUnmatched { .. } => Some(MoneyPlace::Unmatched),
                Fact::Sale(Event::PaymentDisputed { .. }) => Some(MoneyPlace::Disputed),
                Fact::Sale(Event::PaymentReceived { applied, .. }) if applied.is_zero() => Some(MoneyPlace::RefundDue),
                // By the late rule the order is paid with money of which nothing counted at once.
                Fact::Sale(Event::PaymentReceived { .. } | Event::OrderPaid { .. }) => Some(MoneyPlace::Applied),
                _ => place,
            };
        }
        place
    }

    /// The payer whose money this batch recorded from its entry `first` on, and the drop of their order.
    fn payer_since(&self, first: usize) -> Option<(Payer, Option<DropId>)> {
        self.changes.entries.iter().enumerate().skip(first).find_map(|(index, entry)| match &entry.fact {
            Fact::Sale(Event::PaymentReceived { order, .. }) => Some((Payer::Order(*order), entry.drop)),
            Fact::PaymentUnmatched { .. } => Some((Payer::Unmatched(self.seq_of(index)), entry.drop)),
            _ => None,
        })
    }

    pub(super) fn decide_order(&mut self, order: OrderCode, command: &Command, operator: &str) -> Result<Outcome> {
        let Some((record, _)) = self.find(order)? else {
            return match command {
                Command::Payment(payment) => self.unmatched(order, payment, operator),
                _ => Ok(Outcome::Refused(Refusal::OrderNotFound)),
            };
        };
        let record = record.clone();
        let drop = record.drop;
        let command = &match command {
            Command::Payment(payment) if self.is_on_a_statement(payment)? => Command::Dispute(payment.clone()),
            other => other.clone(),
        };
        let now = self.now();
        let offered = self.sale.drops.get(&drop).with_context(|| format!("order {order} names an unknown drop"))?;
        let decision = decide(&offered.state, Some(&record), now, command);
        if let (Outcome::Refused(_), Command::Payment(payment)) = (&decision.outcome, command) {
            return self.unmatched(order, payment, operator);
        }
        let mut record = Some(record);
        for event in decision.events {
            let offered = self.sale.drops.get_mut(&drop).with_context(|| format!("drop {} vanished", drop.0))?;
            evolve(&mut offered.state, &mut record, &event, now);
            if let Some(other) = event.order().filter(|other| *other != order) {
                self.evolve_other(other, &event)?;
            }
            self.changed_drops.insert(drop);
            self.changes.entries.push(Entry {
                drop: Some(drop),
                operator: operator.to_owned(),
                fact: Fact::Sale(event),
            });
        }
        if let Some(record) = record {
            assert!(record.money_adds_up(), "the money of order {order} does not add up");
            self.put_back(record);
        }
        Ok(decision.outcome)
    }

    /// Whether an operator entered this transfer from a statement, without an order.
    fn is_on_a_statement(&self, payment: &Payment) -> Result<bool> {
        if payment.proof == Proof::Operator {
            return Ok(false);
        }
        let reference = &payment.identity.reference;
        for identity in
            [PaymentIdentity::on_statement(reference), PaymentIdentity::on_statement_of_day(reference, payment.paid_at)]
        {
            if self.is_unmatched(NO_ORDER, &Payment { identity, ..payment.clone() })? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether this report of money is unmatched under the code `order`, as this batch has left it so far.
    fn is_unmatched(&self, order: OrderCode, payment: &Payment) -> Result<bool> {
        let same = |entry: &Entry| {
            matches!(&entry.fact, Fact::PaymentUnmatched { order: known, payment: other }
                if *known == order && other.identity == payment.identity && other.amount == payment.amount)
        };
        Ok(self.changes.entries.iter().any(same) || self.records.is_unmatched(order, payment)?)
    }

    /// An event that ends another order of the same customer.
    fn evolve_other(&mut self, other: OrderCode, event: &Event) -> Result<()> {
        let (record, _) = self.find(other)?.with_context(|| format!("order {other} is not stored"))?;
        let mut record = record.clone();
        record.evolve(event, self.now());
        self.put_back(record);
        Ok(())
    }

    /// Money that no order takes is kept all the same; the same money twice is kept once.
    fn unmatched(&mut self, order: OrderCode, payment: &Payment, operator: &str) -> Result<Outcome> {
        if self.is_unmatched(order, payment)? {
            return Ok(Outcome::Unchanged);
        }
        let fact = Fact::PaymentUnmatched { order, payment: payment.clone() };
        self.changes.entries.push(Entry { drop: None, operator: operator.to_owned(), fact });
        Ok(Outcome::Done)
    }

    /// Holds whose time has come; in a killed drop, every hold.
    pub(super) fn due_holds(&self, after: OrderCode, max: usize) -> Vec<OrderCode> {
        let of_drop = |offered: &OfferedDrop| {
            let killed = offered.state.status().is_killed();
            let now = if killed { END_OF_TIME } else { self.now() };
            offered.state.due(now, after).take(max).collect::<Vec<_>>()
        };
        let mut due: Vec<OrderCode> = self.sale.drops.values().flat_map(of_drop).collect();
        due.sort_unstable();
        due.truncate(max);
        due
    }
}
