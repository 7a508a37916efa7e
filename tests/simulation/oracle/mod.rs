//! The oracle follows the ledger with a small book of its own, knows what the bank knows, and panics at the first thing
//! that must never happen. It decides nothing, so it cannot share a mistake of the rules.

mod line;
mod money;
mod promises;
mod time;
mod unmatched;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    Command, DropState, Event, ExpiryReason, Jti, OrderCode, Outcome, PaymentIdentity, Receipt, Stock, Terms,
};
use engine::{Buyer, RefundId};
use ledger::Fact;

pub(crate) use self::line::RefundIs;
use self::line::{Line, LinkKnown, State};
use self::promises::Asked;
use self::time::LawfulTime;
use self::unmatched::UnmatchedMoney;
use crate::origin::Disk;
use crate::payos::PayOs;

const GRACE_MS: i64 = 60_000;
const SETTLING_MS: i64 = 15 * 60_000;

/// What was asked of an order in a batch, and what came of it.
pub(crate) struct Done {
    pub(crate) order: OrderCode,
    pub(crate) command: Command,
    pub(crate) outcome: Outcome,
}

pub(crate) struct Oracle {
    terms: Terms,
    paused: bool,
    killed: bool,
    free: u32,
    held: u32,
    sold: u32,
    withdrawn: u32,
    lines: BTreeMap<OrderCode, Line>,
    pending: BTreeSet<OrderCode>,
    /// Units held and paid for.
    units_of: HashMap<[u8; 16], u32>,
    by_token: HashMap<Jti, OrderCode>,
    /// Whose details each commitment stands for.
    committed: HashMap<[u8; 32], Buyer>,
    bought_by: HashMap<OrderCode, Buyer>,
    asked: HashMap<usize, Asked>,
    /// What shoppers were told.
    promised: BTreeMap<OrderCode, Receipt>,
    /// Refunds whose money has left the bank.
    gone: BTreeSet<RefundId>,
    /// How often the provider paid a refund out.
    pub(crate) paid_out: u64,
    unmatched: UnmatchedMoney,
    /// All money that counts: of every order, and unmatched.
    money: i64,
    /// The same after the batch before.
    money_before: i64,
    /// Reports of money that were taken in, and for which orders.
    reported: HashMap<(PaymentIdentity, i64), BTreeSet<OrderCode>>,
    pub(crate) time: LawfulTime,
}

impl Oracle {
    pub(crate) fn new(terms: Terms) -> Self {
        Self {
            paused: false,
            killed: false,
            free: terms.size,
            held: 0,
            sold: 0,
            withdrawn: 0,
            lines: BTreeMap::new(),
            pending: BTreeSet::new(),
            units_of: HashMap::new(),
            by_token: HashMap::new(),
            committed: HashMap::new(),
            bought_by: HashMap::new(),
            asked: HashMap::new(),
            promised: BTreeMap::new(),
            gone: BTreeSet::new(),
            paid_out: 0,
            unmatched: UnmatchedMoney::default(),
            money: 0,
            money_before: 0,
            reported: HashMap::new(),
            time: LawfulTime::new(),
            terms,
        }
    }

    /// The row `seq` of the ledger, written at the sale's time `now` and in truth at `true_now`.
    pub(crate) fn hear(&mut self, seq: i64, fact: &Fact, now: i64, true_now: i64, payos: &PayOs) {
        self.time.assert_row(seq, now, true_now);
        match fact {
            Fact::Sale(event) => self.hear_event(event, now, true_now, payos),
            Fact::PaymentUnmatched { order, payment } => self.unmatched_arrived(seq, *order, payment),
            Fact::Unmatched { payment, step } => self.unmatched_step(*payment, step),
            _ => {}
        }
    }

    fn hear_event(&mut self, event: &Event, now: i64, true_now: i64, payos: &PayOs) {
        match event {
            Event::DropPaused => self.paused = true,
            Event::DropResumed => self.paused = false,
            Event::DropKilled => self.killed = true,
            Event::OrderPlaced { .. } => self.placed(event, now, true_now),
            Event::OrderPaid { order, late, .. } => self.paid(*order, *late, now, true_now),
            Event::OrderExpired { order, reason, .. } => self.expired(*order, *reason, now, true_now),
            Event::OrderCancelled { order, restock, .. } => self.cancelled(*order, *restock, now, true_now),
            Event::PaymentReceived { order, payment, applied } => {
                self.money += payment.amount.get();
                self.assert_not_entered(payment);
                let transfer = payos.transfer(&payment.identity);
                self.line(*order).receives(payment, applied.get(), transfer.map(|transfer| transfer.at));
            }
            Event::PaymentReleased { order, identity, .. } => {
                self.money -= self.line(*order).counted(identity);
                self.line(*order).hear(event);
            }
            _ => {
                if let Some(order) = event.order() {
                    self.line(order).hear(event);
                }
            }
        }
    }

    fn line(&mut self, order: OrderCode) -> &mut Line {
        self.lines.get_mut(&order).unwrap_or_else(|| panic!("order {order} was never placed"))
    }

    fn placed(&mut self, event: &Event, now: i64, true_now: i64) {
        let Event::OrderPlaced { order, sub, jti, quantity, amount, buyer_commit, pay_by, .. } = event else { return };
        assert!(!self.paused && !self.killed, "order {order} placed while the drop sells nothing");
        assert!(now >= self.terms.opens_at.0, "order {order} placed before the opening");
        assert!(self.terms.closes_at.is_none_or(|closes_at| now < closes_at.0), "order {order} placed after the end");
        assert!(self.lines.last_key_value().is_none_or(|(last, _)| last < order), "code {order} does not ascend");
        assert!((1..=self.terms.limit_per_customer).contains(quantity), "order {order} of {quantity} units");
        assert_eq!(amount.get(), self.terms.price.get() * i64::from(*quantity), "order {order} at another price");
        assert_eq!(pay_by.0, now + i64::from(self.terms.hold_seconds) * 1_000);
        let one = self.lines.values().all(|line| line.sub != *sub || line.state != State::Pending);
        assert!(one, "a second pending order of one customer: {order}");
        let earlier = self.by_token.insert(*jti, *order);
        assert!(earlier.is_none(), "a token made {earlier:?} and {order}");
        let buyer = self.committed.get(&buyer_commit.0).expect("an order commits to details that a shopper sent");
        self.bought_by.insert(*order, buyer.clone());
        self.free = self.free.checked_sub(*quantity).unwrap_or_else(|| panic!("oversold by order {order}"));
        self.held += quantity;
        self.take_units(sub.0, *quantity);
        self.pending.insert(*order);
        self.lines.insert(*order, Line::placed(event, now, true_now));
    }

    fn paid(&mut self, order: OrderCode, late: bool, now: i64, true_now: i64) {
        let (killed, window) = (self.killed, i64::from(self.terms.late_payment_seconds) * 1_000);
        let line = self.line(order);
        let (quantity, sub) = (line.quantity, line.sub.0);
        if late {
            assert_eq!(line.state, State::Expired, "order {order} paid late without having expired");
            assert!(!killed, "order {order} paid late in a killed drop");
            assert!(now <= line.ended_at + window, "order {order} paid late after the window");
            line.applied = line.amount;
        } else {
            assert_eq!(line.state, State::Pending, "order {order} paid");
            (line.ended_at, line.ended_in_truth) = (now, true_now);
        }
        line.state = State::Paid;
        line.sold = true;
        if late {
            self.free = self.free.checked_sub(quantity).unwrap_or_else(|| panic!("oversold to late order {order}"));
            self.take_units(sub, quantity);
        } else {
            self.held -= quantity;
            self.pending.remove(&order);
        }
        self.sold += quantity;
    }

    fn expired(&mut self, order: OrderCode, reason: ExpiryReason, now: i64, true_now: i64) {
        let line = self.line(order);
        assert_eq!(line.state, State::Pending, "order {order} expired");
        let (sub, quantity) = (line.sub, line.quantity);
        match reason {
            ExpiryReason::Unpaid => {
                let open = matches!(line.link, LinkKnown::Asked | LinkKnown::Ours(_));
                let until = line.pay_by + GRACE_MS + if open { SETTLING_MS } else { 0 };
                assert!(now >= until, "order {order} expired {} ms too early", until - now);
            }
            ExpiryReason::Superseded { by } => {
                assert_eq!(line.applied, 0, "order {order} was superseded with money in it");
                let by = self.line(by);
                assert!(by.sub == sub && by.quantity == quantity && by.state == State::Expired);
            }
            ExpiryReason::LinkConflict => assert_eq!(line.link, LinkKnown::Conflict),
        }
        self.line(order).end(State::Expired, now, true_now);
        self.give_units(order, sub.0, quantity);
    }

    fn give_units(&mut self, order: OrderCode, sub: [u8; 16], quantity: u32) {
        assert!(self.pending.remove(&order), "order {order} gave its units back twice");
        self.held -= quantity;
        self.free += quantity;
        *self.units_of.entry(sub).or_default() -= quantity;
    }

    fn cancelled(&mut self, order: OrderCode, restock: bool, now: i64, true_now: i64) {
        let line = self.line(order);
        let (was, sub, quantity) = (line.state, line.sub.0, line.quantity);
        match was {
            State::Pending => {
                line.end(State::Cancelled, now, true_now);
                self.give_units(order, sub, quantity);
            }
            State::Paid => {
                line.end(if restock { State::Cancelled } else { State::Withdrawn }, now, true_now);
                self.sold -= quantity;
                *(if restock { &mut self.free } else { &mut self.withdrawn }) += quantity;
                *self.units_of.entry(sub).or_default() -= quantity;
            }
            State::Expired | State::Cancelled | State::Withdrawn => panic!("order {order} cancelled after its end"),
        }
    }

    fn take_units(&mut self, sub: [u8; 16], quantity: u32) {
        let units = self.units_of.entry(sub).or_default();
        *units += quantity;
        assert!(*units <= self.terms.limit_per_customer, "a customer has {units} units");
    }

    pub(crate) fn assert_step(&mut self, state: &DropState, disk: &Disk, changed: &[OrderCode], done: &[Done]) {
        let Self { free: available, held, sold, withdrawn, .. } = *self;
        assert_eq!(available + held + sold + withdrawn, self.terms.size, "units are missing, or too many");
        assert_eq!(state.stock(), Stock { available, held, sold, withdrawn });
        assert_eq!(state.pending_count(), self.pending.len());
        assert!(self.money >= self.money_before, "{} đồng were moved to no place", self.money_before - self.money);
        self.money_before = self.money;
        for order in changed {
            self.lines[order].assert_stored(&disk.orders[order]);
            self.assert_gone(&disk.orders[order]);
        }
        for done in done {
            self.assert_done(done, disk);
        }
    }

    /// After a crash, what was committed is there, and what was told to shoppers is in it.
    pub(crate) fn assert_disk(&self, disk: &Disk) {
        assert_eq!(disk.orders.len(), self.lines.len(), "orders were lost or made up");
        for (order, record) in &disk.orders {
            self.lines[order].assert_stored(record);
        }
        for (order, receipt) in &self.promised {
            let record = disk.orders.get(order).unwrap_or_else(|| panic!("order {order} was promised and is lost"));
            let kept = (record.quantity, record.amount, record.ordered_at);
            assert_eq!(kept, (receipt.quantity, receipt.amount, receipt.ordered_at), "order {order}");
        }
    }

    pub(crate) fn placed_in_truth(&self, order: OrderCode) -> i64 {
        self.lines[&order].placed_in_truth
    }

    pub(crate) fn next_deadline(&self) -> Option<i64> {
        self.pending.iter().map(|order| self.lines[order].pay_by).min()
    }
}
