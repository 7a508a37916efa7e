//! Checks the database against its ledger: the hash chain is whole, replaying it gives everything that is stored, every
//! buyer and every account that money goes to is the one that the ledger committed to, and units and money add up.

mod account;
mod endpoints;
mod lists;
mod order;
mod orders;
mod payouts;
mod tables;
mod unmatched;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use domain::{DropId, DropState, Event, Jti, OrderCode, Timestamp, could_be_created, could_follow, evolve};
use engine::RefundId;
use ledger::{Fact, Head, LedgerRow, Listing, Product};

use super::drops;
use super::ledger::walk;
use super::log_owner;
use super::mail;
use super::migrate;
use super::sale_file;
use super::sqlite::{Db, bytes};
use super::webhooks;

use self::endpoints::Endpoints;
use self::lists::Lists;
use self::order::{Beside, Order};
use self::orders::{Orders, Sums, Units};
use self::payouts::{Begun, Payouts};
use self::unmatched::Unmatched;

/// What [`verify`] has checked without finding a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    pub rows: i64,
    pub orders: i64,
    pub head: Head,
}

/// The state that follows from the ledger.
struct Replay<'a> {
    db: &'a Db,
    products: BTreeMap<i64, Product>,
    drops: BTreeMap<DropId, (Listing, DropState)>,
    orders: Orders,
    unmatched: Unmatched,
    lists: Lists,
    payouts: Payouts,
    revoked: BTreeSet<Jti>,
    /// The SMTP reply code, and when it came.
    mail_stops: BTreeMap<OrderCode, (u16, Timestamp)>,
    unreadable_webhooks: Vec<(i64, [u8; 32])>,
    endpoints: Endpoints,
}

/// Checks the database in `folder`. `known_head` is a head of the chain that an operator kept elsewhere. With it, the
/// check also finds rows that were cut off the end, and a chain that was rewritten.
pub fn verify(folder: &Path, known_head: Option<(i64, [u8; 32])>) -> Result<Verified> {
    log_owner::require_own_log(&sale_file(folder))?;
    let db = Db::open_for_read(&sale_file(folder))?;
    // This release can say nothing of tables that it cannot read.
    migrate::require_current(&db, migrate::SALE)?;
    // The whole check reads the file as of one moment: an origin may go on selling meanwhile.
    db.prepare("BEGIN")?.execute(())?;
    check(&db, known_head).context("the ledger does not verify")
}

fn check(db: &Db, known_head: Option<(i64, [u8; 32])>) -> Result<Verified> {
    tables::check_schema(db)?;
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
    let orders = replay.compare()?;
    tables::check_outbox(db, &head)?;
    tables::check_meta(db)?;
    Ok(Verified { rows: head.seq, orders, head })
}

impl<'a> Replay<'a> {
    fn of(db: &'a Db) -> Result<Self> {
        Ok(Self {
            db,
            products: BTreeMap::new(),
            drops: BTreeMap::new(),
            orders: Orders::new(db)?,
            unmatched: Unmatched::default(),
            lists: Lists::default(),
            payouts: Payouts::default(),
            revoked: BTreeSet::new(),
            mail_stops: BTreeMap::new(),
            unreadable_webhooks: Vec::new(),
            endpoints: Endpoints::default(),
        })
    }

    fn apply(&mut self, row: &LedgerRow) -> Result<()> {
        match &row.entry.fact {
            Fact::ProductCreated(product) => {
                let before = self.products.insert(product.id, product.clone());
                ensure!(before.is_none(), "product {} was created before", product.id);
            }
            Fact::DropCreated(listing) => self.create(row, listing)?,
            Fact::Sale(event) => self.apply_event(row, event)?,
            Fact::PaymentUnmatched { order, payment } => self.unmatched.arrived(row.seq, *order, payment, row.at),
            Fact::Unmatched { payment, step } => {
                self.unmatched.step(self.db, *payment, step, row.at, &mut self.lists, &mut self.payouts)?;
            }
            Fact::UnmatchedDestinationGiven { payment, account } => self.unmatched.give(*payment, *account)?,
            Fact::RefundDestinationGiven { order, account } => {
                let mut order = self.orders.find(*order)?;
                order.beside.account.give(*account)?;
                self.orders.put(order);
            }
            Fact::AnotherTransfer { payment, .. } => {
                ensure!((1..row.seq).contains(payment), "row {payment} is no earlier payment");
            }
            Fact::OrderLinkAsked { order } => self.require_order(*order)?,
            Fact::MailStopped { order, reply } => {
                self.require_order(*order)?;
                self.mail_stops.insert(*order, (*reply, row.at));
            }
            Fact::MailAllowed { order } => {
                self.mail_stops.remove(order);
            }
            Fact::WebhookUnreadable { digest } => self.unreadable_webhooks.push((row.seq, *digest)),
            Fact::RefundApproved { order, number, account } => {
                self.require_order(*order)?;
                self.payouts.approve(self.db, RefundId::Order(*order, *number), *account, &row.entry.operator)?;
            }
            Fact::UnmatchedRefundApproved { payment, account } => {
                self.payouts.approve(self.db, RefundId::Unmatched(*payment), *account, &row.entry.operator)?;
            }
            Fact::PayoutsPaused => self.payouts.pause(Some(row.seq))?,
            Fact::PayoutsResumed => self.payouts.pause(None)?,
            Fact::TokenRevoked { jti } => {
                self.revoked.insert(*jti);
            }
            Fact::Endpoint { number, step } => self.endpoints.step(*number, step, row.seq)?,
            Fact::DeliveryRetried { row: owing, .. } => {
                ensure!((1..row.seq).contains(owing), "row {owing} is no earlier row");
            }
            Fact::ClockAccepted { .. } => {}
        }
        Ok(())
    }

    fn require_order(&mut self, order: OrderCode) -> Result<()> {
        let found = self.orders.find(order)?;
        self.orders.put(found);
        Ok(())
    }

    fn create(&mut self, row: &LedgerRow, listing: &Listing) -> Result<()> {
        let drop = listing.terms.drop;
        could_be_created(&listing.terms)?;
        ensure!(row.entry.drop == Some(drop), "it is a row of another drop");
        ensure!(self.products.get(&listing.product.id) == Some(&listing.product), "it sells no product that there is");
        let state = DropState::created(listing.terms.clone());
        ensure!(self.drops.insert(drop, (listing.clone(), state)).is_none(), "drop {} was created before", drop.0);
        Ok(())
    }

    fn apply_event(&mut self, row: &LedgerRow, event: &Event) -> Result<()> {
        let drop = row.entry.drop.context("an event of the sale names no drop")?;
        let (_, state) = self.drops.get_mut(&drop).context("an event names a drop that was never created")?;
        let taken = self.orders.take(event)?;
        could_follow(state, taken.as_ref().map(|order| &order.record), event, row.at)?;
        let (mut record, mut beside) = match taken {
            Some(Order { record, beside }) => (Some(record), beside),
            None => (None, Beside::default()),
        };
        evolve(state, &mut record, event, row.at);
        state.forget_when_done(row.at);
        let Some(record) = record else { return Ok(()) };
        beside.follow(event, row.seq, row.at);
        let amount = |number: u32| {
            let refund = record.refunds.iter().find(|refund| refund.number == number);
            Ok::<_, anyhow::Error>(refund.context("it sends no refund that there is")?.amount)
        };
        match event {
            Event::RefundBatched { number, batch, .. } => {
                let line = (amount(*number)?, beside.account.on_list(row.at)?);
                self.lists.add(self.db, *batch, RefundId::Order(record.order, *number), line)?;
            }
            Event::RefundPaying { number, attempt, payout, .. } => {
                let refund = RefundId::Order(record.order, *number);
                let (attempt, payout, amount, account) = (*attempt, *payout, amount(*number)?, beside.account);
                self.payouts.begin(self.db, &Begun { refund, attempt, payout, amount, account }, row.at)?;
            }
            _ => {}
        }
        self.orders.put(Order { record, beside });
        Ok(())
    }

    /// Compares the replayed state with the tables. Returns the number of orders.
    fn compare(self) -> Result<i64> {
        let Self {
            db,
            products,
            drops,
            orders,
            unmatched,
            mut lists,
            payouts,
            revoked,
            mail_stops,
            unreadable_webhooks,
            endpoints,
        } = self;
        let orders = orders.end()?;
        lists.compare(db)?;
        let stored: BTreeMap<i64, Product> =
            drops::products(db)?.into_iter().map(|product| (product.id, product)).collect();
        ensure!(stored == products, "the products are stored otherwise than the ledger says");
        compare_drops(db, &drops, &orders)?;
        unmatched.compare(db)?;
        endpoints.compare(db)?;
        payouts.compare(db)?;
        for (table, told) in [
            ("orders", orders.orders),
            ("links", orders.links),
            ("payments", orders.payments),
            ("refunds", orders.refunds),
            ("refund_destinations", orders.destinations),
            ("refund_transfers", lists.of_orders),
            ("unmatched_payments", unmatched.count()),
            ("unmatched_destinations", unmatched.destinations()),
            ("unmatched_transfers", lists.of_unmatched),
            ("drops", drops.len() as i64),
            ("drop_counters", drops.len() as i64),
            ("revoked_tokens", revoked.len() as i64),
        ] {
            tables::require_count(db, table, told)?;
        }
        let stored = db.prepare("SELECT jti FROM revoked_tokens")?.rows((), |row| Ok(Jti(bytes(row, 0)?)));
        let stored: BTreeSet<Jti> = stored.context("revoked_tokens cannot be read")?.into_iter().collect();
        ensure!(stored == revoked, "revoked_tokens names other tokens than the ledger");
        let stops = mail::stops(db).context("mail_stops cannot be read")?;
        let stored: BTreeMap<_, _> = stops.into_iter().map(|stop| (stop.order, (stop.reply, stop.at))).collect();
        ensure!(stored == mail_stops, "mail_stops holds other orders than the ledger");
        webhooks::compare(db, &unreadable_webhooks)?;
        Ok(orders.orders)
    }
}

fn compare_drops(db: &Db, replayed: &BTreeMap<DropId, (Listing, DropState)>, orders: &Sums) -> Result<()> {
    let stored = drops::all(db).context("drops, drop_counters and products cannot be read")?;
    ensure!(
        stored.len() == replayed.len(),
        "drops, drop_counters: {} are stored together, the ledger has {}",
        stored.len(),
        replayed.len()
    );
    for drop in stored {
        let id = drop.listing.terms.drop;
        let (listing, state) =
            replayed.get(&id).with_context(|| format!("drops: drop {} is not in the ledger", id.0))?;
        ensure!(*listing == drop.listing, "drops: drop {} is stored otherwise than it was created", id.0);
        let (status, stock) = (state.status(), state.stock());
        ensure!(status == drop.status, "drop_counters: drop {} is {:?}, the ledger says {status:?}", id.0, drop.status);
        ensure!(
            stock == drop.stock,
            "drop_counters: drop {} stores {:?}, the ledger gives {stock:?}",
            id.0,
            drop.stock
        );
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
