//! Checks the database against its ledger: the hash chain is whole, replaying it gives the state tables, every buyer is
//! the one that the ledger committed to, and units and money add up.

mod orders;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use domain::{DropId, DropState, Event, Jti, Payment, Proof, UnmatchedState, UnmatchedStep, evolve};
use engine::UnmatchedPayment;
use ledger::{Fact, Head, LedgerRow, Listing, Product};

use super::drops;
use super::ledger::walk;
use super::log_owner;
use super::migrate;
use super::sale_file;
use super::sqlite::Db;
use super::unmatched;

use self::orders::{Orders, Sums, Units};

/// What [`verify`] has checked without finding a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    pub rows: i64,
    pub orders: i64,
    pub head: Head,
}

/// The state that follows from the ledger.
struct Replay {
    products: BTreeMap<i64, Product>,
    drops: BTreeMap<DropId, (Listing, DropState)>,
    orders: Orders,
    unmatched: BTreeMap<i64, UnmatchedPayment>,
    revoked: HashSet<Jti>,
}

/// Checks the database in `folder`. `known_head` is a head of the chain that an operator kept elsewhere. With it, the
/// check also finds rows that were cut off the end, and a chain that was rewritten.
pub fn verify(folder: &Path, known_head: Option<(i64, [u8; 32])>) -> Result<Verified> {
    log_owner::require_own_log(&sale_file(folder))?;
    let db = Db::open_for_read(&sale_file(folder))?;
    // This release can say nothing of tables that it cannot read.
    migrate::require_current(&db)?;
    // The whole check reads the file as of one moment: an origin may go on selling meanwhile.
    db.prepare("BEGIN")?.execute(())?;
    check(&db, known_head).context("the ledger does not verify")
}

fn check(db: &Db, known_head: Option<(i64, [u8; 32])>) -> Result<Verified> {
    let mut replay = Replay::of(db)?;
    let mut known_seen = known_head.is_none();
    let head = walk(db, |row, head| {
        if let Some((seq, hash)) = known_head
            && seq == head.seq
        {
            ensure!(hash == head.hash, "row {seq} has another hash than the given head: the ledger was rewritten");
            known_seen = true;
        }
        replay.apply(row).with_context(|| format!("row {} does not follow from the ones before", row.seq))?;
        replay.orders.compare_when_many()
    })?;
    if let Some((seq, _)) = known_head {
        ensure!(known_seen, "the ledger ends at row {}, before the given head {seq}: its tail was cut off", head.seq);
    }
    let orders = replay.compare(db)?;
    Ok(Verified { rows: head.seq, orders, head })
}

impl Replay {
    fn of(db: &Db) -> Result<Self> {
        Ok(Self {
            products: BTreeMap::new(),
            drops: BTreeMap::new(),
            orders: Orders::new(db)?,
            unmatched: BTreeMap::new(),
            revoked: HashSet::new(),
        })
    }

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
                // Only an operator gives it to an order, and so it is stored.
                let payment = Payment { proof: Proof::Operator, ..payment.clone() };
                let unmatched = UnmatchedPayment { seq: row.seq, order: *order, payment, state: UnmatchedState::Open };
                self.unmatched.insert(row.seq, unmatched);
            }
            Fact::Unmatched { payment, step } => self.step_unmatched(*payment, step)?,
            Fact::UnmatchedDestinationGiven { payment } => {
                ensure!(self.unmatched.contains_key(payment), "row {payment} is no unmatched payment");
            }
            Fact::RefundDestinationGiven { order } => self.orders.require_placed(*order)?,
            Fact::AnotherTransfer { payment, .. } => {
                ensure!(*payment < row.seq, "row {payment} is no earlier payment");
            }
            Fact::TokenRevoked { jti } => {
                self.revoked.insert(*jti);
            }
            Fact::ClockAccepted { .. } => {}
        }
        Ok(())
    }

    fn step_unmatched(&mut self, seq: i64, step: &UnmatchedStep) -> Result<()> {
        let unmatched = self.unmatched.get_mut(&seq).with_context(|| format!("row {seq} is no unmatched payment"))?;
        match unmatched.state.after(step) {
            Ok(Some(after)) => unmatched.state = after,
            Ok(None) | Err(_) => bail!("the unmatched payment of row {seq} was decided before"),
        }
        Ok(())
    }

    fn apply_event(&mut self, row: &LedgerRow, event: &Event) -> Result<()> {
        let drop = row.entry.drop.context("an event of the sale names no drop")?;
        let (_, state) = self.drops.get_mut(&drop).context("an event names a drop that was never created")?;
        let mut record = self.orders.take(event)?;
        evolve(state, &mut record, event, row.at);
        state.forget_when_done(row.at);
        record.into_iter().for_each(|record| self.orders.put(record));
        Ok(())
    }

    /// Compares the replayed state with the tables. Returns the number of orders.
    fn compare(self, db: &Db) -> Result<i64> {
        let Self { products, drops, orders, unmatched, revoked } = self;
        let orders = orders.end()?;
        compare_drops(db, &drops, &orders)?;
        let stored: BTreeMap<i64, Product> =
            drops::products(db)?.into_iter().map(|product| (product.id, product)).collect();
        ensure!(stored == products, "the products are stored otherwise than the ledger says");
        for (table, replayed) in [
            ("orders", orders.orders),
            ("payments", orders.payments),
            ("refunds", orders.refunds),
            ("unmatched_payments", unmatched.len() as i64),
            ("revoked_tokens", revoked.len() as i64),
        ] {
            let stored: i64 = db.value(&format!("SELECT count(*) FROM {table}"))?;
            ensure!(stored == replayed, "{table} holds {stored} rows, the ledger gives {replayed}");
        }
        let stored: BTreeMap<_, _> = unmatched::all(db)?.into_iter().map(|found| (found.seq, found)).collect();
        ensure!(stored == unmatched, "the unmatched payments are stored otherwise than the ledger says");
        Ok(orders.orders)
    }
}

fn compare_drops(db: &Db, replayed: &BTreeMap<DropId, (Listing, DropState)>, orders: &Sums) -> Result<()> {
    let stored = drops::all(db)?;
    ensure!(stored.len() == replayed.len(), "{} drops are stored, the ledger has {}", stored.len(), replayed.len());
    for drop in stored {
        let id = drop.listing.terms.drop;
        let (listing, state) = replayed.get(&id).with_context(|| format!("drop {} is not in the ledger", id.0))?;
        ensure!(*listing == drop.listing, "drop {} is stored otherwise than it was created", id.0);
        let (status, stock) = (state.status(), state.stock());
        ensure!(status == drop.status, "drop {} is {:?}, the ledger says {status:?}", id.0, drop.status);
        ensure!(stock == drop.stock, "drop {} stores {:?}, the ledger gives {stock:?}", id.0, drop.stock);
        // The available units are the rest of the drop's size: `domain` asserts that of every stock.
        let [held, sold, withdrawn] = [stock.held, stock.sold, stock.withdrawn].map(i64::from);
        let counted = orders.units(id);
        ensure!(
            counted == Units { held, sold, withdrawn },
            "the orders of drop {} add up to {counted:?}, and not to {stock:?}",
            id.0
        );
    }
    Ok(())
}
