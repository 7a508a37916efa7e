use crate::customers::{Customer, Customers};
use crate::event::Event;
use crate::ids::{DropId, Sub};
use crate::order_code::OrderCode;
use crate::pending::{Pending, PendingOrders};
use crate::stock::Stock;
use crate::terms::{HOLD_GRACE_MS, SETTLING_MS, Terms};
use crate::timestamp::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropStatus {
    Live,
    /// No tokens and no purchases; holds and money go on.
    Paused,
    /// Closed for good: nothing is sold any more, and late money is owed back.
    Killed {
        at: Timestamp,
    },
}

impl DropStatus {
    pub fn is_killed(self) -> bool {
        matches!(self, Self::Killed { .. })
    }
}

/// A drop in memory: counters, pending orders and what each customer holds and bought. No text, no personal data.
#[derive(Clone, Debug)]
pub struct DropState {
    terms: Terms,
    status: DropStatus,
    stock: Stock,
    pending: PendingOrders,
    customers: Customers,
}

/// Orders and customers that memory is set aside for at once: a drop may be larger, then its tables grow as it sells.
const SIZED_FOR_MAX: u32 = 1_000_000;

impl DropState {
    pub fn created(terms: Terms) -> Self {
        let stock = Stock::full(terms.size);
        let sized_for = terms.size.min(SIZED_FOR_MAX) as usize;
        let (pending, customers) = (PendingOrders::sized_for(sized_for), Customers::sized_for(sized_for));
        Self { terms, status: DropStatus::Live, stock, pending, customers }
    }

    /// A drop read back: its counters and status as stored. Its orders follow by [`DropState::restore_pending`] and
    /// [`DropState::restore_bought`], unless the drop is [done](DropState::is_done).
    pub fn restored(terms: Terms, status: DropStatus, stock: Stock, now: Timestamp) -> Self {
        let (pending, customers) = (PendingOrders::default(), Customers::default());
        let mut state = Self { terms, status, stock, pending, customers };
        if !state.is_done(now) {
            let sized_for = state.terms.size.min(SIZED_FOR_MAX) as usize;
            state.pending = PendingOrders::sized_for(sized_for);
            state.customers = Customers::sized_for(sized_for);
        }
        state
    }

    /// After which it is over: closed or killed, with no hold left and so long ago that the late rule brings no order
    /// of its last moment back. Nothing while that cannot be said.
    pub fn over_after(&self) -> Option<Timestamp> {
        let killed_at = match self.status {
            DropStatus::Killed { at } => Some(at),
            DropStatus::Live | DropStatus::Paused => None,
        };
        let ended_at = self.terms.closes_at.into_iter().chain(killed_at).min()?;
        let last_hold_ms = i64::from(self.terms.hold_seconds) * 2000 + HOLD_GRACE_MS + SETTLING_MS;
        let late_until = ended_at.plus_ms(last_hold_ms).plus_seconds(self.terms.late_payment_seconds);
        (self.stock.held == 0).then_some(late_until)
    }

    /// Whether [`Self::over_after`] has passed.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.over_after().is_some_and(|last| now > last)
    }

    /// Whether no decision asks for the drop's orders or customers any more: it is over, or killed and without a hold.
    pub fn is_done(&self, now: Timestamp) -> bool {
        self.is_over(now) || self.status.is_killed() && self.stock.held == 0
    }

    /// Frees the memory of customers that no decision asks for any more, when the drop is [done](Self::is_done).
    pub fn forget_when_done(&mut self, now: Timestamp) {
        if self.is_done(now) {
            (self.pending, self.customers) = (PendingOrders::default(), Customers::default());
        }
    }

    /// Orders must come by ascending code.
    pub fn restore_pending(&mut self, sub: Sub, pending: Pending) {
        self.customers.change(sub, |customer| customer.pending = Some(pending.order));
        self.pending.push(pending);
    }

    pub fn restore_bought(&mut self, sub: Sub, quantity: u32) {
        self.customers.change(sub, |customer| customer.bought += quantity);
    }

    pub fn id(&self) -> DropId {
        self.terms.drop
    }

    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    pub fn status(&self) -> DropStatus {
        self.status
    }

    pub fn stock(&self) -> Stock {
        self.stock
    }

    pub fn customer(&self, sub: Sub) -> Customer {
        self.customers.get(sub)
    }

    pub fn customers(&self) -> impl Iterator<Item = (Sub, Customer)> + '_ {
        self.customers.iter()
    }

    pub fn pending(&self, order: OrderCode) -> Option<Pending> {
        self.pending.get(order)
    }

    pub fn pending_count(&self) -> usize {
        self.pending.len()
    }

    /// Pending orders whose `pay_by` has passed, ascending, after the order `after`.
    pub fn due(&self, now: Timestamp, after: OrderCode) -> impl Iterator<Item = OrderCode> + '_ {
        self.pending.due(now, i64::from(self.terms.hold_seconds) * 1000, after)
    }

    pub(crate) fn units_of(&self, sub: Sub) -> u32 {
        let customer = self.customers.get(sub);
        let held = customer.pending.and_then(|order| self.pending.get(order)).map_or(0, |pending| pending.quantity);
        customer.bought + held
    }

    pub(crate) fn evolve(&mut self, event: &Event, now: Timestamp) {
        match event {
            Event::DropPaused => self.status = DropStatus::Paused,
            Event::DropResumed => self.status = DropStatus::Live,
            Event::DropKilled => self.status = DropStatus::Killed { at: now },
            Event::OrderPlaced { order, sub, sid, quantity, pay_by, .. } => {
                self.stock.hold(*quantity);
                self.pending.push(Pending::new(*order, *sid, *quantity, *pay_by));
                self.customers.change(*sub, |customer| customer.pending = Some(*order));
            }
            Event::LinkAsked { order, pay_by } => {
                self.pending.change(*order, |pending| pending.pay_by = *pay_by);
            }
            Event::PaymentReceived { order, applied, .. } => {
                self.pending.change(*order, |pending| pending.money_applied |= !applied.is_zero());
            }
            Event::OrderPaid { order, sub, quantity, .. } => {
                // A late payment claims its unit from stock: a hold it superseded was released just before.
                if self.end_pending(*order, *sub).is_some() {
                    self.stock.sell_held(*quantity);
                } else {
                    self.stock.sell_available(*quantity);
                }
                self.customers.change(*sub, |customer| customer.bought += quantity);
            }
            Event::OrderExpired { order, sub, .. } => {
                if let Some(pending) = self.end_pending(*order, *sub) {
                    self.stock.release(pending.quantity);
                }
            }
            Event::OrderCancelled { order, sub, quantity, restock, .. } => {
                if let Some(pending) = self.end_pending(*order, *sub) {
                    self.stock.release(pending.quantity);
                } else {
                    self.stock.return_sold(*quantity, *restock);
                    self.customers.change(*sub, |customer| customer.bought = customer.bought.saturating_sub(*quantity));
                }
            }
            Event::LinkMade { .. }
            | Event::LinkConflict { .. }
            | Event::LinkClosed { .. }
            | Event::PaymentSettled { .. }
            | Event::PaymentDisputed { .. }
            | Event::RefundDue { .. }
            | Event::RefundVoided { .. }
            | Event::RefundBatched { .. }
            | Event::RefundPaying { .. }
            | Event::RefundDoubted { .. }
            | Event::RefundSent { .. }
            | Event::RefundConfirmed { .. }
            | Event::RefundFailed { .. }
            | Event::PaymentReleased { .. }
            | Event::HoldSettling { .. } => {}
        }
        self.assert_conserved();
    }

    fn end_pending(&mut self, order: OrderCode, sub: Sub) -> Option<Pending> {
        let pending = self.pending.remove(order)?;
        self.customers.change(sub, |customer| {
            if customer.pending == Some(order) {
                customer.pending = None;
            }
        });
        Some(pending)
    }

    /// Units are neither made nor lost. A broken sum means a rule is wrong: stop before it is stored.
    pub fn assert_conserved(&self) {
        assert_eq!(self.stock.total(), u64::from(self.terms.size), "stock of drop {} does not add up", self.id().0);
    }
}
