use std::collections::VecDeque;

use crate::ids::Sid;
use crate::order_code::OrderCode;
use crate::terms::LIMIT_PER_CUSTOMER_MAX;
use crate::timestamp::Timestamp;

/// A pending order as its drop holds it in memory; the rest is its record on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    pub order: OrderCode,
    pub sid: Sid,
    pub pay_by: Timestamp,
    pub quantity: u32,
    /// Some of its money has arrived, so a later order's payment may not supersede it.
    pub money_applied: bool,
}

impl Pending {
    pub fn new(order: OrderCode, sid: Sid, quantity: u32, pay_by: Timestamp) -> Self {
        Self { order, sid, pay_by, quantity, money_applied: false }
    }
}

/// A pending order in 32 bytes: a million of them are in memory during a sale.
#[derive(Clone, Copy, Debug)]
struct PackedOrder {
    order: OrderCode,
    sid: Sid,
    /// `pay_by` below bit 48, then the flags, then the quantity.
    rest: u64,
}

pub(crate) const TIME_BITS: u32 = 48;
const MONEY_APPLIED: u64 = 1 << TIME_BITS;
/// Ended orders stay as gaps until enough have gathered, because removing from the middle moves everything behind.
const ENDED: u64 = 1 << (TIME_BITS + 1);
const QUANTITY_SHIFT: u32 = TIME_BITS + 2;
const _: () = assert!(LIMIT_PER_CUSTOMER_MAX < 1 << (u64::BITS - QUANTITY_SHIFT));

impl PackedOrder {
    fn new(pending: &Pending) -> Self {
        let Pending { order, sid, pay_by, quantity, money_applied } = *pending;
        assert!(pay_by.0 >= 0 && pay_by.0 >> TIME_BITS == 0, "{} ms is no time of a sale", pay_by.0);
        assert!(quantity <= LIMIT_PER_CUSTOMER_MAX, "an order of {quantity} units");
        let flag = if money_applied { MONEY_APPLIED } else { 0 };
        Self { order, sid, rest: pay_by.0.cast_unsigned() | flag | u64::from(quantity) << QUANTITY_SHIFT }
    }

    fn pending(&self) -> Pending {
        Pending {
            order: self.order,
            sid: self.sid,
            pay_by: self.pay_by(),
            quantity: (self.rest >> QUANTITY_SHIFT) as u32,
            money_applied: self.rest & MONEY_APPLIED != 0,
        }
    }

    fn pay_by(&self) -> Timestamp {
        Timestamp((self.rest & (MONEY_APPLIED - 1)).cast_signed())
    }

    fn ended(&self) -> bool {
        self.rest & ENDED != 0
    }
}

/// Below this many gaps, closing them is not worth a pass.
const GAPS_MIN: usize = 1024;

/// Pending orders by ascending code. Codes ascend with time, so placing appends, and due holds gather at the front.
#[derive(Clone, Debug, Default)]
pub(crate) struct PendingOrders {
    entries: VecDeque<PackedOrder>,
    gaps: usize,
}

impl PendingOrders {
    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.gaps
    }

    /// Growing copies everything, so the room is set aside at once.
    pub(crate) fn sized_for(orders: usize) -> Self {
        Self { entries: VecDeque::with_capacity(orders), gaps: 0 }
    }

    pub(crate) fn push(&mut self, pending: Pending) {
        if let Some(last) = self.entries.back() {
            assert!(last.order < pending.order, "order codes must ascend: {} after {}", pending.order, last.order);
        }
        self.entries.push_back(PackedOrder::new(&pending));
    }

    pub(crate) fn get(&self, order: OrderCode) -> Option<Pending> {
        self.index(order).map(|index| self.entries[index].pending())
    }

    pub(crate) fn change(&mut self, order: OrderCode, change: impl FnOnce(&mut Pending)) {
        if let Some(index) = self.index(order) {
            let mut pending = self.entries[index].pending();
            change(&mut pending);
            self.entries[index] = PackedOrder::new(&pending);
        }
    }

    pub(crate) fn remove(&mut self, order: OrderCode) -> Option<Pending> {
        let index = self.index(order)?;
        let entry = &mut self.entries[index];
        let removed = entry.pending();
        entry.rest |= ENDED;
        self.gaps += 1;
        while self.entries.front().is_some_and(PackedOrder::ended) {
            self.entries.pop_front();
            self.gaps -= 1;
        }
        if self.gaps >= GAPS_MIN && self.gaps * 2 > self.entries.len() {
            self.entries.retain(|entry| !entry.ended());
            self.gaps = 0;
        }
        Some(removed)
    }

    /// Orders whose `pay_by` has passed, after `after`, ascending.
    ///
    /// An order's `pay_by` lies between one and two hold times after its purchase, and purchases ascend: once an entry
    /// is more than one hold time from being due, so are all behind it.
    pub(crate) fn due(&self, now: Timestamp, hold_ms: i64, after: OrderCode) -> impl Iterator<Item = OrderCode> {
        let from = self.entries.partition_point(|entry| entry.order <= after);
        self.entries
            .range(from..)
            .take_while(move |entry| entry.pay_by().0 - hold_ms <= now.0)
            .filter(move |entry| !entry.ended() && entry.pay_by() <= now)
            .map(|entry| entry.order)
    }

    fn index(&self, order: OrderCode) -> Option<usize> {
        let index = self.entries.binary_search_by_key(&order, |entry| entry.order).ok()?;
        (!self.entries[index].ended()).then_some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_keeps_everything_at_its_largest() {
        for money_applied in [false, true] {
            let pending = Pending {
                order: OrderCode(u64::MAX),
                sid: Sid([9; 16]),
                pay_by: Timestamp((1 << TIME_BITS) - 1),
                quantity: LIMIT_PER_CUSTOMER_MAX,
                money_applied,
            };
            let entry = PackedOrder::new(&pending);
            assert_eq!((entry.pending(), entry.ended()), (pending, false));
        }
        assert_eq!(size_of::<PackedOrder>(), 32);
    }
}
