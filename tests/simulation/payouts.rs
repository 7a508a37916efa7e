//! Refunds that the provider pays out: the provider with its bank, and the origin's steps towards it. The provider loses
//! requests and answers, shows what it was asked late, forgets, repeats, fails, and sends money back.

use std::collections::HashMap;

use domain::{Command, Doubt, Event, RefundState, RefundStep, SentBy, Timestamp, UnmatchedState, UnmatchedStep, Vnd};
use engine::{
    Asked, NextPayoutStep, Payout, PayoutLimits, PayoutRequest, PayoutStep, RefundId, Request, SHOWN_AFTER_MS, Shown,
    UnmatchedRequest, next_payout_step,
};
use ledger::Fact;

use crate::operator::OPERATOR;
use crate::origin::Ticket;
use crate::queue::ScheduledEvent;
use crate::world::{MINUTE, SECOND, World};

const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// No attempt of a simulated sale stays undecided for longer: a person has settled it by then.
const FOLLOWED_MS: i64 = 60 * HOUR;
const PAYABLE_MAX: u32 = 1_000;

/// What is asked of the payout channel next.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PayoutAction {
    /// The timer begins what is due.
    BeginDue,
    Follow(Attempt),
    /// A day after it was sent.
    Check(Attempt),
    /// A person looks at the bank.
    SettleDoubt(Attempt),
    /// The bank decides.
    Decide(usize),
    SendBack(usize),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    refund: RefundId,
    number: u32,
    begun_at: i64,
    /// The process that began it.
    epoch: u32,
    tries: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    InFlight,
    Paid { to_other_name: bool },
    NotPaid,
    Reversed,
}

/// One payout as the provider has it.
struct Made {
    refund: RefundId,
    reference: String,
    amount: i64,
    fate: Fate,
    shown_from: i64,
    forgotten: bool,
}

#[derive(Default)]
pub(crate) struct PayoutChannel {
    made: Vec<Made>,
    /// When each idempotency key came first, with its body.
    keys: HashMap<String, (i64, Vec<u8>)>,
    /// What the running process knows: when it asked.
    asked: HashMap<(RefundId, u32), (u32, i64)>,
}

impl World {
    pub(crate) fn payouts_come(&mut self) {
        if self.rng.u8(0..4) > 0 {
            for _ in 0..self.rng.usize(4..24) {
                let ms = self.rng.i64(MINUTE..2 * DAY);
                self.after(ms, ScheduledEvent::Payout(PayoutAction::BeginDue));
            }
        }
    }

    pub(crate) fn payout_goes_on(&mut self, action: PayoutAction) {
        match action {
            PayoutAction::BeginDue => self.begin_due(),
            PayoutAction::Follow(attempt) => self.follow(attempt),
            PayoutAction::Check(attempt) => self.check_sent(attempt),
            PayoutAction::SettleDoubt(attempt) => self.settle_doubt(attempt),
            PayoutAction::Decide(payout) => self.bank_decides(payout),
            PayoutAction::SendBack(payout) => {
                let made = &mut self.payouts.made[payout];
                if matches!(made.fate, Fate::Paid { .. }) {
                    made.fate = Fate::Reversed;
                    let refund = made.refund;
                    self.oracle.bank_takes_back(refund);
                }
            }
        }
    }

    fn begin_due(&mut self) {
        if !self.origin.is_up() {
            return;
        }
        let ready = engine::Records::refunds_ready(&self.origin.disk, Timestamp(self.sale_now()), PAYABLE_MAX);
        let limit = Vnd::new(1_000_000_000_000).expect("an amount");
        let limits = PayoutLimits { refund_max: limit, day_max: limit, two_operators_above: limit };
        for transfer in ready.expect("the simulated disk can always be read") {
            let attempt = self.origin.disk.last_attempt(transfer.refund) + 1;
            let body = format!("{}:{}", Payout::reference(transfer.refund, attempt), transfer.amount).into_bytes();
            let request = PayoutRequest { transfer, attempt, body, limits, operator: String::new() };
            // The timer may look twice before it hears that the first look was enough.
            for _ in 0..self.rng.usize(1..3) {
                self.ask(Request::BeginPayout(Box::new(request.clone())), Ticket::Unanswered);
            }
        }
    }

    /// An attempt is on disk.
    pub(crate) fn payout_begun(&mut self, payout: &Payout, now: i64) {
        let (refund, number) = (payout.transfer.refund, payout.attempt);
        let attempt = Attempt { refund, number, begun_at: now, epoch: self.origin.epoch, tries: 0 };
        self.after(10, ScheduledEvent::Payout(PayoutAction::Follow(attempt)));
    }

    fn follow(&mut self, attempt: Attempt) {
        if !self.origin.is_up() {
            return self.after(SECOND, ScheduledEvent::Payout(PayoutAction::Follow(attempt)));
        }
        if self.refund_state(attempt.refund) != Some(RefundState::Paying { attempt: attempt.number }) {
            return;
        }
        let shown = self.look(attempt);
        let (age_ms, asked) = (self.sale_now() - attempt.begun_at, self.asked(attempt));
        match next_payout_step(shown, age_ms, asked) {
            NextPayoutStep::Wait => {}
            NextPayoutStep::Record(step) => self.record_payout_step(attempt, step),
            NextPayoutStep::Ask => self.ask_payout(attempt, asked),
        }
        let wait = (SECOND << attempt.tries.min(9)).min(5 * MINUTE);
        let again = Attempt { tries: attempt.tries + 1, ..attempt };
        assert!(self.now < attempt.begun_at + 30 * DAY, "an attempt is followed for ever: {attempt:?}");
        self.after(wait, ScheduledEvent::Payout(PayoutAction::Follow(again)));
    }

    fn asked(&self, attempt: Attempt) -> Asked {
        let now = self.sale_now();
        match self.payouts.asked.get(&(attempt.refund, attempt.number)) {
            Some((epoch, at)) if *epoch == self.origin.epoch => Asked::Perhaps { ms_ago: now - at },
            _ if attempt.epoch == self.origin.epoch => Asked::Never,
            _ => Asked::Perhaps { ms_ago: self.now - self.origin.started_at },
        }
    }

    /// What the provider's list shows; nothing when it does not answer.
    fn look(&mut self, attempt: Attempt) -> Option<Shown> {
        if self.chance(self.weather.payos_fails) {
            return None;
        }
        let reference = Payout::reference(attempt.refund, attempt.number);
        let now = self.now;
        let shown = |made: &&Made| made.reference == reference && !made.forgotten && made.shown_from <= now;
        let found: Vec<&Made> = self.payouts.made.iter().filter(shown).collect();
        let [found] = found[..] else {
            assert!(found.is_empty(), "two payouts of one attempt: {attempt:?}");
            return Some(Shown::Nothing);
        };
        Some(match found.fate {
            Fate::InFlight => Shown::InFlight,
            Fate::Paid { to_other_name } => {
                Shown::Paid { bank_reference: format!("FT{}", found.amount), name_fits: !to_other_name }
            }
            Fate::NotPaid => Shown::NotPaid { reason: "closed".into() },
            Fate::Reversed => Shown::Reversed,
        })
    }

    /// The request leaves, perhaps arrives, and perhaps is answered. The process may die on either side of it.
    fn ask_payout(&mut self, attempt: Attempt, asked: Asked) {
        let key = (attempt.refund, attempt.number);
        self.payouts.asked.insert(key, (self.origin.epoch, self.sale_now()));
        if self.chance(self.weather.crash) {
            return self.crash_when_idle();
        }
        let fails = self.weather.payos_fails;
        match self.rng.u8(0..20) {
            // It never arrives.
            0 => return,
            // It is turned away before anything is done. Only the first time is that certain.
            1 if asked == Asked::Never => {
                return self.record_payout_step(attempt, RefundStep::Fail { reason: "refused".into() });
            }
            _ if self.chance(fails) => return,
            _ => {}
        }
        self.make_payout(attempt);
        if self.chance(self.weather.crash) {
            self.crash_when_idle();
        }
    }

    fn make_payout(&mut self, attempt: Attempt) {
        let stored = self.origin.disk.payout(attempt.refund, attempt.number).clone();
        let reference = Payout::reference(attempt.refund, attempt.number);
        if let Some((at, body)) = self.payouts.keys.get(&reference) {
            assert_eq!(*body, stored.body, "a repeated request has other bytes");
            assert!(self.now - at < DAY || self.payouts.made.is_empty(), "a key is repeated after a day");
            // The first answer again, or an error: nothing is made.
            return;
        }
        self.payouts.keys.insert(reference.clone(), (self.now, stored.body));
        let shown_from = self.now + self.rng.i64(0..SHOWN_AFTER_MS);
        let (refund, amount) = (attempt.refund, stored.transfer.amount.get());
        let made = Made { refund, reference, amount, fate: Fate::InFlight, shown_from, forgotten: false };
        let number = self.payouts.made.len();
        self.payouts.made.push(made);
        let ms = match self.rng.u8(0..10) {
            0..7 => self.rng.i64(0..10 * MINUTE),
            7..9 => self.rng.i64(0..30 * HOUR),
            _ => FOLLOWED_MS,
        };
        self.after(ms, ScheduledEvent::Payout(PayoutAction::Decide(number)));
    }

    fn bank_decides(&mut self, payout: usize) {
        let die = self.rng.u8(0..20);
        let later = self.rng.i64(MINUTE..20 * HOUR);
        let made = &mut self.payouts.made[payout];
        let refund = made.refund;
        match die {
            0..3 => made.fate = Fate::NotPaid,
            // The provider loses it, and no money has moved.
            3 => {
                made.forgotten = true;
                let reference = made.reference.clone();
                self.payouts.keys.remove(&reference);
            }
            _ => {
                made.fate = Fate::Paid { to_other_name: die == 4 };
                self.oracle.provider_sends(refund);
                if die < 8 {
                    self.after(later, ScheduledEvent::Payout(PayoutAction::SendBack(payout)));
                }
            }
        }
    }

    fn check_sent(&mut self, attempt: Attempt) {
        if !self.origin.is_up() {
            return self.after(MINUTE, ScheduledEvent::Payout(PayoutAction::Check(attempt)));
        }
        let by = SentBy::Payout { attempt: attempt.number };
        if self.refund_state(attempt.refund) != Some(RefundState::Sent { by }) {
            return;
        }
        match self.look(attempt) {
            Some(Shown::Paid { .. }) => self.record_payout_step(attempt, RefundStep::Confirm),
            Some(Shown::Reversed) => self.record_payout_step(attempt, RefundStep::Doubt(Doubt::Reversed)),
            _ => {}
        }
        self.after(HOUR, ScheduledEvent::Payout(PayoutAction::Check(attempt)));
    }

    /// A person does as the bank says, and waits while the bank has not decided.
    fn settle_doubt(&mut self, attempt: Attempt) {
        let state = self.refund_state(attempt.refund);
        if !matches!(state, Some(RefundState::Doubted { attempt: number, .. }) if number == attempt.number) {
            return;
        }
        let reference = Payout::reference(attempt.refund, attempt.number);
        let made = self.payouts.made.iter().filter(|made| made.reference == reference && !made.forgotten);
        let fates: Vec<Fate> = made.map(|made| made.fate).collect();
        let step = if fates.iter().any(|fate| matches!(fate, Fate::Paid { .. })) {
            Some(RefundStep::Sent { bank_reference: "by hand".into() })
        } else if fates.contains(&Fate::InFlight) {
            None
        } else {
            Some(RefundStep::Fail { reason: "not sent".into() })
        };
        if let Some(step) = step {
            match attempt.refund {
                RefundId::Order(order, number) => {
                    self.ask_order_as_operator(order, Command::Refund { number, step }, Ticket::Unanswered);
                }
                RefundId::Unmatched(seq) => {
                    let (step, operator) = (UnmatchedStep::Refund(step), OPERATOR.into());
                    let request = UnmatchedRequest { seq, step, destination: None, operator };
                    self.ask(Request::Unmatched(request), Ticket::Unanswered);
                }
            }
        }
        self.after(HOUR, ScheduledEvent::Payout(PayoutAction::SettleDoubt(attempt)));
    }

    /// A refund that was paid out is looked at again a day later, and a person looks at one in doubt.
    pub(crate) fn payout_step_recorded(&mut self, fact: &Fact) {
        let refund = match fact {
            Fact::Sale(Event::RefundSent { order, number, .. } | Event::RefundDoubted { order, number, .. }) => {
                RefundId::Order(*order, *number)
            }
            Fact::Unmatched { payment, step: UnmatchedStep::Refund(_) } => RefundId::Unmatched(*payment),
            _ => return,
        };
        let Some(state) = self.refund_state(refund) else { return };
        let attempt = Attempt { refund, number: state.attempt(), begun_at: 0, epoch: 0, tries: 0 };
        match state {
            RefundState::Sent { by: SentBy::Payout { .. } } => {
                self.after(DAY, ScheduledEvent::Payout(PayoutAction::Check(attempt)));
            }
            RefundState::Doubted { .. } => {
                let ms = self.rng.i64(MINUTE..DAY);
                self.after(ms, ScheduledEvent::Payout(PayoutAction::SettleDoubt(attempt)));
            }
            _ => {}
        }
    }

    fn record_payout_step(&mut self, attempt: Attempt, step: RefundStep) {
        let step = PayoutStep { refund: attempt.refund, attempt: attempt.number, step };
        self.ask(Request::PayoutStep(step), Ticket::Unanswered);
    }

    fn refund_state(&self, refund: RefundId) -> Option<RefundState> {
        match refund {
            RefundId::Order(order, number) => {
                self.origin.disk.orders[&order].refunds.iter().find(|known| known.number == number).map(|it| it.state)
            }
            RefundId::Unmatched(seq) => match self.origin.disk.unmatched[&seq].state {
                UnmatchedState::Refund(state) => Some(state),
                _ => None,
            },
        }
    }
}
