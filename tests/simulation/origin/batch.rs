//! One batch, decided as the writer decides it: read the clock once, control, money, shoppers, expiries after money.

use std::collections::BTreeMap;

use domain::{
    Command, Event, OrderCode, OrderRecord, Outcome, Payment, Proof, Purchase, RefundStep, Refusal, Timestamp, decide,
    evolve,
};

use super::{Answer, Ask, Disk, Fact, Memory, What, on_statement};
use crate::operator::Listed;
use crate::oracle::Done;
use crate::world::World;

/// With the wall clock further behind the ledger than this nothing is sold.
const CLOCK_BEHIND_MS: i64 = 30_000;
/// The code of money that nobody's order is named for.
pub(crate) const NO_ORDER: OrderCode = OrderCode(0);

struct Batch<'a> {
    memory: &'a mut Memory,
    disk: &'a Disk,
    now: Timestamp,
    clock_behind: bool,
    facts: Vec<Fact>,
    orders: BTreeMap<OrderCode, OrderRecord>,
    listed: Vec<Listed>,
    /// What was asked of orders and came of it, for whoever keeps the promises.
    done: Vec<Done>,
}

impl World {
    pub(crate) fn batch(&mut self) {
        if self.origin.memory.is_none() || !self.origin.batch_comes {
            return;
        }
        self.origin.batch_comes = false;
        let mut asks: Vec<Ask> = self.origin.lanes[0].drain(..).collect();
        let mut money = std::mem::take(&mut self.origin.lanes[1]);
        money.sort_by_key(|ask| matches!(ask.what, What::Order(_, Command::EndHold)));
        asks.append(&mut money);
        asks.append(&mut self.origin.lanes[2]);
        let wall = self.wall();
        let now = Timestamp(wall.max(self.origin.disk.head_at));
        let clock_behind = self.origin.disk.head_at.saturating_sub(wall) > CLOCK_BEHIND_MS;
        let Some(memory) = &mut self.origin.memory else { return };
        memory.tokens.turn(now.0);
        let mut batch = Batch {
            memory,
            disk: &self.origin.disk,
            now,
            clock_behind,
            facts: Vec::new(),
            orders: BTreeMap::new(),
            listed: Vec::new(),
            done: Vec::new(),
        };
        let answers: Vec<Answer> = asks.iter().map(|ask| batch.apply(&ask.what)).collect();
        let Batch { facts, orders, listed, done, .. } = batch;
        let dies = self.chance(self.weather.crash);
        if dies && self.chance(0.5) {
            self.die();
            return asks.into_iter().for_each(|ask| self.answer(ask.from, Answer::Lost));
        }
        self.commit(now, &facts, orders, listed, &done);
        if dies {
            if let Some(memory) = &self.origin.memory {
                self.origin.disk.check_replay(Some(&memory.state), now.0);
            }
            self.die();
            return asks.into_iter().for_each(|ask| self.answer(ask.from, Answer::Lost));
        }
        for (ask, answer) in asks.into_iter().zip(answers) {
            self.answer(ask.from, answer);
        }
        self.tick_soon();
    }

    fn commit(
        &mut self,
        now: Timestamp,
        facts: &[Fact],
        orders: BTreeMap<OrderCode, OrderRecord>,
        listed: Vec<Listed>,
        done: &[Done],
    ) {
        let Some(memory) = &mut self.origin.memory else { return };
        let changed: Vec<OrderCode> = orders.keys().copied().collect();
        if !facts.is_empty() {
            self.origin.disk.commit(now, facts, orders, &memory.state);
            memory.state.forget_when_done(now);
        }
        for fact in facts {
            self.oracle.hear(fact, now.0, self.now, &self.payos);
        }
        self.oracle.check_step(&memory.state, &self.origin.disk, &changed, done);
        for fact in facts {
            self.tell(|| format!("{fact:?}"));
            if let Fact::Sale(event) = fact {
                self.effects_owed(event, now.0);
            }
        }
        self.transfers_listed(listed);
    }
}

impl Batch<'_> {
    fn apply(&mut self, what: &What) -> Answer {
        match what {
            What::Purchase(purchase) => self.purchase(purchase),
            What::Order(order, command) => {
                let outcome = self.order(*order, command);
                self.done.push(Done { order: *order, command: command.clone(), outcome: outcome.clone() });
                Answer::Outcome(outcome)
            }
            What::Drop(command) => {
                let decision = decide(&self.memory.state, None, self.now, command);
                for event in decision.events {
                    evolve(&mut self.memory.state, &mut None, &event, self.now);
                    self.facts.push(Fact::Sale(event));
                }
                Answer::Outcome(decision.outcome)
            }
            What::Move { from, identity, to } => {
                let payment = self.find(*from).and_then(|record| {
                    let payment = record.payments.iter().find(|payment| payment.identity == *identity)?;
                    let (identity, amount) = (payment.identity.clone(), payment.amount);
                    Some(Payment { identity, amount, paid_at: payment.paid_at, proof: Proof::Operator })
                });
                if let Some(payment) = payment.filter(|_| from != to) {
                    let release = Command::ReleasePayment { identity: identity.clone() };
                    let arrive = Command::Payment(payment);
                    if self.would_do(*from, &release) && self.would_do(*to, &arrive) {
                        self.order(*from, &release);
                        self.order(*to, &arrive);
                    }
                }
                Answer::Outcome(Outcome::Done)
            }
            What::Assign { unmatched, to } => {
                self.assign(*unmatched, *to);
                Answer::Outcome(Outcome::Done)
            }
            What::Export => self.export(),
        }
    }

    fn purchase(&mut self, purchase: &Purchase) -> Answer {
        if self.clock_behind {
            return Answer::Unavailable;
        }
        let purchase = Purchase { order: OrderCode(self.memory.next_order), ..purchase.clone() };
        let made = self.memory.tokens.get(purchase.jti);
        let made = made.map(|order| self.find(order).expect("the order of a token is stored").clone());
        let jti = purchase.jti;
        let decision = decide(&self.memory.state, made.as_ref(), self.now, &Command::Purchase(purchase));
        for event in decision.events {
            let mut record = None;
            evolve(&mut self.memory.state, &mut record, &event, self.now);
            if let Some(record) = record {
                self.memory.tokens.current.insert(jti, record.order);
                self.memory.next_order = record.order.0 + 1;
                self.orders.insert(record.order, record);
            }
            self.facts.push(Fact::Sale(event));
        }
        Answer::Outcome(decision.outcome)
    }

    fn find(&mut self, order: OrderCode) -> Option<&OrderRecord> {
        if !self.orders.contains_key(&order) {
            self.orders.insert(order, self.disk.orders.get(&order)?.clone());
        }
        self.orders.get(&order)
    }

    fn order(&mut self, order: OrderCode, command: &Command) -> Outcome {
        let Some(record) = self.find(order).cloned() else {
            return match command {
                Command::Payment(payment) => self.keep_unmatched(order, payment),
                _ => Outcome::Refused(Refusal::OrderNotFound),
            };
        };
        let command = &match command {
            Command::Payment(payment) if self.is_on_a_statement(payment) => Command::Dispute(payment.clone()),
            other => other.clone(),
        };
        let decision = decide(&self.memory.state, Some(&record), self.now, command);
        if let (Outcome::Refused(_), Command::Payment(payment)) = (&decision.outcome, command) {
            return self.keep_unmatched(order, payment);
        }
        let mut record = Some(record);
        for event in decision.events {
            evolve(&mut self.memory.state, &mut record, &event, self.now);
            if let Some(other) = event.order().filter(|other| *other != order) {
                self.evolve_other(other, &event);
            }
            self.facts.push(Fact::Sale(event));
        }
        self.orders.extend(record.map(|record| (order, record)));
        decision.outcome
    }

    fn evolve_other(&mut self, other: OrderCode, event: &Event) {
        let mut record = self.find(other).expect("an event names a stored order").clone();
        record.evolve(event, self.now);
        self.orders.insert(other, record);
    }

    fn is_on_a_statement(&self, payment: &Payment) -> bool {
        payment.proof != Proof::Operator && self.disk.is_unmatched(NO_ORDER, &on_statement(payment))
    }

    fn keep_unmatched(&mut self, order: OrderCode, payment: &Payment) -> Outcome {
        let same = |fact: &Fact| {
            matches!(fact, Fact::Unmatched { order: known, payment: other }
                if *known == order && other.identity == payment.identity && other.amount == payment.amount)
        };
        if self.facts.iter().any(same) || self.disk.is_unmatched(order, payment) {
            return Outcome::Unchanged;
        }
        self.facts.push(Fact::Unmatched { order, payment: payment.clone() });
        Outcome::Done
    }

    fn assign(&mut self, unmatched: usize, to: Option<OrderCode>) {
        let open = self.disk.unmatched.get(unmatched).filter(|found| !found.decided);
        let again = |fact: &Fact| matches!(fact, Fact::Decided { unmatched: known, .. } if *known == unmatched);
        let Some(payment) = open.map(|found| found.payment.clone()).filter(|_| !self.facts.iter().any(again)) else {
            return;
        };
        let Some(to) = to else {
            return self.facts.push(Fact::Decided { unmatched, home: None });
        };
        let arrive = Command::Payment(Payment { proof: Proof::Operator, ..payment });
        if self.would_do(to, &arrive) {
            self.facts.push(Fact::Decided { unmatched, home: Some(to) });
            self.order(to, &arrive);
        }
    }

    fn would_do(&mut self, order: OrderCode, command: &Command) -> bool {
        let Some(record) = self.find(order).cloned() else {
            return false;
        };
        decide(&self.memory.state, Some(&record), self.now, command).outcome == Outcome::Done
    }

    fn export(&mut self) -> Answer {
        let due: Vec<(OrderCode, u32)> = self
            .disk
            .orders
            .values()
            .flat_map(|order| order.refunds.iter().map(move |refund| (order.order, refund)))
            .filter(|(_, refund)| refund.state == domain::RefundState::Due)
            .map(|(order, refund)| (order, refund.number))
            .collect();
        for (order, number) in due {
            let command = Command::Refund { number, step: RefundStep::Batch { batch: 1 } };
            if self.order(order, &command) == Outcome::Done {
                self.listed.push(Listed { order, number });
            }
        }
        Answer::Outcome(Outcome::Done)
    }
}
