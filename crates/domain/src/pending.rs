use std::collections::VecDeque;

use crate::ids::{Millis, OrderCode, Sid};

/// A pending order as its drop holds it in memory; the rest is its record on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    pub order: OrderCode,
    pub sid: Sid,
    pub pay_by: Millis,
    pub quantity: u32,
    /// Some of its money has arrived, so a later order's payment may not supersede it.
    pub money_applied: bool,
    /// Ended orders stay as gaps until enough have gathered, because removing from the middle moves everything behind.
    ended: bool,
}

impl Pending {
    pub fn new(order: OrderCode, sid: Sid, quantity: u32, pay_by: Millis) -> Self {
        Self { order, sid, pay_by, quantity, money_applied: false, ended: false }
    }
}

/// Below this many gaps, closing them is not worth a pass.
const GAPS_MIN: usize = 1024;

/// Pending orders by ascending code. Codes ascend with time, so placing appends, and due holds gather at the front.
#[derive(Clone, Debug, Default)]
pub(crate) struct PendingOrders {
    entries: VecDeque<Pending>,
    gaps: usize,
}

impl PendingOrders {
    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.gaps
    }

    pub(crate) fn push(&mut self, pending: Pending) {
        if let Some(last) = self.entries.back() {
            assert!(last.order < pending.order, "order codes must ascend: {} after {}", pending.order, last.order);
        }
        self.entries.push_back(pending);
    }

    pub(crate) fn get(&self, order: OrderCode) -> Option<&Pending> {
        self.index(order).map(|index| &self.entries[index])
    }

    pub(crate) fn get_mut(&mut self, order: OrderCode) -> Option<&mut Pending> {
        self.index(order).map(|index| &mut self.entries[index])
    }

    pub(crate) fn remove(&mut self, order: OrderCode) -> Option<Pending> {
        let index = self.index(order)?;
        let entry = &mut self.entries[index];
        entry.ended = true;
        let removed = *entry;
        self.gaps += 1;
        while self.entries.front().is_some_and(|front| front.ended) {
            self.entries.pop_front();
            self.gaps -= 1;
        }
        if self.gaps >= GAPS_MIN && self.gaps * 2 > self.entries.len() {
            self.entries.retain(|entry| !entry.ended);
            self.gaps = 0;
        }
        Some(removed)
    }

    /// Orders whose `pay_by` has passed, after `after`, ascending.
    ///
    /// An order's `pay_by` lies between one and two hold times after its purchase, and purchases ascend: once an entry
    /// is more than one hold time from being due, so are all behind it.
    pub(crate) fn due(&self, now: Millis, hold_ms: i64, after: OrderCode) -> impl Iterator<Item = &Pending> {
        let from = self.entries.partition_point(|entry| entry.order <= after);
        self.entries
            .range(from..)
            .take_while(move |entry| entry.pay_by.0 - hold_ms <= now.0)
            .filter(move |entry| !entry.ended && entry.pay_by <= now)
    }

    fn index(&self, order: OrderCode) -> Option<usize> {
        let index = self.entries.binary_search_by_key(&order, |entry| entry.order).ok()?;
        (!self.entries[index].ended).then_some(index)
    }
}
