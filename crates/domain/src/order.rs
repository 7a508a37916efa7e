use crate::command::{LinkFacts, Payment};
use crate::event::{Event, ExpiryReason};
use crate::ids::{BuyerCommit, Canceller, DropId, Jti, PaymentIdentity, Sid, Sub};
use crate::money::Vnd;
use crate::order_code::OrderCode;
use crate::refund::{Refund, RefundState};
use crate::region::Region;
use crate::timestamp::Timestamp;

/// One order with its link and its money, as loaded for a command that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRecord {
    pub drop: DropId,
    pub order: OrderCode,
    pub sub: Sub,
    pub sid: Sid,
    pub jti: Jti,
    pub quantity: u32,
    pub amount: Vnd,
    pub region: Region,
    pub buyer_commit: BuyerCommit,
    pub ordered_at: Timestamp,
    pub pay_by: Timestamp,
    pub state: OrderState,
    /// A pending order past its time whose link no signed reply has shown closed.
    pub settling: bool,
    /// When it stopped being pending.
    pub ended_at: Option<Timestamp>,
    /// Of its payments, what counts towards `amount`.
    pub applied: Vnd,
    pub link: Link,
    pub payments: Vec<PaymentRecord>,
    pub refunds: Vec<Refund>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderState {
    Pending,
    Paid {
        late: bool,
    },
    Expired(ExpiryReason),
    Cancelled(Canceller),
    /// Paid, then cancelled by an operator without restock: its units are gone with it.
    Withdrawn,
}

impl OrderState {
    /// As shoppers and merchants see it: how a state came about is left out.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Paid { .. } => "paid",
            Self::Expired(_) => "expired",
            Self::Cancelled(_) | Self::Withdrawn => "cancelled",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    NotAsked,
    /// Asked for. Whether it was made, only the provider knows.
    Asked,
    /// Boxed, because a new order has none, and is moved and kept in memory by the million.
    Made(Box<LinkFacts>),
    /// A signed reply showed it closed; it takes no more money.
    Closed(Option<Box<LinkFacts>>),
    /// The provider holds a link under this code that Dropgate did not ask for.
    Conflict,
}

impl Link {
    pub fn facts(&self) -> Option<&LinkFacts> {
        match self {
            Self::Made(facts) | Self::Closed(Some(facts)) => Some(facts),
            Self::NotAsked | Self::Asked | Self::Closed(None) | Self::Conflict => None,
        }
    }

    /// Money may still arrive through it, or it may still appear.
    pub fn may_be_open(&self) -> bool {
        matches!(self, Self::Asked | Self::Made(_))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRecord {
    pub identity: PaymentIdentity,
    pub amount: Vnd,
    pub paid_at: Timestamp,
    pub recorded_at: Timestamp,
    pub state: PaymentState,
    pub settled: bool,
    /// The account that received it, where that is known.
    pub account: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentState {
    /// Its money is in `applied` or in refunds.
    Counted,
    /// Another amount for a transfer already recorded: in no sum.
    Disputed,
    /// Given to another order by an operator: in that one's sums.
    Released,
}

impl OrderRecord {
    /// The record an [`Event::OrderPlaced`] makes; no other event makes one.
    pub fn placed(drop: DropId, event: &Event, now: Timestamp) -> Option<Self> {
        let Event::OrderPlaced { order, sub, sid, jti, quantity, amount, region, buyer_commit, pay_by } = event else {
            return None;
        };
        Some(Self {
            drop,
            order: *order,
            sub: *sub,
            sid: *sid,
            jti: *jti,
            quantity: *quantity,
            amount: *amount,
            region: *region,
            buyer_commit: *buyer_commit,
            ordered_at: now,
            pay_by: *pay_by,
            state: OrderState::Pending,
            settling: false,
            ended_at: None,
            applied: Vnd::ZERO,
            link: Link::NotAsked,
            payments: Vec::new(),
            refunds: Vec::new(),
        })
    }

    /// Applies an event of this order; others leave it as it is.
    pub fn evolve(&mut self, event: &Event, now: Timestamp) {
        if event.order() != Some(self.order) {
            return;
        }
        match event {
            Event::LinkAsked { pay_by, .. } => {
                self.link = Link::Asked;
                self.pay_by = *pay_by;
            }
            Event::LinkMade { link, .. } => self.link = Link::Made(Box::new(link.clone())),
            Event::LinkConflict { .. } => self.link = Link::Conflict,
            Event::LinkClosed { .. } => self.link = Link::Closed(self.link.facts().cloned().map(Box::new)),
            Event::PaymentReceived { payment, applied, .. } => {
                self.applied += *applied;
                self.record(payment, PaymentState::Counted, now);
            }
            Event::PaymentSettled { identity, .. } => {
                // A disputed report has the same identity, and no read vouches for it.
                let counted = |payment: &&mut PaymentRecord| {
                    payment.identity == *identity && payment.state == PaymentState::Counted
                };
                for payment in self.payments.iter_mut().filter(counted) {
                    payment.settled = true;
                }
            }
            Event::PaymentDisputed { payment, .. } => self.record(payment, PaymentState::Disputed, now),
            Event::OrderPaid { late, .. } => {
                // Money of voided refunds comes back to the order with the late rule.
                if *late {
                    self.applied = self.amount;
                }
                self.end(OrderState::Paid { late: *late }, now);
            }
            Event::RefundDue { .. }
            | Event::RefundVoided { .. }
            | Event::RefundBatched { .. }
            | Event::RefundPaying { .. }
            | Event::RefundDoubted { .. }
            | Event::RefundSent { .. }
            | Event::RefundConfirmed { .. }
            | Event::RefundFailed { .. } => self.evolve_refund(event),
            Event::PaymentReleased { identity, refund, .. } => {
                let released = |payment: &&mut PaymentRecord| {
                    payment.identity == *identity && payment.state == PaymentState::Counted
                };
                for payment in self.payments.iter_mut().filter(released) {
                    payment.state = PaymentState::Released;
                }
                self.set_refund(*refund, |_| RefundState::Void);
            }
            Event::HoldSettling { .. } => self.settling = true,
            Event::OrderExpired { reason, .. } => {
                self.applied = Vnd::ZERO;
                self.end(OrderState::Expired(*reason), now);
            }
            Event::OrderCancelled { by, restock, .. } => {
                let withdrawn = matches!(self.state, OrderState::Paid { .. }) && !restock;
                self.applied = Vnd::ZERO;
                self.end(if withdrawn { OrderState::Withdrawn } else { OrderState::Cancelled(*by) }, now);
            }
            Event::OrderPlaced { .. } | Event::DropPaused | Event::DropResumed | Event::DropKilled => {}
        }
    }

    fn evolve_refund(&mut self, event: &Event) {
        match event {
            Event::RefundDue { number, amount, reason, .. } => {
                self.refunds.push(Refund {
                    number: *number,
                    amount: *amount,
                    reason: *reason,
                    state: RefundState::Due,
                });
            }
            Event::RefundVoided { number, .. } => self.set_refund(*number, |_| RefundState::Void),
            Event::RefundBatched { number, batch, .. } => {
                self.set_refund(*number, |_| RefundState::Batched { batch: *batch });
            }
            Event::RefundPaying { number, attempt, .. } => {
                self.set_refund(*number, |_| RefundState::Paying { attempt: *attempt });
            }
            Event::RefundDoubted { number, doubt, .. } => {
                self.set_refund(*number, |was| RefundState::Doubted { attempt: was.attempt(), doubt: *doubt });
            }
            Event::RefundSent { number, .. } => {
                self.set_refund(*number, |was| was.way_out().map_or(was, |by| RefundState::Sent { by }));
            }
            Event::RefundConfirmed { number, .. } => {
                self.set_refund(*number, |was| was.way_out().map_or(was, |by| RefundState::Confirmed { by }));
            }
            Event::RefundFailed { number, .. } => self.set_refund(*number, |_| RefundState::Due),
            _ => {}
        }
    }

    fn record(&mut self, payment: &Payment, state: PaymentState, now: Timestamp) {
        self.payments.push(PaymentRecord {
            identity: payment.identity.clone(),
            amount: payment.amount,
            paid_at: payment.paid_at,
            recorded_at: now,
            state,
            settled: state == PaymentState::Counted && payment.proof.settles(),
            account: payment.account.clone(),
        });
    }

    fn set_refund(&mut self, number: u32, to: impl Fn(RefundState) -> RefundState) {
        for refund in self.refunds.iter_mut().filter(|refund| refund.number == number) {
            refund.state = to(refund.state);
        }
    }

    fn end(&mut self, state: OrderState, now: Timestamp) {
        // The late window runs from the end of the hold, which a late payment does not move.
        if self.state == OrderState::Pending {
            self.ended_at = Some(now);
        }
        self.state = state;
        self.settling = false;
    }

    pub fn owed(&self) -> Vnd {
        self.amount - self.applied
    }

    /// Everything counted that came in for this order.
    pub fn received(&self) -> Vnd {
        self.payments
            .iter()
            .filter(|payment| payment.state == PaymentState::Counted)
            .map(|payment| payment.amount)
            .sum()
    }

    /// What is owed back and not yet on its way.
    pub fn refunds_due(&self) -> Vnd {
        self.refunds.iter().filter(|refund| refund.state == RefundState::Due).map(|refund| refund.amount).sum()
    }

    pub(crate) fn next_refund(&self) -> u32 {
        self.refunds.last().map_or(1, |refund| refund.number + 1)
    }

    /// Each đồng received is applied or refunded, and a paid order has its amount.
    pub fn money_adds_up(&self) -> bool {
        let live = self.refunds.iter().filter(|refund| refund.state != RefundState::Void);
        let refunded: Vnd = live.map(|refund| refund.amount).sum();
        let paid_in_full = !matches!(self.state, OrderState::Paid { .. }) || self.applied == self.amount;
        self.received() == self.applied + refunded && paid_in_full
    }
}
