//! Unmatched money, and where refunds go, in the oracle's book.

use std::collections::{BTreeMap, BTreeSet};

use domain::{OrderCode, Payment, Proof, RefundStep, Timestamp, UnmatchedStep};
use engine::{Destination, GivenDestination, NO_ORDER, Payer, RefundId, RefundTransfer};

use super::Oracle;
use super::line::RefundIs;

/// Another account than the known one waits this long.
const DESTINATION_CHANGE_MS: i64 = 24 * 3_600_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    Open,
    Assigned,
    Dismissed,
    Refund(RefundIs),
}

/// Money that no order took.
#[derive(Debug)]
struct Unmatched {
    amount: i64,
    is: Is,
}

#[derive(Default)]
pub(super) struct UnmatchedMoney {
    by_row: BTreeMap<i64, Unmatched>,
    /// Transfers that an operator entered from a statement without an order: their reference and amount.
    entered: BTreeSet<(String, i64)>,
    destinations: BTreeMap<Payer, (Destination, Timestamp)>,
}

impl Oracle {
    pub(super) fn unmatched_arrived(&mut self, seq: i64, order: OrderCode, payment: &Payment) {
        let amount = payment.amount.get();
        if order == NO_ORDER {
            self.unmatched.entered.insert((payment.identity.reference.clone(), amount));
        }
        self.unmatched.by_row.insert(seq, Unmatched { amount, is: Is::Open });
        self.money += amount;
    }

    /// A person has to look first at a report of money that an operator entered before.
    pub(super) fn assert_not_entered(&self, payment: &Payment) {
        let key = (payment.identity.reference.clone(), payment.amount.get());
        let entered = payment.proof != Proof::Operator && self.unmatched.entered.contains(&key);
        assert!(!entered, "counted, and unmatched from a statement: {payment:?}");
    }

    pub(super) fn unmatched_step(&mut self, seq: i64, step: &UnmatchedStep) {
        use RefundIs::{Confirmed, Doubted, Due, Listed, PaidOut, Paying, SeenPaidOut, Sent};
        let known = self.unmatched.by_row.get_mut(&seq).expect("a step names unmatched money");
        known.is = match (known.is, step) {
            (Is::Open | Is::Refund(Due), UnmatchedStep::Assign { .. }) => {
                self.money -= known.amount;
                Is::Assigned
            }
            (Is::Open, UnmatchedStep::Dismiss { .. }) => Is::Dismissed,
            (Is::Open, UnmatchedStep::OweBack) => Is::Refund(Due),
            (Is::Refund(Due), UnmatchedStep::Refund(RefundStep::Batch { .. })) => Is::Refund(Listed),
            (Is::Refund(Listed), UnmatchedStep::Refund(RefundStep::Sent { .. })) => Is::Refund(Sent),
            (Is::Refund(Sent), UnmatchedStep::Refund(RefundStep::Confirm)) => Is::Refund(Confirmed),
            (Is::Refund(Due), UnmatchedStep::Refund(RefundStep::Pay { .. })) => Is::Refund(Paying),
            (Is::Refund(Paying | PaidOut), UnmatchedStep::Refund(RefundStep::Doubt(_))) => Is::Refund(Doubted),
            (Is::Refund(Paying | Doubted), UnmatchedStep::Refund(RefundStep::Sent { .. })) => Is::Refund(PaidOut),
            (Is::Refund(PaidOut), UnmatchedStep::Refund(RefundStep::Confirm)) => Is::Refund(SeenPaidOut),
            (
                Is::Refund(Listed | Sent | Paying | Doubted | PaidOut),
                UnmatchedStep::Refund(RefundStep::Fail { .. }),
            ) => Is::Refund(Due),
            (is, step) => panic!("unmatched money of row {seq} took {step:?} when it was {is:?}"),
        };
        let here = matches!(known.is, Is::Assigned | Is::Refund(Due));
        assert!(!(here && self.gone.contains(&RefundId::Unmatched(seq))), "money of row {seq} has left the bank");
    }

    pub(crate) fn destination_given(&mut self, given: &GivenDestination, now: Timestamp) {
        let GivenDestination { payer, destination, usable_at } = given;
        if let Some((known, known_usable_at)) = self.unmatched.destinations.get(payer) {
            let known_but_for_name =
                known.account_name.is_empty() && known.account_number == destination.account_number;
            let earliest = if known_but_for_name { *known_usable_at } else { now.plus_ms(DESTINATION_CHANGE_MS) };
            assert!(*usable_at >= earliest, "another account of {payer:?} is used too early");
        }
        self.unmatched.destinations.insert(*payer, (destination.clone(), *usable_at));
    }

    /// A refund goes on a list, or is paid out, only if it was due, whole, and to the account that was named last.
    pub(crate) fn refund_listed(&mut self, transfer: &RefundTransfer, now: Timestamp, leaves: RefundIs) {
        let (payer, amount, is) = match transfer.refund {
            RefundId::Order(order, number) => {
                let (amount, is) = self.refund_of(order, number);
                (Payer::Order(order), amount, is)
            }
            RefundId::Unmatched(seq) => {
                let known = &self.unmatched.by_row[&seq];
                let Is::Refund(is) = known.is else { panic!("row {seq} leaves and is {:?}", known.is) };
                (Payer::Unmatched(seq), known.amount, is)
            }
        };
        assert_eq!((transfer.amount.get(), leaves), (amount, is), "{transfer:?}");
        let (destination, usable_at) = &self.unmatched.destinations[&payer];
        assert!(*destination == transfer.destination && *usable_at <= now, "{transfer:?} goes elsewhere, or too early");
        assert!(!destination.account_name.is_empty(), "{transfer:?} goes to an account without a name");
        assert!(!self.gone.contains(&transfer.refund), "{transfer:?} leaves after it was sent");
    }

    fn refund_of(&self, order: OrderCode, number: u32) -> (i64, RefundIs) {
        self.lines[&order].refund(number)
    }
}
