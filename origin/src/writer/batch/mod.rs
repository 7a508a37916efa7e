//! Decides one batch: what it finds in memory and loads from disk, what it changes, and what it owes as answers.

mod operator;
mod orders;
mod payments;
mod purchase;
mod refunds;

pub(crate) use orders::NO_ORDER;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use anyhow::Result;
use domain::{DropId, DropState, OrderCode, OrderRecord, Timestamp};
use ledger::{Entry, Fact, Listing, Product};

use super::ask::{Ask, Ready};
use super::seen::Seen;
use super::window::TokenWindow;
use crate::store::{BatchWrites, Buyer, Destination, Payer, Progress, Salt, StoredOrder, Transfer, WriteStore};

/// Everything the writer keeps in memory between batches.
pub(super) struct Shop {
    pub(super) drops: BTreeMap<DropId, LiveDrop>,
    pub(super) products: BTreeMap<i64, Product>,
    pub(super) tokens: TokenWindow,
    /// Shared with those who ask: customers and tokens that may have an order.
    pub(super) seen: Arc<Seen>,
    /// The code the next order gets.
    pub(super) next_order: OrderCode,
    /// The number the next list of refunds gets.
    pub(super) next_refund_batch: u64,
}

pub(super) struct LiveDrop {
    pub(super) listing: Arc<Listing>,
    pub(super) state: DropState,
}

/// An order placed in this batch: not on disk yet, so it is found here.
struct Placed {
    record: OrderRecord,
    salt: Salt,
    buyer: Buyer,
}

/// An older order that this batch names.
struct Touched {
    stored: StoredOrder,
    changed: bool,
}

/// A batch while it is decided.
pub(super) struct Batch<'a> {
    shop: &'a mut Shop,
    store: &'a WriteStore,
    now: Timestamp,
    /// Wall time is too far behind the ledger's to sell by.
    clock_behind: bool,
    decided: Decided,
}

/// What a batch leaves to write and to say.
#[derive(Default)]
pub(super) struct Decided {
    entries: Vec<Entry>,
    /// By ascending code.
    placed: Vec<Placed>,
    touched: HashMap<OrderCode, Touched>,
    pub(super) changed_drops: BTreeSet<DropId>,
    progress: Vec<Progress>,
    destinations: Vec<(Payer, Destination, Timestamp)>,
    transfers: Vec<(u64, Transfer)>,
    pub(super) ready: Vec<Ready>,
}

impl<'a> Batch<'a> {
    /// For `asks` commands, most of them purchases.
    pub(super) fn new(
        shop: &'a mut Shop,
        store: &'a WriteStore,
        now: Timestamp,
        clock_behind: bool,
        asks: usize,
    ) -> Self {
        let decided = Decided {
            entries: Vec::with_capacity(asks),
            placed: Vec::with_capacity(asks),
            ready: Vec::with_capacity(asks),
            ..Decided::default()
        };
        Self { shop, store, now, clock_behind, decided }
    }

    pub(super) fn decided(self) -> Decided {
        self.decided
    }

    pub(super) fn apply(&mut self, ask: Ask) -> Result<()> {
        let ready = match ask {
            Ask::Purchase(ask, reply) => Ready::Purchase(reply, self.purchase(*ask)?),
            Ask::Order(ask, reply) => Ready::Order(reply, self.order(ask)?),
            Ask::SetDestination(order, destination, reply) => {
                Ready::Destination(reply, self.set_destination(order, destination)?)
            }
            Ask::MovePayment(ask, reply) => Ready::Moved(reply, self.move_payment(&ask)?),
            Ask::Unmatched(ask, reply) => Ready::Moved(reply, self.unmatched_step(ask)?),
            Ask::ExportRefunds(operator, reply) => Ready::Exported(reply, self.export_refunds(&operator)?),
            Ask::Drop(drop, command, operator, reply) => {
                Ready::Drop(reply, self.drop_command(drop, &command, &operator))
            }
            Ask::CreateProduct(product, operator, reply) => {
                Ready::Product(reply, self.create_product(product, operator))
            }
            Ask::CreateDrop(drop, operator, reply) => Ready::Listing(reply, Box::new(self.create_drop(drop, operator))),
            Ask::RevokeToken(jti, operator, reply) => {
                self.decided.entries.push(Entry { drop: None, operator, fact: Fact::TokenRevoked { jti } });
                Ready::Done(reply)
            }
            Ask::Progress(progress, reply) => {
                self.decided.progress.push(progress);
                Ready::Done(reply)
            }
            Ask::Due(after, max, reply) => Ready::Due(reply, self.due(after, max)),
        };
        self.decided.ready.push(ready);
        Ok(())
    }

    /// An order as this batch has left it so far, with its salt unless it was erased.
    fn find(&mut self, order: OrderCode) -> Result<Option<(&OrderRecord, Option<Salt>)>> {
        if let Ok(index) = self.decided.placed.binary_search_by_key(&order, |placed| placed.record.order) {
            let placed = &self.decided.placed[index];
            return Ok(Some((&placed.record, Some(placed.salt))));
        }
        if !self.decided.touched.contains_key(&order) {
            let Some(stored) = self.store.load_order(order)? else {
                return Ok(None);
            };
            self.decided.touched.insert(order, Touched { stored, changed: false });
        }
        let found = self.decided.touched.get(&order);
        Ok(found.map(|touched| (&touched.stored.record, touched.stored.buyer.as_ref().map(|(salt, _)| *salt))))
    }

    fn put_back(&mut self, record: OrderRecord) {
        if let Ok(index) = self.decided.placed.binary_search_by_key(&record.order, |placed| placed.record.order) {
            self.decided.placed[index].record = record;
        } else if let Some(touched) = self.decided.touched.get_mut(&record.order) {
            touched.changed |= touched.stored.record != record;
            touched.stored.record = record;
        }
    }
}

impl Decided {
    /// Nothing happened that has to be on disk.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.progress.is_empty()
    }

    pub(super) fn writes<'a>(&'a self, shop: &'a Shop) -> BatchWrites<'a> {
        BatchWrites {
            entries: &self.entries,
            placed: self.placed.iter().map(|placed| (&placed.record, placed.salt, &placed.buyer)).collect(),
            changed: self
                .touched
                .values()
                .filter(|touched| touched.changed)
                .map(|touched| &touched.stored.record)
                .collect(),
            drops: self.changed_drops.iter().filter_map(|drop| shop.drops.get(drop)).map(|live| &live.state).collect(),
            progress: &self.progress,
            destinations: &self.destinations,
            transfers: &self.transfers,
        }
    }
}
