//! What the ledger owes to PayOS, and the hold timer. Each step may be the last before a crash, and is then repeated.

use domain::{
    Command, Event, HOLD_GRACE_MS, Link, LinkFacts, OrderCode, OrderRecord, OrderState, Outcome, Payment,
    PaymentIdentity, Proof,
};
use engine::{Reply, Request};

use crate::origin::{Answer, Ticket};
use crate::payos::{Created, LinkShown, Read};
use crate::queue::ScheduledEvent;
use crate::world::World;

const ASK_AGAIN_MS: i64 = 10_000;
const SETTLE_AFTER_MS: i64 = 2_000;
pub(crate) const CHECKS_AFTER_MS: [i64; 3] = [5 * 60_000, 60 * 60_000, 24 * 60 * 60_000];
/// A link that was made this long before its order is not ours.
const CREATED_BEFORE_ORDER_MS: i64 = 60_000;
/// Long after every silence of the simulated PayOS.
const TRIES_MAX: u32 = 60;
/// Holds far from their deadline are looked at this often, so that a clock that is set is noticed.
const LOOK_MS: i64 = 60_000;
/// So few that the timer has to ask more than once.
const HOLDS_MAX: usize = 8;

#[derive(Clone, Debug)]
pub(crate) struct Effect {
    kind: Kind,
    order: OrderCode,
    epoch: u32,
    tries: u32,
    step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    MakeLink,
    CloseLink,
    Settle,
    CheckEnded {
        ended_at: i64,
    },
    /// The timer's: it dies with the process. `over` says that the time of the hold has come.
    EndHold {
        over: bool,
    },
}

#[derive(Clone, Debug)]
enum Step {
    Start,
    Asked,
    Create,
    Find { or_create: bool },
    Made,
    Read,
    Record { payments: Vec<Payment>, next: usize, closed: bool },
    Closed,
}

impl World {
    pub(crate) fn effects_owed(&mut self, event: &Event, at: i64) {
        let mut owe = |kind, order, ms| {
            let effect = Effect { kind, order, epoch: self.origin.epoch, tries: 0, step: Step::Start };
            self.after(ms, ScheduledEvent::Effect(Box::new(effect)));
        };
        match event {
            Event::OrderPlaced { order, .. } => owe(Kind::MakeLink, *order, 20),
            Event::OrderExpired { order, .. } | Event::OrderCancelled { order, .. } => {
                owe(Kind::CloseLink, *order, 20);
                owe(Kind::CheckEnded { ended_at: at }, *order, CHECKS_AFTER_MS[0]);
            }
            Event::OrderPaid { order, .. } => owe(Kind::CheckEnded { ended_at: at }, *order, CHECKS_AFTER_MS[0]),
            Event::PaymentReceived { order, payment, .. } if payment.proof == Proof::Webhook => {
                owe(Kind::Settle, *order, SETTLE_AFTER_MS);
            }
            _ => {}
        }
    }

    pub(crate) fn effect_goes_on(&mut self, mut effect: Effect) {
        if !self.origin.is_up() {
            return self.after(1_000, ScheduledEvent::Effect(Box::new(effect)));
        }
        if effect.epoch != self.origin.epoch {
            if matches!(effect.kind, Kind::EndHold { .. }) {
                return;
            }
            (effect.epoch, effect.step) = (self.origin.epoch, Step::Start);
        }
        let record = self.origin.disk.orders[&effect.order].clone();
        match (effect.kind, effect.step.clone()) {
            (Kind::MakeLink, Step::Start) => self.effect_asks(effect, Step::Asked, Command::AskLink),
            (Kind::MakeLink, Step::Create) => match self.create_link(effect.order, record.amount.get()) {
                Created::Link(facts) => self.effect_asks(effect, Step::Made, Command::LinkMade(facts)),
                Created::Unknown => self.effect_calls(effect, Step::Find { or_create: false }),
                Created::Failed => self.effect_later(effect),
            },
            (_, Step::Find { or_create }) => self.find_link(effect, &record, or_create),
            (Kind::CloseLink | Kind::EndHold { .. }, Step::Start) => {
                if !record.link.may_be_open() {
                    return self.effect_ends(effect, true);
                }
                self.cancel_link(effect.order);
                self.effect_calls(effect, Step::Read);
            }
            (Kind::Settle, Step::Start) if record.payments.iter().all(|payment| payment.settled) => {}
            (Kind::Settle | Kind::CheckEnded { .. }, Step::Start) => match record.link {
                Link::NotAsked | Link::Conflict => self.effect_ends(effect, true),
                Link::Asked | Link::Made(_) | Link::Closed(_) => self.effect_calls(effect, Step::Read),
            },
            (_, Step::Read) => self.link_read(effect, &record),
            (_, Step::Record { .. }) => self.record_next(effect),
            (kind, step) => unreachable!("{kind:?} never waits for time at {step:?}"),
        }
    }

    pub(crate) fn effect_hears(&mut self, mut effect: Effect, answer: &Answer) {
        let Answer::Reply(Reply::Order { outcome, .. }) = answer else {
            return self.effect_later(effect);
        };
        match effect.step {
            Step::Asked => match outcome {
                Outcome::Done => self.effect_calls(effect, Step::Create),
                Outcome::Unchanged => self.effect_calls(effect, Step::Find { or_create: true }),
                _ => {}
            },
            Step::Made => {
                if self.origin.disk.orders[&effect.order].state != OrderState::Pending {
                    (effect.kind, effect.step) = (Kind::CloseLink, Step::Start);
                    self.after(1, ScheduledEvent::Effect(Box::new(effect)));
                }
            }
            Step::Record { payments, next, closed } => {
                effect.step = Step::Record { payments, next: next + 1, closed };
                self.record_next(effect);
            }
            Step::Closed => self.effect_ends(effect, matches!(outcome, Outcome::Done | Outcome::Unchanged)),
            Step::Start | Step::Create | Step::Find { .. } | Step::Read => {
                unreachable!("waits for PayOS, not for the writer")
            }
        }
    }

    fn effect_asks(&mut self, mut effect: Effect, then: Step, command: Command) {
        let order = effect.order;
        effect.step = then;
        self.ask_order(order, command, Ticket::Effect(Box::new(effect)));
    }

    /// A call to PayOS takes a while, and a timeout longer.
    fn effect_calls(&mut self, mut effect: Effect, then: Step) {
        effect.step = then;
        let ms = if self.chance(0.05) { 8_000 } else { self.rng.i64(20..500) };
        self.after(ms, ScheduledEvent::Effect(Box::new(effect)));
    }

    fn effect_later(&mut self, mut effect: Effect) {
        effect.tries += 1;
        effect.step = Step::Start;
        if effect.tries < TRIES_MAX && !matches!(effect.kind, Kind::EndHold { .. }) {
            let ms = (500 << effect.tries.min(7)).min(60_000);
            self.after(ms, ScheduledEvent::Effect(Box::new(effect)));
        }
    }

    fn effect_ends(&mut self, mut effect: Effect, done: bool) {
        match effect.kind {
            Kind::EndHold { over: true } => {
                self.ask_order(effect.order, Command::EndHold, Ticket::Unanswered);
            }
            Kind::EndHold { over: false } | Kind::MakeLink => {}
            Kind::CheckEnded { ended_at } if done => {
                let sale_now = self.sale_now();
                if let Some(next) = CHECKS_AFTER_MS.iter().map(|after| ended_at + after).find(|at| *at > sale_now) {
                    (effect.step, effect.tries) = (Step::Start, 0);
                    self.after(next - sale_now, ScheduledEvent::Effect(Box::new(effect)));
                }
            }
            Kind::CloseLink | Kind::Settle | Kind::CheckEnded { .. } => {
                if !done {
                    self.effect_later(effect);
                }
            }
        }
    }

    fn find_link(&mut self, effect: Effect, record: &OrderRecord, or_create: bool) {
        match self.read_link(effect.order) {
            Read::NoAnswer => self.effect_later(effect),
            Read::NotFound if or_create => self.effect_calls(effect, Step::Create),
            Read::NotFound => self.effect_later(effect),
            Read::Link(shown) => {
                let known = shown.payments.iter().all(|payment| is_recorded(record, &payment.identity));
                let command = if may_be_ours(&shown, record) && shown.pending && known {
                    Command::LinkMade(LinkFacts { id: shown.link.id, checkout_url: String::new(), bank_transfer: None })
                } else {
                    Command::LinkConflict
                };
                self.effect_asks(effect, Step::Made, command);
            }
        }
    }

    fn link_read(&mut self, effect: Effect, record: &OrderRecord) {
        let shown = match self.read_link(effect.order) {
            Read::Link(shown) => shown,
            Read::NotFound | Read::NoAnswer => return self.effect_ends(effect, false),
        };
        if record.link == Link::Asked && !may_be_ours(&shown, record) {
            self.ask_order(effect.order, Command::LinkConflict, Ticket::Unanswered);
            return self.effect_ends(effect, false);
        }
        // Even a reader that forgets to record what it saw must not get the link closed over it.
        let closes = matches!(effect.kind, Kind::CloseLink | Kind::EndHold { .. });
        let next = if closes && self.chance(0.02) { shown.payments.len() } else { 0 };
        let step = Step::Record { payments: shown.payments, next, closed: !shown.pending };
        self.record_next(Effect { step, ..effect });
    }

    fn record_next(&mut self, effect: Effect) {
        let Step::Record { payments, next, closed } = &effect.step else { return };
        if let Some(payment) = payments.get(*next) {
            let command = Command::Payment(payment.clone());
            let then = effect.step.clone();
            return self.effect_asks(effect, then, command);
        }
        let closes = matches!(effect.kind, Kind::CloseLink | Kind::EndHold { .. });
        if !closes {
            return self.effect_ends(effect, true);
        }
        if !closed {
            return self.effect_ends(effect, false);
        }
        let payments = payments.iter().map(|payment| payment.identity.clone()).collect();
        self.effect_asks(effect, Step::Closed, Command::LinkClosed { payments });
    }

    /// Lets the timer look when the next hold is due.
    pub(crate) fn tick_soon(&mut self) {
        let Some(state) = self.origin.drop_state() else { return };
        if self.origin.tick_comes || state.pending_count() == 0 {
            return;
        }
        let killed = state.status().is_killed();
        let due_in = self.oracle.next_deadline().map_or(0, |pay_by| pay_by - self.sale_now());
        let wait = if killed { 0 } else { due_in.min(LOOK_MS) };
        self.origin.tick_comes = true;
        self.after(wait.max(self.weather.tick_ms), ScheduledEvent::Tick(self.origin.epoch));
    }

    pub(crate) fn tick(&mut self, epoch: u32) {
        let sale_now = self.sale_now();
        if !self.origin.is_up() || epoch != self.origin.epoch {
            return;
        }
        self.origin.tick_comes = false;
        self.oracle.assert_deadlines(sale_now, self.now, self.origin.started_at);
        self.origin.asked.retain(|_, again_at| *again_at > sale_now);
        self.ask_due_holds(OrderCode(0));
    }

    fn ask_due_holds(&mut self, after: OrderCode) {
        self.ask(Request::DueHolds { after, max: HOLDS_MAX }, Ticket::Timer);
    }

    /// The timer hears which holds are due, and asks for the next of them until there are none.
    pub(crate) fn timer_hears(&mut self, answer: &Answer) {
        let Answer::Reply(Reply::DueHolds(due)) = answer else { return };
        let (sale_now, epoch) = (self.sale_now(), self.origin.epoch);
        let killed = self.origin.drop_state().is_some_and(|state| state.status().is_killed());
        for order in due.iter().copied() {
            let record = &self.origin.disk.orders[&order];
            if record.state != OrderState::Pending {
                continue;
            }
            if killed {
                let command = Command::CancelByOperator { restock: true };
                self.ask_order(order, command, Ticket::Unanswered);
                continue;
            }
            let over = sale_now >= record.pay_by.plus_ms(HOLD_GRACE_MS).0;
            let open = record.link.may_be_open();
            let may_ask = !self.origin.asked.contains_key(&order);
            if may_ask {
                self.origin.asked.insert(order, sale_now + ASK_AGAIN_MS);
            }
            if may_ask && open {
                let kind = Kind::EndHold { over };
                let effect = Effect { kind, order, epoch, tries: 0, step: Step::Start };
                self.after(1, ScheduledEvent::Effect(Box::new(effect)));
            } else if over {
                self.ask_order(order, Command::EndHold, Ticket::Unanswered);
            }
        }
        match due.last() {
            Some(last) => self.ask_due_holds(*last),
            None => self.tick_soon(),
        }
    }
}

fn may_be_ours(shown: &LinkShown, record: &OrderRecord) -> bool {
    shown.link.amount == record.amount.get() && shown.link.created_at >= record.ordered_at.0 - CREATED_BEFORE_ORDER_MS
}

fn is_recorded(record: &OrderRecord, identity: &PaymentIdentity) -> bool {
    record.payments.iter().any(|known| known.identity == *identity)
}
