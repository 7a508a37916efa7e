//! Virtual time: what happens next, and when.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use domain::OrderCode;

use crate::operator::OperatorAction;
use crate::outbox::Effect;
use crate::payos::Report;
use crate::payouts::PayoutAction;

#[derive(Clone, Debug)]
pub(crate) enum ScheduledEvent {
    Shopper(usize),
    /// The writer takes what waits in its lanes.
    Batch,
    /// The hold timer of the process with this number.
    Tick(u32),
    Effect(Box<Effect>),
    Operator(OperatorAction),
    /// The link that PayOS makes after its answer was given up.
    LinkMadeLate(OrderCode, i64),
    /// Money reaches the bank.
    Transfer(OrderCode, i64),
    Webhook(Report),
    Payout(PayoutAction),
    /// A shopper says where the refunds of an order go.
    NamesAccount(OrderCode),
    ClockStep(i64),
    /// The time service has set the clock of this start of the machine.
    Synchronised(u32),
    /// The machine starts anew.
    Reboot,
    Crash,
    Restart,
}

#[derive(Debug)]
struct Entry {
    at: i64,
    number: u64,
    happening: ScheduledEvent,
}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    entries: BinaryHeap<Entry>,
    number: u64,
}

impl Queue {
    pub(crate) fn push(&mut self, at: i64, happening: ScheduledEvent) {
        self.number += 1;
        self.entries.push(Entry { at, number: self.number, happening });
    }

    pub(crate) fn pop(&mut self) -> Option<(i64, ScheduledEvent)> {
        self.entries.pop().map(|entry| (entry.at, entry.happening))
    }
}

impl Ord for Entry {
    /// The heap gives its greatest: the earliest, and of those the first that was put in.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}
