//! The database of the sale, and all SQL that reads or writes it.
//!
//! [`WriteStore`] is the one connection that commits and checkpoints. The writer owns it, and it cannot be cloned. A
//! [`ReadStore`] cannot write.

mod bind;
mod drops;
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
mod records;
mod refunds;
mod restore;
mod sent;
mod sqlite;
mod unmatched;
mod verify;
mod webhooks;

use std::path::{Path, PathBuf};

use ::ledger::{Entry, Fact, Head, LedgerRow, Listing, Product, RowKind};
use anyhow::{Context, Result, bail, ensure};
use domain::{DropState, Event, Jti, OrderCode, Timestamp};
use engine::{
    Changes, Destination, KnownPayment, Payer, RefundId, RefundTransfer, Retry, StoredOrder, UnmatchedPayment,
};
use libsql::params;

use crate::failpoint::{self, Point};
use crate::statement::KnownTransfer;

pub use file_modes::require_private;
pub use known_transfers::Referenced;
pub use lock::FolderLock;
pub(crate) use mail::MailStop;
pub use meta::StoredClock;
pub use refunds::{MoneyWaiting, OpenRefund};
pub use verify::{Verified, verify};
pub use webhooks::StoredWebhook;

use self::drops::DropWriter;
use self::ledger::Ledger;
use self::mail::MailWriter;
use self::meta::ClockRow;
use self::orders::{OrderReader, OrderWriter};
use self::outbox::OutboxWriter;
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
    refunds: RefundWriter,
    unmatched: UnmatchedWriter,
    mail: MailWriter,
    webhooks: WebhookWriter,
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
        migrate::migrate(&db, now).context("its tables cannot be brought up to date")?;
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
            refunds: RefundWriter::prepare(&db)?,
            unmatched: UnmatchedWriter::prepare(&db)?,
            mail: MailWriter::prepare(&db)?,
            webhooks: WebhookWriter::prepare(&db)?,
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
            | Fact::ClockAccepted { .. } => Ok(()),
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

/// A read-only connection with its statements.
pub struct ReadStore {
    begin: Statement,
    end: Statement,
    orders: OrderReader,
    destinations: Destinations,
    revoked: Statement,
    ledger_time: Statement,
    log: PathBuf,
    db: Db,
}

impl ReadStore {
    pub fn open(folder: &Path) -> Result<Self> {
        let db = Db::open_for_read(&sale_file(folder))?;
        migrate::require_current(&db)?;
        Ok(Self {
            begin: db.prepare("BEGIN")?,
            end: db.prepare("END")?,
            orders: OrderReader::prepare(&db)?,
            destinations: Destinations::prepare(&db)?,
            revoked: db.prepare("SELECT 1 FROM revoked_tokens WHERE jti = ?")?,
            ledger_time: db.prepare("SELECT at FROM ledger WHERE seq = ?")?,
            log: sale_file(folder).with_extension("db-wal"),
            db,
        })
    }

    /// Everything that `read` reads is of one moment. Reading an order takes several queries. A batch that commits
    /// between two of them would show a link without its facts, or money without its payment.
    pub fn at_one_moment<T>(&self, read: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        self.begin.execute(())?;
        let read = read(self);
        let ended = self.end.execute(());
        // The first failure is the one worth reporting.
        let read = read?;
        ended?;
        Ok(read)
    }

    pub fn load_order(&self, order: OrderCode) -> Result<Option<StoredOrder>> {
        self.orders.load(order)
    }

    /// Orders placed since `since` whose link was asked for, ascending after `after`.
    pub fn orders_with_links(&self, since: Timestamp, after: OrderCode, max: u32) -> Result<Vec<OrderCode>> {
        let Some(first) = orders::first_placed_from(&self.db, ledger::first_since(&self.db, since)?)? else {
            return Ok(Vec::new());
        };
        let from = first.0.max(after.0.saturating_add(1));
        let select = self.db.prepare(
            "SELECT order_code FROM orders WHERE order_code >= ? AND link_state IN (1, 2, 3)
             ORDER BY order_code LIMIT ?",
        )?;
        select.rows((from.cast_signed(), max), |row| Ok(OrderCode(row.get::<i64>(0)?.cast_unsigned())))
    }

    pub fn ledger_after(&self, after: i64, max: u32) -> Result<Vec<LedgerRow>> {
        ledger::read(&self.db, after, max)
    }

    /// Rows after `after` up to `up_to` that are of one of these kinds.
    pub fn ledger_of_kinds(&self, after: i64, up_to: i64, kinds: &[RowKind]) -> Result<Vec<LedgerRow>> {
        ledger::read_kinds(&self.db, after, up_to, kinds)
    }

    /// The time at which a row was written; `None` before that.
    pub fn ledger_time(&self, seq: i64) -> Result<Option<Timestamp>> {
        self.ledger_time.first([seq], |row| Ok(Timestamp(row.get(0)?)))
    }

    /// The size of the write-ahead log. A reader that does not end, or a disk that fails, keeps it from being emptied.
    pub fn log_bytes(&self) -> Result<u64> {
        Ok(std::fs::metadata(&self.log).with_context(|| format!("cannot look at {}", self.log.display()))?.len())
    }

    pub fn outbox(&self, channel: &str) -> Result<(i64, Vec<Retry>)> {
        outbox::load(&self.db, channel)
    }

    /// The destination of a refund, and the time from which it may be used.
    pub fn refund_destination(&self, payer: Payer) -> Result<Option<(Destination, Timestamp)>> {
        self.destinations.of(payer)
    }

    /// Refunds that are due or under way, oldest first.
    pub fn open_refunds(&self) -> Result<Vec<OpenRefund>> {
        refunds::open(&self.db)
    }

    /// A list of transfers as it was exported.
    pub fn refund_transfers(&self, batch: u64) -> Result<Vec<RefundTransfer>> {
        refunds::transfers(&self.db, batch)
    }

    /// The bank's reference of a refund that was sent and did not fail.
    pub fn sent_reference(&self, refund: RefundId) -> Result<Option<String>> {
        sent::reference(&self.db, refund)
    }

    /// Every payment of this reference, in any spelling, and the ledger row up to which it was looked for.
    pub fn payments_of_reference(&self, reference: &str) -> Result<(i64, Vec<KnownPayment>)> {
        Ok((ledger::head(&self.db)?.seq, known_transfers::of_reference(&self.db, reference)?))
    }

    /// Payments of references that the ledger knows more than once, for at most `max` references.
    pub fn references_known_more_than_once(&self, max: usize) -> Result<Vec<Vec<Referenced>>> {
        known_transfers::more_than_once(&self.db, max)
    }

    /// Every transfer that the ledger counts.
    pub fn known_transfers(&self) -> Result<Vec<KnownTransfer>> {
        known_transfers::all(&self.db)
    }

    /// Payments that named no order, in every state, oldest first.
    pub fn unmatched_payments(&self) -> Result<Vec<UnmatchedPayment>> {
        unmatched::all(&self.db)
    }

    /// Orders whose address takes no mail, oldest first.
    pub(crate) fn mail_stops(&self) -> Result<Vec<MailStop>> {
        mail::stops(&self.db)
    }

    /// Whether a mail server has refused this address for good.
    pub fn takes_no_mail(&self, email: &str) -> Result<bool> {
        mail::is_stopped(&self.db, email)
    }

    /// Signed webhooks that report no money which could be recorded, oldest first.
    pub fn unreadable_webhooks(&self) -> Result<Vec<StoredWebhook>> {
        webhooks::all(&self.db)
    }

    pub fn money_waiting(&self) -> Result<MoneyWaiting> {
        refunds::waiting(&self.db)
    }

    pub fn is_revoked(&self, jti: Jti) -> Result<bool> {
        Ok(self.revoked.first(params![jti.0.to_vec()], |_| Ok(()))?.is_some())
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
