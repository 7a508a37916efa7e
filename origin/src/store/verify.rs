//! Proves that what is stored is what happened: the chain holds, replaying it gives the state tables, every buyer is
//! the one committed to, and units and money add up.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use domain::{
    DropId, DropState, Event, Jti, OrderCode, OrderRecord, PaymentIdentity, Stock, UnmatchedState, UnmatchedStep, Vnd,
    evolve,
};

use super::drops;
use super::entry::{Fact, Listing, Product};
use super::ledger::{self, Head, LedgerRow};
use super::migrate;
use super::orders::OrderReader;
use super::sale_file;
use super::sqlite::Db;
use super::unmatched;

/// What [`verify`] found in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    pub rows: i64,
    pub orders: usize,
    pub head: Head,
}

/// Everything the ledger says, replayed.
#[derive(Default)]
struct Replay {
    products: BTreeMap<i64, Product>,
    drops: BTreeMap<DropId, (Listing, DropState)>,
    orders: HashMap<OrderCode, OrderRecord>,
    unmatched: BTreeMap<i64, (OrderCode, PaymentIdentity, Vnd, UnmatchedState)>,
    revoked: HashSet<Jti>,
}

/// Checks the database in `folder`. With `known_head`, a place in the chain kept elsewhere, it also shows whether rows
/// were cut off the end or the whole chain was written anew.
pub fn verify(folder: &Path, known_head: Option<(i64, [u8; 32])>) -> Result<Verified> {
    let db = Db::open_for_read(&sale_file(folder))?;
    // Of tables that it cannot read this release says nothing.
    migrate::require_current(&db)?;
    // Until the connection closes everything is read as of one moment: an origin may go on selling meanwhile.
    db.prepare("BEGIN")?.execute(())?;
    check(&db, known_head).context("the ledger does not verify")
}

fn check(db: &Db, known_head: Option<(i64, [u8; 32])>) -> Result<Verified> {
    let mut replay = Replay::default();
    let mut known_seen = known_head.is_none();
    let head = ledger::walk(db, |row, head| {
        if let Some((seq, hash)) = known_head
            && seq == head.seq
        {
            ensure!(hash == head.hash, "row {seq} is not the one the given head names: the ledger was rewritten");
            known_seen = true;
        }
        replay.apply(row).with_context(|| format!("row {} does not follow from the ones before", row.seq))
    })?;
    if let Some((seq, _)) = known_head {
        ensure!(known_seen, "the ledger ends at row {}, before the given head {seq}: its tail was cut off", head.seq);
    }
    replay.compare_drops(db)?;
    replay.compare_orders(db)?;
    replay.compare_rest(db)?;
    Ok(Verified { rows: head.seq, orders: replay.orders.len(), head })
}

impl Replay {
    fn apply(&mut self, row: &LedgerRow) -> Result<()> {
        match &row.entry.fact {
            Fact::ProductCreated(product) => {
                self.products.insert(product.id, product.clone());
            }
            Fact::DropCreated(listing) => {
                let state = DropState::created(listing.terms.clone());
                self.drops.insert(listing.terms.drop, (listing.clone(), state));
            }
            Fact::Sale(event) => self.apply_event(row, event)?,
            Fact::PaymentUnmatched { order, payment } => {
                let payment = (*order, payment.identity.clone(), payment.amount, UnmatchedState::Open);
                self.unmatched.insert(row.seq, payment);
            }
            Fact::Unmatched { payment, step } => self.step_unmatched(*payment, step)?,
            Fact::UnmatchedDestinationGiven { payment } => {
                ensure!(self.unmatched.contains_key(payment), "row {payment} is no unmatched payment");
            }
            Fact::RefundDestinationGiven { order } => {
                ensure!(self.orders.contains_key(order), "it names order {order}, which was never placed");
            }
            Fact::TokenRevoked { jti } => {
                self.revoked.insert(*jti);
            }
        }
        Ok(())
    }

    fn step_unmatched(&mut self, seq: i64, step: &UnmatchedStep) -> Result<()> {
        let unmatched = self.unmatched.get_mut(&seq).with_context(|| format!("row {seq} is no unmatched payment"))?;
        match unmatched.3.after(step) {
            Ok(Some(after)) => unmatched.3 = after,
            Ok(None) | Err(_) => bail!("the unmatched payment of row {seq} was decided before"),
        }
        Ok(())
    }

    fn apply_event(&mut self, row: &LedgerRow, event: &Event) -> Result<()> {
        let drop = row.entry.drop.context("an event of the sale names no drop")?;
        let (_, state) = self.drops.get_mut(&drop).context("an event names a drop that was never made")?;
        let mut record = event.order().and_then(|order| self.orders.remove(&order));
        evolve(state, &mut record, event, row.at);
        if let Some(record) = record {
            self.orders.insert(record.order, record);
        } else if let Some(order) = event.order() {
            bail!("an event names order {order}, which was never placed");
        }
        Ok(())
    }

    fn compare_drops(&self, db: &Db) -> Result<()> {
        let stored = drops::all(db)?;
        ensure!(
            stored.len() == self.drops.len(),
            "{} drops are stored, the ledger has {}",
            stored.len(),
            self.drops.len()
        );
        for drop in stored {
            let id = drop.listing.terms.drop;
            let (listing, state) =
                self.drops.get(&id).with_context(|| format!("drop {} is not in the ledger", id.0))?;
            ensure!(*listing == drop.listing, "drop {} is stored otherwise than it was made", id.0);
            ensure!(
                state.status() == drop.status,
                "drop {} is {:?}, the ledger says {:?}",
                id.0,
                drop.status,
                state.status()
            );
            ensure!(
                state.stock() == drop.stock,
                "drop {} stores {:?}, the ledger gives {:?}",
                id.0,
                drop.stock,
                state.stock()
            );
            ensure!(self.units(id) == drop.stock, "the orders of drop {} do not add up to {:?}", id.0, drop.stock);
        }
        let products: BTreeMap<i64, Product> =
            drops::products(db)?.into_iter().map(|product| (product.id, product)).collect();
        ensure!(products == self.products, "the products are stored otherwise than the ledger says");
        Ok(())
    }

    /// The stock of a drop counted anew from its orders alone.
    fn units(&self, drop: DropId) -> Stock {
        let mut stock = Stock { available: self.drops[&drop].0.terms.size, ..Stock::default() };
        for order in self.orders.values().filter(|order| order.drop == drop) {
            match order.state {
                domain::OrderState::Pending => stock.held += order.quantity,
                domain::OrderState::Paid { .. } => stock.sold += order.quantity,
                domain::OrderState::Withdrawn => stock.withdrawn += order.quantity,
                domain::OrderState::Expired(_) | domain::OrderState::Cancelled(_) => continue,
            }
            stock.available = stock.available.saturating_sub(order.quantity);
        }
        stock
    }

    fn compare_orders(&self, db: &Db) -> Result<()> {
        let stored: i64 = db.value("SELECT count(*) FROM orders")?;
        let replayed = self.orders.len() as i64;
        ensure!(stored == replayed, "{stored} orders are stored, the ledger has {replayed}");
        let reader = OrderReader::prepare(db)?;
        for (code, record) in &self.orders {
            let stored =
                reader.load(*code)?.with_context(|| format!("order {code} is in the ledger and not stored"))?;
            ensure!(same(record, &stored.record), "order {code} is stored otherwise than the ledger says");
            ensure!(record.money_adds_up(), "the money of order {code} does not add up");
            if let Some((salt, buyer)) = stored.buyer {
                ensure!(
                    buyer.commit(salt) == record.buyer_commit,
                    "the buyer of order {code} is not the one committed to"
                );
            }
        }
        Ok(())
    }

    fn compare_rest(&self, db: &Db) -> Result<()> {
        let payments: i64 = self.orders.values().map(|order| order.payments.len() as i64).sum();
        let refunds: i64 = self.orders.values().map(|order| order.refunds.len() as i64).sum();
        for (table, replayed) in [
            ("payments", payments),
            ("refunds", refunds),
            ("unmatched_payments", self.unmatched.len() as i64),
            ("revoked_tokens", self.revoked.len() as i64),
        ] {
            let stored: i64 = db.value(&format!("SELECT count(*) FROM {table}"))?;
            ensure!(stored == replayed, "{table} holds {stored} rows, the ledger gives {replayed}");
        }
        let stored: BTreeMap<_, _> = unmatched::all(db)?
            .into_iter()
            .map(|found| (found.seq, (found.order, found.payment.identity, found.payment.amount, found.state)))
            .collect();
        ensure!(stored == self.unmatched, "the unmatched payments are stored otherwise than the ledger says");
        Ok(())
    }
}

/// Payments of one moment have no order among themselves; everything else must be equal.
fn same(replayed: &OrderRecord, stored: &OrderRecord) -> bool {
    let sorted = |record: &OrderRecord| {
        let mut record = record.clone();
        record.payments.sort_by(|a, b| {
            let key = |payment: &domain::PaymentRecord| {
                (payment.recorded_at, payment.identity.link.clone(), payment.identity.reference.clone(), payment.amount)
            };
            key(a).cmp(&key(b))
        });
        record
    };
    sorted(replayed) == sorted(stored)
}
