//! The database of the sale, and all SQL that reads or writes it.
//!
//! [`WriteStore`] is the one connection that commits and checkpoints. The writer owns it, and it cannot be cloned. A
//! [`ReadStore`] cannot write.

mod bind;
mod drops;
mod endpoints;
mod file_modes;
mod known_transfers;
mod ledger;
mod lock;
mod log_owner;
mod mail;
mod meta;
mod migrate;
mod orders;
pub(crate) mod outbox;
mod payouts;
mod read;
mod records;
mod refunds;
mod restore;
mod sent;
mod settled;
mod sqlite;
mod unmatched;
mod verify;
pub(crate) mod views;
mod webhooks;

use std::path::{Path, PathBuf};

use ::ledger::{Entry, Fact, Head, Listing, Product};
use anyhow::{Context, Result, bail, ensure};
use domain::{DropState, Event, Jti, OrderCode, Timestamp};
use engine::{Changes, RefundId};
use libsql::params;

use crate::failpoint::{self, Point};

pub use file_modes::require_private;
pub use known_transfers::Referenced;
pub use lock::FolderLock;
pub(crate) use mail::MailStop;
pub use meta::StoredClock;
pub(crate) use outbox::{NextTry, StoredDelivery};
pub use payouts::{PayableRefund, PayoutsUnderWay, StoredPayout};
pub use read::ReadStore;
pub use refunds::{MoneyWaiting, OpenRefund, OpenStep};
pub use verify::{Verified, verify};
#[cfg(test)]
pub(crate) use views::views_file;
pub use views::{Checked as CheckedHistory, check_history};
pub use webhooks::StoredWebhook;

use self::drops::DropWriter;
use self::endpoints::EndpointWriter;
use self::ledger::Ledger;
use self::mail::MailWriter;
use self::meta::ClockRow;
use self::orders::{OrderReader, OrderWriter};
use self::outbox::OutboxWriter;
use self::payouts::PayoutWriter;
use self::refunds::{Destinations, RefundWriter};
use self::sqlite::{Db, Statement};
use self::unmatched::UnmatchedWriter;
use self::webhooks::WebhookWriter;

/// The database of the sale inside a data folder.
pub fn sale_file(folder: &Path) -> PathBuf {
    folder.join("sale.db")
}

pub struct WriteStore {
    begin: Statement,
    commit: Statement,
    ledger: Ledger,
    orders: OrderWriter,
    reads: OrderReader,
    drops: DropWriter,
    outbox: OutboxWriter,
    payouts: PayoutWriter,
    refunds: RefundWriter,
    unmatched: UnmatchedWriter,
    mail: MailWriter,
    webhooks: WebhookWriter,
    endpoints: EndpointWriter,
    destinations: Destinations,
    revoke: Statement,
    clock: ClockRow,
    description_salt: [u8; 16],
    path: PathBuf,
    // Last, so that every statement is finalised before its connection closes.
    db: Db,
}

impl WriteStore {
    /// Opens the database, or creates it, and brings its tables up to date.
    ///
    /// `source` names this start of the writer in every ledger row it appends.
    pub fn open(folder: &Path, origin_no: u8, source: u64, now: Timestamp) -> Result<Self> {
        let path = sale_file(folder);
        let unusable = format!("the database {} cannot be used", path.display());
        Self::open_file(path, origin_no, source, now).context(unusable)
    }

    fn open_file(path: PathBuf, origin_no: u8, source: u64, now: Timestamp) -> Result<Self> {
        log_owner::require_own_log(&path)?;
        let db = Db::open_for_write(&path)?;
        migrate::migrate(&db, now, migrate::SALE).context("its tables cannot be brought up to date")?;
        meta::claim_for_origin(&db, origin_no)?;
        meta::prove_writable(&db, now)?;
        log_owner::claim_log(&db, &path)?;
        let mut store = Self {
            begin: db.prepare("BEGIN IMMEDIATE")?,
            commit: db.prepare("COMMIT")?,
            ledger: Ledger::open(&db, source.cast_signed())?,
            orders: OrderWriter::prepare(&db)?,
            reads: OrderReader::prepare(&db)?,
            drops: DropWriter::prepare(&db)?,
            outbox: OutboxWriter::prepare(&db)?,
            payouts: PayoutWriter::prepare(&db)?,
            refunds: RefundWriter::prepare(&db)?,
            unmatched: UnmatchedWriter::prepare(&db)?,
            mail: MailWriter::prepare(&db)?,
            webhooks: WebhookWriter::prepare(&db)?,
            endpoints: EndpointWriter::prepare(&db)?,
            destinations: Destinations::prepare(&db)?,
            revoke: db.prepare("INSERT OR IGNORE INTO revoked_tokens VALUES (?)")?,
            clock: ClockRow::open(&db)?,
            description_salt: meta::description_salt(&db)?,
            path,
            db,
        };
        bind::bind_old(&mut store, now)?;
        Ok(store)
    }

    /// Keys digests of transfer descriptions; the same for the life of the database.
    pub fn description_salt(&self) -> [u8; 16] {
        self.description_salt
    }

    pub fn head(&self) -> Head {
        self.ledger.head()
    }

    /// The sale's clock as it was stored last.
    pub fn stored_clock(&self) -> Option<StoredClock> {
        self.clock.stored()
    }

    pub fn store_clock(&mut self, clock: StoredClock) -> Result<()> {
        self.clock.put(clock).with_context(|| format!("the clock could not be written to {}", self.path.display()))
    }

    /// Reads every drop. `token` gets the token of each order placed since `tokens_since`, by ascending code.
    pub fn load_drops(
        &self,
        now: Timestamp,
        tokens_since: Timestamp,
        token: impl FnMut(Jti, OrderCode),
    ) -> Result<Vec<(Listing, DropState)>> {
        restore::drops(&self.db, &self.path, now, tokens_since, token)
    }

    pub fn load_products(&self) -> Result<Vec<Product>> {
        drops::products(&self.db)
    }

    /// The number of the last list of transfers.
    pub fn last_refund_batch(&self) -> Result<u64> {
        refunds::last_batch(&self.db)
    }

    /// The highest order code that is stored.
    pub fn last_order_code(&self) -> Result<Option<OrderCode>> {
        Ok(restore::last_order_code(&self.db)?.map(|code| OrderCode(code.cast_unsigned())))
    }

    /// Writes a batch and syncs it. After an error it is not known what is on disk, so the caller must stop the
    /// process.
    pub fn commit(&mut self, now: Timestamp, changes: &Changes) -> Result<()> {
        self.write(now, changes).with_context(|| format!("a batch could not be written to {}", self.path.display()))
    }

    fn write(&mut self, now: Timestamp, changes: &Changes) -> Result<()> {
        self.begin.execute(())?;
        let mut placed = Vec::with_capacity(changes.placed.len());
        for entry in &changes.entries {
            let seq = self.ledger.append(now, entry)?;
            self.apply(now, entry, seq)?;
            if let Fact::Sale(Event::OrderPlaced { .. }) = entry.fact {
                placed.push(seq);
            }
        }
        ensure!(
            placed.len() == changes.placed.len(),
            "the batch has another number of orders than of events that place them"
        );
        for (seq, order) in placed.into_iter().zip(&changes.placed) {
            self.orders.insert(seq, order)?;
        }
        for record in &changes.changed {
            self.orders.update(record)?;
        }
        for counters in &changes.drops {
            self.drops.counters(counters)?;
        }
        for progress in &changes.progress {
            self.outbox.record(progress)?;
        }
        for webhook in &changes.webhooks {
            self.webhooks.insert(webhook)?;
        }
        for given in &changes.destinations {
            self.refunds.put_destination(given)?;
        }
        for listed in &changes.transfers {
            self.refunds.insert_transfer(listed)?;
        }
        self.endpoints.record(&changes.endpoints)?;
        for payout in &changes.payouts {
            self.payouts.insert(payout, now)?;
        }
        if let Some(step_ms) = changes.clock_step_ms {
            self.clock.step(step_ms)?;
        }
        failpoint::reached(Point::Written);
        self.commit.execute(())?;
        Ok(())
    }

    fn apply(&self, now: Timestamp, entry: &Entry, seq: i64) -> Result<()> {
        match &entry.fact {
            Fact::ProductCreated(product) => self.drops.product(product),
            Fact::DropCreated(listing) => self.drops.listing(listing),
            Fact::Sale(event) => self.orders.apply(event, now, seq),
            Fact::PaymentUnmatched { order, payment } => self.unmatched.insert(*order, payment, now, seq),
            Fact::RefundDestinationGiven { .. }
            | Fact::UnmatchedDestinationGiven { .. }
            | Fact::AnotherTransfer { .. }
            | Fact::WebhookUnreadable { .. }
            | Fact::Endpoint { .. }
            | Fact::ClockAccepted { .. } => Ok(()),
            Fact::DeliveryRetried { channel, row } => self.outbox.retry(channel, *row, now),
            Fact::RefundApproved { order, number, account } => {
                self.payouts.approve(RefundId::Order(*order, *number), *account, &entry.operator)
            }
            Fact::UnmatchedRefundApproved { payment, account } => {
                self.payouts.approve(RefundId::Unmatched(*payment), *account, &entry.operator)
            }
            Fact::PayoutsPaused => self.payouts.pause(seq),
            Fact::PayoutsResumed => self.payouts.resume(),
            Fact::TokenRevoked { jti } => {
                self.revoke.execute(params![jti.0.to_vec()])?;
                Ok(())
            }
            Fact::OrderLinkAsked { .. } => Ok(()),
            Fact::MailStopped { order, reply } => self.mail.stop(*order, *reply, now),
            Fact::MailAllowed { order } => self.mail.allow(*order),
            Fact::Unmatched { payment, step } => self.unmatched.step(*payment, step, now),
        }
    }

    /// Moves the whole WAL into the database file, for a clean stop.
    pub fn checkpoint(&self) -> Result<()> {
        if !self.db.empty_log()? {
            bail!("a reader kept the write-ahead log from being emptied; it is replayed at the next start");
        }
        failpoint::reached(Point::Checkpointed);
        Ok(())
    }
}

/// Changes a stored row without a ledger row, as a broken disk or a forger would.
#[cfg(test)]
pub(crate) fn tamper(file: &Path, sql: &str) -> Result<()> {
    let pragmas = "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; PRAGMA synchronous = OFF;";
    Db::open_for_write(file)?.batch(&format!("{pragmas} {sql}"))
}

/// The tables of a database with their columns.
#[cfg(test)]
pub(crate) fn tables(file: &Path) -> Result<std::collections::BTreeMap<String, Vec<String>>> {
    let db = Db::open_for_read(file)?;
    let tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let columns = db.prepare("SELECT name FROM pragma_table_info(?)")?;
    let tables: Vec<String> = tables.rows((), |row| Ok(row.get(0)?))?;
    tables.into_iter().map(|table| Ok((table.clone(), columns.rows([table], |row| Ok(row.get(0)?))?))).collect()
}

/// What a query finds.
#[cfg(test)]
pub(crate) fn rows(file: &Path, sql: &str) -> Result<Vec<Vec<libsql::Value>>> {
    let db = Db::open_for_read(file)?;
    let select = db.prepare(sql)?;
    select.rows((), |row| (0..row.column_count()).map(|column| Ok(row.get_value(column)?)).collect())
}
