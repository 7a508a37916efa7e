//! Money as the bank sees it, and the end of a sale.

use std::collections::HashMap;

use domain::{Command, OrderRecord, Outcome, PaymentIdentity, PaymentState, RefundState, Timestamp, UnmatchedState};
use engine::RefundId;

use super::line::{LinkKnown, State};
use super::{Done, Oracle};
use crate::origin::Disk;
use crate::outbox::CHECKS_AFTER_MS;
use crate::world::World;

/// The last reading of a link comes within this of its time.
const CHECK_LATE_MS: i64 = 60 * 60_000;

impl Oracle {
    pub(crate) fn bank_sends(&mut self, transfer: RefundId) {
        self.gone.insert(transfer);
    }

    /// Whatever is asked, refused, lost, repeated or forgotten: money leaves once.
    pub(crate) fn provider_sends(&mut self, refund: RefundId) {
        assert!(self.gone.insert(refund), "{refund:?} left twice");
        self.paid_out += 1;
    }

    pub(crate) fn bank_takes_back(&mut self, transfer: RefundId) {
        self.gone.remove(&transfer);
    }

    /// What has left the bank is neither owed again nor spent on the order.
    pub(super) fn assert_gone(&self, record: &OrderRecord) {
        for refund in &record.refunds {
            let here = matches!(refund.state, RefundState::Due | RefundState::Void);
            let gone = self.gone.contains(&RefundId::Order(record.order, refund.number));
            assert!(!(here && gone), "refund {} has left the bank: {record:?}", refund.number);
        }
    }

    pub(super) fn assert_done(&mut self, done: &Done, disk: &Disk) {
        let Done { order, command, outcome } = done;
        match command {
            Command::Payment(payment) => {
                let key = (payment.identity.clone(), payment.amount.get());
                let orders = self.reported.entry(key).or_default();
                assert!(matches!(outcome, Outcome::Done | Outcome::Unchanged), "money was refused: {outcome:?}");
                if *outcome == Outcome::Done {
                    orders.insert(*order);
                }
            }
            Command::CancelByOperator { restock: false } if *outcome == Outcome::Done => {
                let line = &self.lines[order];
                assert!(line.state == State::Withdrawn || !line.sold, "units came back that were withdrawn");
            }
            Command::CancelByOperator { restock: true } => {
                let withdrawn_now = *outcome == Outcome::Done && self.lines[order].state == State::Withdrawn;
                assert!(!withdrawn_now, "units were withdrawn that should be for sale");
            }
            Command::LinkClosed { payments } if *outcome == Outcome::Done => {
                let record = &disk.orders[order];
                let known =
                    |identity: &PaymentIdentity| record.payments.iter().any(|payment| payment.identity == *identity);
                assert!(payments.iter().all(known), "a link was closed over money that is not recorded");
            }
            _ => {}
        }
    }

    /// Every report of money that was taken in is in exactly one place, and no place holds money that was not reported.
    fn assert_places(&self, disk: &Disk) {
        let mut places: HashMap<(PaymentIdentity, i64), usize> = HashMap::new();
        for payment in disk.orders.values().flat_map(|order| &order.payments) {
            if payment.state != PaymentState::Released {
                *places.entry((payment.identity.clone(), payment.amount.get())).or_default() += 1;
            }
        }
        for unmatched in disk.unmatched.values().filter(|unmatched| unmatched.state != UnmatchedState::Assigned) {
            let payment = &unmatched.payment;
            *places.entry((payment.identity.clone(), payment.amount.get())).or_default() += 1;
        }
        for (report, orders) in &self.reported {
            let found = places.remove(report).unwrap_or(0);
            assert_eq!(found, orders.len(), "{report:?} for {orders:?} is in {found} places");
        }
        assert!(places.is_empty(), "money that was never reported: {places:?}");
    }
}

impl World {
    /// When everything has been said and done.
    pub(crate) fn assert_end(&mut self) {
        let disk = &self.origin.disk;
        assert!(self.origin.is_up(), "the process is down in the end");
        self.origin.assert_replay_agrees(Timestamp(self.sale_now()).max(disk.head_at()));
        self.oracle.assert_disk(disk);
        self.oracle.assert_places(disk);
        assert_eq!(self.oracle.held, 0, "units are held for ever: {:?}", self.oracle.pending);
        self.assert_nothing_was_overlooked();
    }

    /// Money that reached one of our links is known, whether or not its webhook came.
    fn assert_nothing_was_overlooked(&self) {
        let last_check = CHECKS_AFTER_MS[CHECKS_AFTER_MS.len() - 1];
        for transfer in &self.payos.transfers {
            let line = &self.oracle.lines[&transfer.order];
            // A link that was not told to be ours is not read again; its webhook is all there is.
            let looked_at = !matches!(line.link, LinkKnown::Conflict | LinkKnown::None);
            // After a jump of the sale's time the last reading is earlier.
            let in_time = transfer.shown_at < line.ended_in_truth + last_check - CHECK_LATE_MS
                && self.oracle.time.jumped_at < line.ended_in_truth;
            let known = self.oracle.reported.contains_key(&(transfer.identity.clone(), transfer.amount));
            assert!(known || !looked_at || !in_time, "the origin does not know of {transfer:?}");
        }
    }
}
