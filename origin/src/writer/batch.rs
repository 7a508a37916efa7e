//! Decides one batch: what it finds in memory and loads from disk, what it changes, and what it owes as answers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use anyhow::{Context, Result};
use domain::{
    Command, Decision, DropId, DropState, DropStatus, Event, Millis, OrderCode, OrderRecord, Outcome, Payment, Receipt,
    RefundStep, Refusal, decide, evolve,
};

use super::ask::{
    Ask, CreateDropError, NewDrop, NewProduct, NoSuchDrop, OrderAsk, ProductOf, PurchaseAnswer, PurchaseAsk,
    PurchaseDone, PurchaseRefused, Ready,
};
use super::window::TokenWindow;
use crate::store::{
    BatchWrites, Buyer, Destination, Entry, Fact, Listing, Product, Progress, Salt, StoredOrder, Transfer, WriteStore,
};

/// A changed destination waits a day: whoever stole an order key is noticed before money follows.
const DESTINATION_CHANGE_MS: i64 = 24 * 3_600_000;
/// As many transfers as a bank's form takes at once; the rest goes on the next list.
const REFUNDS_PER_BATCH_MAX: u32 = 500;

/// Later than every `pay_by`, with room to add to it.
const END_OF_TIME: Millis = Millis(i64::MAX / 2);

/// Everything the writer keeps in memory between batches.
pub(super) struct Shop {
    pub(super) drops: BTreeMap<DropId, LiveDrop>,
    pub(super) products: BTreeMap<i64, Product>,
    pub(super) tokens: TokenWindow,
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

pub(super) struct Batch<'a> {
    shop: &'a mut Shop,
    store: &'a WriteStore,
    now: Millis,
    /// Wall time is too far behind the ledger's to sell by.
    clock_behind: bool,
    entries: Vec<Entry>,
    /// By ascending code.
    placed: Vec<Placed>,
    touched: HashMap<OrderCode, Touched>,
    changed_drops: BTreeSet<DropId>,
    progress: Vec<Progress>,
    destinations: Vec<(OrderCode, Destination, Millis)>,
    transfers: Vec<(u64, Transfer)>,
    ready: Vec<Ready>,
}

/// What a decided batch leaves to write and to say.
pub(super) struct Decided {
    entries: Vec<Entry>,
    placed: Vec<Placed>,
    touched: HashMap<OrderCode, Touched>,
    pub(super) changed_drops: BTreeSet<DropId>,
    progress: Vec<Progress>,
    destinations: Vec<(OrderCode, Destination, Millis)>,
    transfers: Vec<(u64, Transfer)>,
    pub(super) ready: Vec<Ready>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(shop: &'a mut Shop, store: &'a WriteStore, now: Millis, clock_behind: bool) -> Self {
        Self {
            shop,
            store,
            now,
            clock_behind,
            entries: Vec::new(),
            placed: Vec::new(),
            touched: HashMap::new(),
            changed_drops: BTreeSet::new(),
            progress: Vec::new(),
            destinations: Vec::new(),
            transfers: Vec::new(),
            ready: Vec::new(),
        }
    }

    pub(super) fn decided(self) -> Decided {
        let Self { entries, placed, touched, changed_drops, progress, destinations, transfers, ready, .. } = self;
        Decided { entries, placed, touched, changed_drops, progress, destinations, transfers, ready }
    }

    pub(super) fn apply(&mut self, ask: Ask) -> Result<()> {
        let ready = match ask {
            Ask::Purchase(ask, reply) => Ready::Purchase(reply, self.purchase(*ask)?),
            Ask::Order(ask, reply) => Ready::Order(reply, self.order(ask)?),
            Ask::SetDestination(order, destination, reply) => {
                Ready::Destination(reply, self.set_destination(order, destination)?)
            }
            Ask::ExportRefunds(operator, reply) => Ready::Exported(reply, self.export_refunds(&operator)?),
            Ask::Drop(drop, command, operator, reply) => {
                Ready::Drop(reply, self.drop_command(drop, &command, &operator))
            }
            Ask::CreateProduct(product, operator, reply) => {
                Ready::Product(reply, self.create_product(product, operator))
            }
            Ask::CreateDrop(drop, operator, reply) => Ready::Listing(reply, Box::new(self.create_drop(drop, operator))),
            Ask::RevokeToken(jti, operator, reply) => {
                self.entries.push(Entry { drop: None, operator, fact: Fact::TokenRevoked { jti } });
                Ready::Done(reply)
            }
            Ask::Progress(progress, reply) => {
                self.progress.push(progress);
                Ready::Done(reply)
            }
            Ask::Due(after, max, reply) => Ready::Due(reply, self.due(after, max)),
        };
        self.ready.push(ready);
        Ok(())
    }

    fn purchase(&mut self, ask: PurchaseAsk) -> Result<PurchaseAnswer> {
        let PurchaseAsk { drop, mut purchase, buyer, salt } = ask;
        if self.clock_behind {
            return Ok(Err(PurchaseRefused::ClockBehind));
        }
        if !self.shop.drops.contains_key(&drop) {
            return Ok(Err(PurchaseRefused::NoSuchDrop));
        }
        purchase.order = self.shop.next_order;
        let mut made = None;
        if let Some(order) = self.shop.tokens.get(purchase.jti) {
            let (record, known) =
                self.find(order)?.with_context(|| format!("order {order} of a token is not stored"))?;
            // The same buyer gives the same commitment only under the same salt; after erasure none does.
            if let Some(salt) = known {
                purchase.buyer_commit = buyer.commit(salt);
            }
            made = Some(record.clone());
        }
        let Some(live) = self.shop.drops.get_mut(&drop) else {
            return Ok(Err(PurchaseRefused::NoSuchDrop));
        };
        let jti = purchase.jti;
        let Decision { outcome, events } = decide(&live.state, made.as_ref(), self.now, &Command::Purchase(purchase));
        for event in events {
            let mut record = None;
            evolve(&mut live.state, &mut record, &event, self.now);
            if let Some(record) = record {
                self.shop.tokens.insert(jti, record.order);
                self.shop.next_order = OrderCode(record.order.0 + 1);
                self.placed.push(Placed { record, salt, buyer: buyer.clone() });
            }
            self.changed_drops.insert(drop);
            self.entries.push(Entry { drop: Some(drop), operator: String::new(), fact: Fact::Sale(event) });
        }
        let listing = live.listing.clone();
        self.purchase_answer(outcome, listing)
    }

    fn purchase_answer(&mut self, outcome: Outcome, listing: Arc<Listing>) -> Result<PurchaseAnswer> {
        Ok(match outcome {
            Outcome::Placed(receipt) | Outcome::Replayed(receipt) => {
                Ok(PurchaseDone { receipt, listing, resumed: false })
            }
            Outcome::Own(order) => {
                let (record, _) = self.find(order)?.with_context(|| format!("pending order {order} is not stored"))?;
                let OrderRecord { order, quantity, amount, ordered_at, .. } = *record;
                let receipt = Receipt { order, quantity, amount, ordered_at };
                Ok(PurchaseDone { receipt, listing, resumed: true })
            }
            Outcome::Refused(refusal) => Err(PurchaseRefused::ByTheRules(refusal)),
            Outcome::Done | Outcome::Unchanged => unreachable!("a purchase is placed, found or refused"),
        })
    }

    fn order(&mut self, ask: OrderAsk) -> Result<Outcome> {
        let OrderAsk { order, command, operator, payer } = ask;
        let outcome = self.decide_order(order, &command, &operator)?;
        if let Some(payer) = payer
            && outcome == Outcome::Done
            && self.find(order)?.is_some()
            && self.destination(order)?.is_none()
        {
            self.destinations.push((order, payer, self.now));
        }
        Ok(outcome)
    }

    fn decide_order(&mut self, order: OrderCode, command: &Command, operator: &str) -> Result<Outcome> {
        let Some((record, _)) = self.find(order)? else {
            return match command {
                Command::Payment(payment) => self.unmatched(order, payment, operator),
                _ => Ok(Outcome::Refused(Refusal::OrderNotFound)),
            };
        };
        let record = record.clone();
        let drop = record.drop;
        let live = self.shop.drops.get_mut(&drop).with_context(|| format!("order {order} names no drop of ours"))?;
        let decision = decide(&live.state, Some(&record), self.now, command);
        if let (Outcome::Refused(_), Command::Payment(payment)) = (&decision.outcome, command) {
            return self.unmatched(order, payment, operator);
        }
        let mut record = Some(record);
        for event in decision.events {
            let live = self.shop.drops.get_mut(&drop).with_context(|| format!("drop {} vanished", drop.0))?;
            evolve(&mut live.state, &mut record, &event, self.now);
            if let Some(other) = event.order().filter(|other| *other != order) {
                self.evolve_other(other, &event)?;
            }
            self.changed_drops.insert(drop);
            self.entries.push(Entry { drop: Some(drop), operator: operator.to_owned(), fact: Fact::Sale(event) });
        }
        if let Some(record) = record {
            assert!(record.money_adds_up(), "the money of order {order} does not add up");
            self.put_back(record);
        }
        Ok(decision.outcome)
    }

    /// Where refunds of the order go, as this batch has left it so far.
    fn destination(&self, order: OrderCode) -> Result<Option<(Destination, Millis)>> {
        let in_batch = self.destinations.iter().rev().find(|(known, _, _)| *known == order);
        match in_batch {
            Some((_, destination, usable_at)) => Ok(Some((destination.clone(), *usable_at))),
            None => self.store.refund_destination(order),
        }
    }

    fn set_destination(&mut self, order: OrderCode, to: Destination) -> Result<Result<Millis, Refusal>> {
        let Some((record, _)) = self.find(order)? else {
            return Ok(Err(Refusal::OrderNotFound));
        };
        let drop = record.drop;
        if record.refunds_due().is_zero() {
            return Ok(Err(Refusal::NothingOwed));
        }
        let usable_at = match self.destination(order)? {
            Some((known, usable_at)) if known == to => return Ok(Ok(usable_at)),
            Some(_) => self.now.plus_ms(DESTINATION_CHANGE_MS),
            None => self.now,
        };
        self.destinations.push((order, to, usable_at));
        let fact = Fact::RefundDestinationGiven { order };
        self.entries.push(Entry { drop: Some(drop), operator: String::new(), fact });
        Ok(Ok(usable_at))
    }

    /// A refund is on at most one list: the core refuses to batch what is batched already.
    fn export_refunds(&mut self, operator: &str) -> Result<Option<u64>> {
        let batch = self.shop.next_refund_batch;
        let mut exported = false;
        for transfer in self.store.refunds_ready(self.now, REFUNDS_PER_BATCH_MAX)? {
            let step = RefundStep::Batch { batch };
            let command = Command::Refund { number: transfer.number, step };
            if self.decide_order(transfer.order, &command, operator)? == Outcome::Done {
                self.transfers.push((batch, transfer));
                exported = true;
            }
        }
        if !exported {
            return Ok(None);
        }
        self.shop.next_refund_batch += 1;
        Ok(Some(batch))
    }

    /// An event that ends another order of the same customer.
    fn evolve_other(&mut self, other: OrderCode, event: &Event) -> Result<()> {
        let (record, _) = self.find(other)?.with_context(|| format!("order {other} is not stored"))?;
        let mut record = record.clone();
        record.evolve(event, self.now);
        self.put_back(record);
        Ok(())
    }

    /// Money for nobody is kept all the same; the same money twice is kept once.
    fn unmatched(&mut self, order: OrderCode, payment: &Payment, operator: &str) -> Result<Outcome> {
        let fact = Fact::PaymentUnmatched { order, payment: payment.clone() };
        let same = |entry: &Entry| {
            matches!(&entry.fact, Fact::PaymentUnmatched { order: known, payment: other }
                if *known == order && other.identity == payment.identity && other.amount == payment.amount)
        };
        if self.entries.iter().any(same) || self.store.is_unmatched(order, payment)? {
            return Ok(Outcome::Unchanged);
        }
        self.entries.push(Entry { drop: None, operator: operator.to_owned(), fact });
        Ok(Outcome::Done)
    }

    fn drop_command(&mut self, drop: DropId, command: &Command, operator: &str) -> Result<Outcome, NoSuchDrop> {
        let live = self.shop.drops.get_mut(&drop).ok_or(NoSuchDrop)?;
        let Decision { outcome, events } = decide(&live.state, None, self.now, command);
        for event in events {
            evolve(&mut live.state, &mut None, &event, self.now);
            self.changed_drops.insert(drop);
            self.entries.push(Entry { drop: Some(drop), operator: operator.to_owned(), fact: Fact::Sale(event) });
        }
        Ok(outcome)
    }

    fn create_product(&mut self, new: NewProduct, operator: String) -> Product {
        let id = self.shop.products.last_key_value().map_or(1, |(id, _)| id + 1);
        let NewProduct { name, description, image_url } = new;
        let product = Product { id, name, description, image_url };
        self.shop.products.insert(id, product.clone());
        self.entries.push(Entry { drop: None, operator, fact: Fact::ProductCreated(product.clone()) });
        product
    }

    fn create_drop(&mut self, new: NewDrop, operator: String) -> Result<Listing, CreateDropError> {
        let NewDrop { slug, product, mut terms } = new;
        if self.shop.drops.values().any(|live| live.listing.slug == slug) {
            return Err(CreateDropError::SlugTaken);
        }
        let product = match product {
            ProductOf::Existing(id) => self.shop.products.get(&id).ok_or(CreateDropError::NoSuchProduct)?.clone(),
            ProductOf::New(product) => self.create_product(product, operator.clone()),
        };
        let drop = DropId(self.shop.drops.last_key_value().map_or(1, |(id, _)| id.0 + 1));
        terms.drop = drop;
        let state = DropState::created(terms.clone());
        let listing = Listing { terms, slug, product, first_order_code: self.shop.next_order };
        let live = LiveDrop { listing: Arc::new(listing.clone()), state };
        self.shop.drops.insert(drop, live);
        self.changed_drops.insert(drop);
        self.entries.push(Entry { drop: Some(drop), operator, fact: Fact::DropCreated(listing.clone()) });
        Ok(listing)
    }

    /// Holds whose time has come; in a killed drop, every hold.
    fn due(&self, after: OrderCode, max: usize) -> Vec<OrderCode> {
        let of_drop = |live: &'_ LiveDrop| {
            let killed = live.state.status() == DropStatus::Killed;
            let now = if killed { END_OF_TIME } else { self.now };
            live.state.due(now, after).take(max).collect::<Vec<_>>()
        };
        let mut due: Vec<OrderCode> = self.shop.drops.values().flat_map(of_drop).collect();
        due.sort_unstable();
        due.truncate(max);
        due
    }

    /// An order as this batch has left it so far, with its salt unless it was erased.
    fn find(&mut self, order: OrderCode) -> Result<Option<(&OrderRecord, Option<Salt>)>> {
        if let Ok(index) = self.placed.binary_search_by_key(&order, |placed| placed.record.order) {
            let placed = &self.placed[index];
            return Ok(Some((&placed.record, Some(placed.salt))));
        }
        if !self.touched.contains_key(&order) {
            let Some(stored) = self.store.load_order(order)? else {
                return Ok(None);
            };
            self.touched.insert(order, Touched { stored, changed: false });
        }
        let found = self.touched.get(&order);
        Ok(found.map(|touched| (&touched.stored.record, touched.stored.buyer.as_ref().map(|(salt, _)| *salt))))
    }

    fn put_back(&mut self, record: OrderRecord) {
        if let Ok(index) = self.placed.binary_search_by_key(&record.order, |placed| placed.record.order) {
            self.placed[index].record = record;
        } else if let Some(touched) = self.touched.get_mut(&record.order) {
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
