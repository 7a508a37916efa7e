//! Decides one batch: what it finds in memory and on disk, what it changes, and what it replies.

mod clock;
mod endpoints;
mod entries;
mod mail;
mod operator;
mod orders;
mod payments;
mod payouts;
mod purchase;
mod refunds;
mod webhooks;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use domain::{DropId, OrderCode, OrderRecord, Timestamp};
use ledger::{Entry, Fact};

use crate::{BatchTime, Changes, DropCounters, Records, Reply, Request, SaleState, Salt, StoredOrder};

/// A batch while it is decided. It takes requests by their [precedence](Request::precedence), and everything it did is
/// in the [`Changes`] at its end. After an error the state in memory is ahead of what will be written: the caller stops.
pub struct Batch<'a, R> {
    sale: &'a mut SaleState,
    records: &'a R,
    time: BatchTime,
    /// The last row of the ledger before this batch.
    head_seq: i64,
    changes: Changes,
    /// Older orders that the batch names.
    named: BTreeMap<OrderCode, NamedOrder>,
    changed_drops: BTreeSet<DropId>,
}

struct NamedOrder {
    stored: StoredOrder,
    changed: bool,
}

impl<'a, R: Records> Batch<'a, R> {
    /// For `requests` requests, most of them purchases.
    pub fn new(sale: &'a mut SaleState, records: &'a R, time: BatchTime, head_seq: i64, requests: usize) -> Self {
        sale.used_tokens.turn(time.now);
        let changes = Changes {
            entries: Vec::with_capacity(requests),
            placed: Vec::with_capacity(requests),
            ..Changes::default()
        };
        let (named, changed_drops) = (BTreeMap::new(), BTreeSet::new());
        Self { sale, records, time, head_seq, changes, named, changed_drops }
    }

    pub fn apply(&mut self, request: Request) -> Result<Reply> {
        Ok(match request {
            Request::Purchase(purchase) => Reply::Purchase(self.purchase(purchase)?),
            Request::Order(order) => self.order(order)?,
            Request::EnterPayment(payment) => Reply::Entered(self.enter_payment(payment)?),
            Request::KeepWebhook(webhook) => Reply::Webhook(self.keep_webhook(webhook)?),
            Request::SetDestination { order, destination, operator } => {
                Reply::Destination(self.set_destination(order, destination, operator)?)
            }
            Request::MovePayment(payment) => Reply::Moved(self.move_payment(&payment)?),
            Request::Unmatched(unmatched) => Reply::Moved(self.decide_unmatched(unmatched)?),
            Request::BeginPayout(payout) => Reply::Payout(self.begin_payout(*payout)?),
            Request::PayoutStep(step) => Reply::PayoutStep(self.payout_step(step)?),
            Request::ApproveRefund { refund, operator } => Reply::Approved(self.approve_refund(refund, operator)?),
            Request::PausePayouts { pause, operator } => Reply::Paused(self.pause_payouts(pause, operator)?),
            Request::ExportRefunds { operator } => Reply::Exported(self.export_refunds(&operator)?),
            Request::Drop { drop, command, operator } => Reply::Drop(self.drop_command(drop, &command, &operator)),
            Request::CreateProduct { product, operator } => {
                Reply::Product(Box::new(self.create_product(product, operator)))
            }
            Request::CreateDrop { drop, operator } => Reply::Listing(Box::new(self.create_drop(drop, operator))),
            Request::RevokeToken { jti, operator } => {
                self.changes.entries.push(Entry { drop: None, operator, fact: Fact::TokenRevoked { jti } });
                Reply::Done
            }
            Request::AcceptClock { step_ms, operator } => Reply::Clock(self.accept_clock(step_ms, operator)),
            Request::AskOrderLink { order } => Reply::Mail(self.ask_order_link(order)?),
            Request::StopMail { order, reply } => {
                Reply::Mail(self.record_mail(order, Fact::MailStopped { order, reply }, String::new())?)
            }
            Request::AllowMail { order, operator } => {
                Reply::Mail(self.record_mail(order, Fact::MailAllowed { order }, operator)?)
            }
            Request::Endpoint { request, operator } => Reply::Endpoint(self.change_endpoint(request, operator)),
            Request::RetryDelivery { channel, row, operator } => {
                let fact = Fact::DeliveryRetried { channel, row };
                self.changes.entries.push(Entry { drop: None, operator, fact });
                Reply::Done
            }
            Request::Progress(progress) => {
                self.changes.progress.push(progress);
                Reply::Done
            }
            Request::DueHolds { after, max } => Reply::DueHolds(self.due_holds(after, max)),
        })
    }

    pub fn finish(self) -> Changes {
        let Self { sale, mut changes, named, changed_drops, .. } = self;
        let changed = named.into_values().filter(|named| named.changed);
        changes.changed = changed.map(|named| named.stored.record).collect();
        let drops = changed_drops.iter().filter_map(|drop| sale.drops.get(drop)).map(|offered| &offered.state);
        changes.drops = drops
            .map(|state| DropCounters { drop: state.id(), status: state.status(), stock: state.stock() })
            .collect();
        changes
    }

    fn now(&self) -> Timestamp {
        self.time.now
    }

    /// An order as this batch has left it so far, with its salt unless it was erased.
    fn find(&mut self, order: OrderCode) -> Result<Option<(&OrderRecord, Option<Salt>)>> {
        if let Ok(index) = self.changes.placed.binary_search_by_key(&order, |placed| placed.record.order) {
            let placed = &self.changes.placed[index];
            return Ok(Some((&placed.record, Some(placed.salt))));
        }
        if !self.named.contains_key(&order) {
            let Some(stored) = self.records.order(order)? else {
                return Ok(None);
            };
            self.named.insert(order, NamedOrder { stored, changed: false });
        }
        let found = self.named.get(&order);
        Ok(found.map(|named| (&named.stored.record, named.stored.buyer.as_ref().map(|(salt, _)| *salt))))
    }

    fn put_back(&mut self, record: OrderRecord) {
        if let Ok(index) = self.changes.placed.binary_search_by_key(&record.order, |placed| placed.record.order) {
            self.changes.placed[index].record = record;
        } else if let Some(named) = self.named.get_mut(&record.order) {
            named.changed |= named.stored.record != record;
            named.stored.record = record;
        }
    }
}
