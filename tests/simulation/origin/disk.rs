//! What is on disk: the ledger, the tables beside it, and the two ways to read them back.

use std::collections::BTreeMap;

use anyhow::Result;
use domain::{
    DropState, Event, Jti, OrderCode, OrderRecord, OrderState, Payment, Pending, Proof, RefundState, Timestamp,
    UnmatchedState, Vnd, evolve,
};
use engine::{
    Buyer, Changes, Destination, DropCounters, KnownPayment, Payer, Payout, Records, RefundId, RefundTransfer, Salt,
    StoredOrder, TransferOnList, UnmatchedPayment,
};
use ledger::{AccountCommit, Entry, Fact, Listing};

use crate::clocks::StoredClock;

#[derive(Default)]
pub(crate) struct Disk {
    ledger: Vec<(Timestamp, Entry)>,
    pub(crate) clock: Option<StoredClock>,
    listing: Option<Listing>,
    counters: Option<DropCounters>,
    pub(crate) orders: BTreeMap<OrderCode, OrderRecord>,
    buyers: BTreeMap<OrderCode, (Salt, Buyer)>,
    /// By the ledger row that recorded it.
    pub(crate) unmatched: BTreeMap<i64, UnmatchedPayment>,
    destinations: BTreeMap<Payer, (Destination, Timestamp)>,
    transfers: Vec<TransferOnList>,
    payouts: Vec<(Timestamp, Payout)>,
}

impl Disk {
    pub(crate) fn commit(&mut self, now: Timestamp, changes: &Changes) {
        for entry in &changes.entries {
            self.ledger.push((now, entry.clone()));
            match &entry.fact {
                Fact::DropCreated(listing) => self.listing = Some(listing.clone()),
                fact => keep_unmatched(&mut self.unmatched, self.ledger.len() as i64, fact),
            }
        }
        for placed in &changes.placed {
            self.orders.insert(placed.record.order, placed.record.clone());
            self.buyers.insert(placed.record.order, (placed.salt, placed.buyer.clone()));
        }
        for record in &changes.changed {
            let known = self.orders.insert(record.order, record.clone());
            assert!(known.is_some(), "order {} changed before it was placed", record.order);
        }
        for given in &changes.destinations {
            self.destinations.insert(given.payer, (given.destination.clone(), given.usable_at));
        }
        self.transfers.extend_from_slice(&changes.transfers);
        self.payouts.extend(changes.payouts.iter().map(|payout| (now, payout.clone())));
        self.counters = changes.drops.last().copied().or(self.counters);
    }

    pub(crate) fn head_seq(&self) -> i64 {
        self.ledger.len() as i64
    }

    /// When the last row was written.
    pub(crate) fn head_at(&self) -> Timestamp {
        self.ledger.last().map_or(Timestamp(0), |(at, _)| *at)
    }

    pub(crate) fn listing(&self) -> &Listing {
        self.listing.as_ref().expect("the first batch of a sale creates its drop")
    }

    pub(crate) fn last_order(&self) -> Option<OrderCode> {
        self.orders.last_key_value().map(|(code, _)| *code)
    }

    pub(crate) fn last_refund_batch(&self) -> u64 {
        self.transfers.iter().map(|listed| listed.batch).max().unwrap_or(0)
    }

    pub(crate) fn last_attempt(&self, refund: RefundId) -> u32 {
        let attempts = self.payouts.iter().filter(|(_, payout)| payout.transfer.refund == refund);
        attempts.map(|(_, payout)| payout.attempt).max().unwrap_or(0)
    }

    pub(crate) fn payout(&self, refund: RefundId, attempt: u32) -> &Payout {
        let of = |(_, payout): &&(_, Payout)| (payout.transfer.refund, payout.attempt) == (refund, attempt);
        &self.payouts.iter().find(of).expect("an attempt that was begun is stored").1
    }

    /// By ascending code.
    pub(crate) fn tokens_since(&self, at: Timestamp) -> impl Iterator<Item = (Jti, OrderCode)> {
        let recent = self.orders.values().filter(move |order| order.ordered_at >= at);
        recent.map(|order| (order.jti, order.order))
    }

    /// The row that recorded a payment for an order.
    pub(crate) fn row_of_payment(&self, of: OrderCode, received: &domain::PaymentIdentity) -> Option<i64> {
        let row = self.ledger.iter().position(|(_, entry)| {
            matches!(&entry.fact, Fact::Sale(Event::PaymentReceived { order, payment, .. })
                if *order == of && payment.identity == *received)
        });
        row.map(|index| index as i64 + 1)
    }

    /// The drop as a start reads it: counters as stored, then the orders that are not over.
    pub(crate) fn restored(&self, now: Timestamp) -> DropState {
        let DropCounters { status, stock, .. } = self.counters.expect("the first batch of a sale creates its drop");
        let mut state = DropState::restored(self.listing().terms.clone(), status, stock, now);
        if state.is_done(now) {
            return state;
        }
        for order in self.orders.values() {
            match order.state {
                OrderState::Pending => {
                    let mut pending = Pending::new(order.order, order.sid, order.quantity, order.pay_by);
                    pending.money_applied = !order.applied.is_zero();
                    state.restore_pending(order.sub, pending);
                }
                OrderState::Paid { .. } => state.restore_bought(order.sub, order.quantity),
                OrderState::Expired(_) | OrderState::Cancelled(_) | OrderState::Withdrawn => {}
            }
        }
        state
    }

    /// The ledger replayed from its first row gives the tables, the counters, and what the writer has in memory.
    pub(crate) fn assert_replay_agrees(&self, memory: Option<&DropState>, now: Timestamp) {
        let mut state = DropState::created(self.listing().terms.clone());
        let mut orders: BTreeMap<OrderCode, OrderRecord> = BTreeMap::new();
        let mut unmatched = BTreeMap::new();
        for (seq, (at, Entry { fact, .. })) in (1..).zip(&self.ledger) {
            let Fact::Sale(event) = fact else {
                keep_unmatched(&mut unmatched, seq, fact);
                continue;
            };
            let mut record = event.order().and_then(|order| orders.remove(&order));
            evolve(&mut state, &mut record, event, *at);
            orders.extend(record.map(|record| (record.order, record)));
        }
        assert_eq!(orders, self.orders, "the ledger tells of other orders than the rows");
        assert_eq!(unmatched, self.unmatched, "the ledger tells of other unmatched money than the rows");
        assert_same(&state, &self.restored(now), &orders, now);
        if let Some(memory) = memory {
            assert_same(&state, memory, &orders, now);
        }
    }
}

impl Records for Disk {
    fn order(&self, order: OrderCode) -> Result<Option<StoredOrder>> {
        let record = self.orders.get(&order).cloned();
        Ok(record.map(|record| StoredOrder { record, buyer: self.buyers.get(&order).cloned() }))
    }

    fn is_unmatched(&self, order: OrderCode, payment: &Payment) -> Result<bool> {
        Ok(self.unmatched.values().any(|known| {
            known.order == order && known.payment.identity == payment.identity && known.payment.amount == payment.amount
        }))
    }

    fn webhooks_kept(&self, digest: [u8; 32]) -> Result<(usize, bool)> {
        let mut kept = self.ledger.iter().filter_map(|(_, entry)| match entry.fact {
            Fact::WebhookUnreadable { digest } => Some(digest),
            _ => None,
        });
        Ok((kept.clone().count(), kept.any(|known| known == digest)))
    }

    fn payments_after(&self, seq: i64) -> Result<Vec<KnownPayment>> {
        let rows = (1..).zip(&self.ledger).filter(|(row, _)| *row > seq);
        Ok(rows.filter_map(|(row, (at, entry))| KnownPayment::of_fact(row, *at, &entry.fact)).collect())
    }

    fn unmatched(&self, seq: i64) -> Result<Option<UnmatchedPayment>> {
        Ok(self.unmatched.get(&seq).cloned())
    }

    fn fact(&self, seq: i64) -> Result<Option<Fact>> {
        let index = usize::try_from(seq - 1).ok();
        Ok(index.and_then(|index| self.ledger.get(index)).map(|(_, entry)| entry.fact.clone()))
    }

    fn destination(&self, payer: Payer) -> Result<Option<(Destination, Timestamp)>> {
        Ok(self.destinations.get(&payer).cloned())
    }

    fn refunds_ready(&self, now: Timestamp, max: u32) -> Result<Vec<RefundTransfer>> {
        let complete = self.destinations.iter().filter(|(_, (destination, _))| !destination.account_name.is_empty());
        let usable = complete.filter(|(_, (_, usable_at))| *usable_at <= now);
        let due = usable.flat_map(|(payer, (destination, _))| {
            let due = match payer {
                Payer::Order(order) => {
                    let due = self.orders[order].refunds.iter().filter(|refund| refund.state == RefundState::Due);
                    due.map(|refund| (RefundId::Order(*order, refund.number), refund.amount)).collect()
                }
                Payer::Unmatched(seq) => {
                    let known = &self.unmatched[seq];
                    let due = known.state == UnmatchedState::Refund(RefundState::Due);
                    Vec::from_iter(due.then_some((RefundId::Unmatched(*seq), known.payment.amount)))
                }
            };
            due.into_iter().map(|(refund, amount)| RefundTransfer { refund, amount, destination: destination.clone() })
        });
        Ok(due.take(max as usize).collect())
    }

    fn last_payout_attempt(&self, refund: RefundId) -> Result<u32> {
        Ok(self.last_attempt(refund))
    }

    fn paid_out_since(&self, at: Timestamp) -> Result<Vnd> {
        Ok(self.payouts.iter().filter(|(begun, _)| *begun >= at).map(|(_, payout)| payout.transfer.amount).sum())
    }

    fn payout_approvals(&self, _: RefundId, _: AccountCommit) -> Result<Vec<String>> {
        // No simulated refund is large enough to need any.
        Ok(Vec::new())
    }

    fn payouts_paused(&self) -> Result<bool> {
        Ok(false)
    }
}

/// What a fact of the ledger row `seq` does to the unmatched money.
fn keep_unmatched(unmatched: &mut BTreeMap<i64, UnmatchedPayment>, seq: i64, fact: &Fact) {
    match fact {
        Fact::PaymentUnmatched { order, payment } => {
            let payment = Payment { proof: Proof::Operator, ..payment.clone() };
            unmatched.insert(seq, UnmatchedPayment { seq, order: *order, payment, state: UnmatchedState::Open });
        }
        Fact::Unmatched { payment, step } => {
            let known = unmatched.get_mut(payment).expect("a step names unmatched money");
            let after = known.state.after(step).expect("a step that was decided is allowed");
            known.state = after.expect("a step that was decided leads somewhere");
        }
        _ => {}
    }
}

fn assert_same(replayed: &DropState, other: &DropState, orders: &BTreeMap<OrderCode, OrderRecord>, now: Timestamp) {
    assert_eq!(replayed.status(), other.status());
    assert_eq!(replayed.stock(), other.stock());
    assert_eq!(replayed.pending_count(), other.pending_count());
    for order in orders.keys() {
        assert_eq!(replayed.pending(*order), other.pending(*order), "order {order}");
    }
    if replayed.is_done(now) {
        return;
    }
    let customers = |state: &DropState| {
        let customers = state.customers().map(|(sub, customer)| (sub.0, (customer.bought, customer.pending)));
        customers.collect::<BTreeMap<_, _>>()
    };
    assert_eq!(customers(replayed), customers(other));
}
