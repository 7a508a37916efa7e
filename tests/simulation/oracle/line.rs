//! One order in the oracle's book.

use std::collections::BTreeMap;

use domain::{
    Event, OrderRecord, OrderState, Payment, PaymentIdentity, PaymentState, Proof, RefundState, SentBy, Sid, Sub,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Pending,
    Paid,
    Expired,
    Cancelled,
    Withdrawn,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LinkKnown {
    None,
    Asked,
    Ours(String),
    Closed(Option<String>),
    Conflict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefundIs {
    Due,
    Listed,
    Sent,
    Confirmed,
    Paying,
    Doubted,
    PaidOut,
    SeenPaidOut,
    Void,
}

#[derive(Debug)]
pub(super) struct Line {
    pub(super) sub: Sub,
    pub(super) sid: Sid,
    pub(super) quantity: u32,
    pub(super) amount: i64,
    pub(super) ordered_at: i64,
    pub(super) pay_by: i64,
    pub(super) state: State,
    pub(super) ended_at: i64,
    pub(super) ended_in_truth: i64,
    pub(super) applied: i64,
    pub(super) link: LinkKnown,
    /// Whether it was ever paid.
    pub(super) sold: bool,
    pub(super) placed_in_truth: i64,
    hold_ms: i64,
    /// What was counted for this order, by where it came from.
    counted: BTreeMap<(String, String), i64>,
    refunds: Vec<(i64, RefundIs)>,
}

impl Line {
    pub(super) fn placed(event: &Event, now: i64, true_now: i64) -> Self {
        let Event::OrderPlaced { sub, sid, quantity, amount, pay_by, .. } = event else {
            unreachable!("only a placed order makes a line")
        };
        Self {
            sub: *sub,
            sid: *sid,
            quantity: *quantity,
            amount: amount.get(),
            ordered_at: now,
            pay_by: pay_by.0,
            state: State::Pending,
            ended_at: 0,
            ended_in_truth: 0,
            applied: 0,
            link: LinkKnown::None,
            sold: false,
            placed_in_truth: true_now,
            hold_ms: pay_by.0 - now,
            counted: BTreeMap::new(),
            refunds: Vec::new(),
        }
    }

    pub(super) fn end(&mut self, state: State, now: i64, true_now: i64) {
        if self.state == State::Pending {
            (self.ended_at, self.ended_in_truth) = (now, true_now);
        }
        self.state = state;
        self.applied = 0;
    }

    /// `paid_at` is the bank's own word on when the money moved, if it moved at all.
    pub(super) fn receives(&mut self, payment: &Payment, applied: i64, paid_at: Option<i64>) {
        let Payment { identity, amount, proof, .. } = payment;
        if *proof != Proof::Operator {
            assert!(paid_at.is_none_or(|at| at >= self.placed_in_truth), "money from before the order: {identity:?}");
            match &self.link {
                LinkKnown::Ours(ours) | LinkKnown::Closed(Some(ours)) => assert_eq!(*ours, identity.link),
                LinkKnown::Conflict => panic!("money through another shop's link: {identity:?}"),
                LinkKnown::None | LinkKnown::Asked | LinkKnown::Closed(None) => {}
            }
        }
        let twin = |(link, reference): &(String, String)| {
            let known = PaymentIdentity::new(link, reference);
            *reference == identity.reference && known.is_on_statement() != identity.is_on_statement()
        };
        let counted_as_twin = self.counted.iter().any(|(key, known)| twin(key) && *known == amount.get());
        assert!(!counted_as_twin, "counted from the statement and from PayOS: {identity:?}");
        let known = self.counted.insert(key(identity), amount.get());
        assert_eq!(known, None, "counted twice: {identity:?}");
        self.applied += applied;
    }

    pub(super) fn hear(&mut self, event: &Event) {
        match event {
            Event::LinkAsked { pay_by, .. } => {
                let latest = self.ordered_at + 2 * self.hold_ms;
                assert!((self.pay_by..=latest).contains(&pay_by.0), "a deadline moved to {}", pay_by.0);
                self.pay_by = pay_by.0;
                self.link = LinkKnown::Asked;
            }
            Event::LinkMade { link, .. } => self.link = LinkKnown::Ours(link.id.clone()),
            Event::LinkConflict { .. } => self.link = LinkKnown::Conflict,
            Event::LinkClosed { .. } => {
                self.link = match std::mem::replace(&mut self.link, LinkKnown::None) {
                    LinkKnown::Ours(ours) => LinkKnown::Closed(Some(ours)),
                    _ => LinkKnown::Closed(None),
                };
            }
            Event::RefundDue { number, amount, .. } => {
                self.refunds.push((amount.get(), RefundIs::Due));
                assert_eq!(*number as usize, self.refunds.len());
            }
            Event::RefundVoided { number, .. } => self.step(*number, &[RefundIs::Due], RefundIs::Void),
            Event::RefundBatched { number, .. } => self.step(*number, &[RefundIs::Due], RefundIs::Listed),
            Event::RefundPaying { number, .. } => self.step(*number, &[RefundIs::Due], RefundIs::Paying),
            Event::RefundDoubted { number, .. } => {
                self.step(*number, &[RefundIs::Paying, RefundIs::PaidOut], RefundIs::Doubted);
            }
            Event::RefundSent { number, .. } => match self.refund(*number).1 {
                RefundIs::Listed => self.step(*number, &[RefundIs::Listed], RefundIs::Sent),
                _ => self.step(*number, &[RefundIs::Paying, RefundIs::Doubted], RefundIs::PaidOut),
            },
            Event::RefundConfirmed { number, .. } => match self.refund(*number).1 {
                RefundIs::PaidOut => self.step(*number, &[RefundIs::PaidOut], RefundIs::SeenPaidOut),
                _ => self.step(*number, &[RefundIs::Sent], RefundIs::Confirmed),
            },
            Event::RefundFailed { number, .. } => {
                let from = [RefundIs::Listed, RefundIs::Sent, RefundIs::Paying, RefundIs::Doubted, RefundIs::PaidOut];
                self.step(*number, &from, RefundIs::Due);
            }
            Event::PaymentReleased { identity, refund, .. } => {
                let amount = self.counted.remove(&key(identity)).expect("money that is released was counted");
                assert_eq!(self.refunds[*refund as usize - 1].0, amount, "released with another refund");
                self.step(*refund, &[RefundIs::Due], RefundIs::Void);
            }
            _ => {}
        }
    }

    /// What this transfer counts for in the order.
    pub(super) fn counted(&self, identity: &PaymentIdentity) -> i64 {
        self.counted[&key(identity)]
    }

    fn step(&mut self, number: u32, from: &[RefundIs], to: RefundIs) {
        let refund = &mut self.refunds[number as usize - 1];
        assert!(from.contains(&refund.1), "refund {number} went from {:?} to {to:?}", refund.1);
        refund.1 = to;
    }

    /// Every đồng of the order is in one place, and the stored record tells the same as this book.
    pub(super) fn refund(&self, number: u32) -> (i64, RefundIs) {
        self.refunds[number as usize - 1]
    }

    pub(super) fn assert_stored(&self, record: &OrderRecord) {
        let came_in: i64 = self.counted.values().sum();
        let owed: i64 = self.refunds.iter().filter(|(_, is)| *is != RefundIs::Void).map(|(amount, _)| amount).sum();
        assert_eq!(came_in, self.applied + owed, "money of {record:?}");
        match self.state {
            State::Pending => assert!(self.applied < self.amount, "not paid with its whole amount: {record:?}"),
            State::Paid => assert_eq!(self.applied, self.amount, "paid with another amount: {record:?}"),
            State::Expired | State::Cancelled | State::Withdrawn => assert_eq!(self.applied, 0, "{record:?}"),
        }
        let state = match record.state {
            OrderState::Pending => State::Pending,
            OrderState::Paid { .. } => State::Paid,
            OrderState::Expired(_) => State::Expired,
            OrderState::Cancelled(_) => State::Cancelled,
            OrderState::Withdrawn => State::Withdrawn,
        };
        assert_eq!(
            (state, record.applied.get(), record.pay_by.0),
            (self.state, self.applied, self.pay_by),
            "{record:?}"
        );
        let refunds = record.refunds.iter().map(|refund| (refund.amount.get(), refund_is(refund.state)));
        assert!(refunds.eq(self.refunds.iter().copied()), "refunds of {record:?}");
        let counted = record.payments.iter().filter(|payment| payment.state == PaymentState::Counted);
        let stored: i64 = counted.map(|payment| payment.amount.get()).sum();
        assert_eq!(stored, came_in, "payments of {record:?}");
    }
}

fn key(identity: &PaymentIdentity) -> (String, String) {
    (identity.link.clone(), identity.reference.clone())
}

fn refund_is(state: RefundState) -> RefundIs {
    match state {
        RefundState::Due => RefundIs::Due,
        RefundState::Batched { .. } => RefundIs::Listed,
        RefundState::Paying { .. } => RefundIs::Paying,
        RefundState::Doubted { .. } => RefundIs::Doubted,
        RefundState::Sent { by: SentBy::List { .. } } => RefundIs::Sent,
        RefundState::Sent { by: SentBy::Payout { .. } } => RefundIs::PaidOut,
        RefundState::Confirmed { by: SentBy::List { .. } } => RefundIs::Confirmed,
        RefundState::Confirmed { by: SentBy::Payout { .. } } => RefundIs::SeenPaidOut,
        RefundState::Void => RefundIs::Void,
    }
}
