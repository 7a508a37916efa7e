//! Reading what is stored, as of the last commit.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use domain::{Jti, OrderCode, RefundState, Timestamp};
use engine::{Destination, KnownPayment, Payer, RefundId, RefundTransfer, Retry, StoredOrder, UnmatchedPayment};
use ledger::{LedgerRow, RowKind};
use libsql::params;

use super::known_transfers::{self, Referenced};
use super::ledger as rows;
use super::mail::{self, MailStop};
use super::orders::{self, OrderReader};
use super::outbox::{self, StoredDelivery};
use super::payouts::{self, PayableRefund, PayoutsUnderWay, StoredPayout};
use super::refunds::{self, Destinations, MoneyWaiting, OpenRefund};
use super::sqlite::{Db, Statement, bytes};
use super::webhooks::{self, StoredWebhook};
use super::{migrate, sale_file, sent, settled, unmatched};
use crate::statement::KnownTransfer;

/// A read-only connection with its statements.
pub struct ReadStore {
    begin: Statement,
    end: Statement,
    orders: OrderReader,
    destinations: Destinations,
    revoked: Statement,
    ledger_time: Statement,
    ledger_hash: Statement,
    log: PathBuf,
    db: Db,
}

impl ReadStore {
    pub fn open(folder: &Path) -> Result<Self> {
        let db = Db::open_for_read(&sale_file(folder))?;
        migrate::require_current(&db, migrate::SALE)?;
        Ok(Self {
            begin: db.prepare("BEGIN")?,
            end: db.prepare("END")?,
            orders: OrderReader::prepare(&db)?,
            destinations: Destinations::prepare(&db)?,
            revoked: db.prepare("SELECT 1 FROM revoked_tokens WHERE jti = ?")?,
            ledger_time: db.prepare("SELECT at FROM ledger WHERE seq = ?")?,
            ledger_hash: db.prepare("SELECT hash FROM ledger WHERE seq = ?")?,
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
        let Some(first) = orders::first_placed_from(&self.db, rows::first_since(&self.db, since)?)? else {
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
        rows::read(&self.db, after, max)
    }

    /// Rows after `after` up to `up_to` that are of one of these kinds.
    pub fn ledger_of_kinds(&self, after: i64, up_to: i64, kinds: &[RowKind]) -> Result<Vec<LedgerRow>> {
        rows::read_kinds(&self.db, after, up_to, kinds)
    }

    /// The time at which a row was written; `None` before that.
    pub fn ledger_time(&self, seq: i64) -> Result<Option<Timestamp>> {
        self.ledger_time.first([seq], |row| Ok(Timestamp(row.get(0)?)))
    }

    /// The hash of a row, which covers every row up to it; `None` before that.
    pub(crate) fn ledger_hash(&self, seq: i64) -> Result<Option<[u8; 32]>> {
        self.ledger_hash.first([seq], |row| bytes(row, 0))
    }

    /// The size of the write-ahead log. A reader that does not end, or a disk that fails, keeps it from being emptied.
    pub fn log_bytes(&self) -> Result<u64> {
        Ok(std::fs::metadata(&self.log).with_context(|| format!("cannot look at {}", self.log.display()))?.len())
    }

    pub fn outbox(&self, channel: &str) -> Result<(i64, Vec<Retry>)> {
        outbox::load(&self.db, channel)
    }

    /// What was given up and what waits for another try, of one channel or of all, the newest rows first.
    pub(crate) fn deliveries(&self, channel: Option<&str>, max: u32) -> Result<Vec<StoredDelivery>> {
        outbox::deliveries(&self.db, channel, max)
    }

    pub(crate) fn delivery(&self, channel: &str, seq: i64) -> Result<Option<StoredDelivery>> {
        outbox::delivery(&self.db, channel, seq)
    }

    /// How many effects each channel has given up.
    pub(crate) fn given_up_counts(&self) -> Result<Vec<(&'static str, i64)>> {
        outbox::given_up_counts(&self.db)
    }

    /// The ledger row that settled the last of the payments that paid the order; `None` before that.
    pub(crate) fn settled_row(&self, order: OrderCode) -> Result<Option<i64>> {
        settled::row(&self.db, order)
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

    /// Due refunds whose whole destination is known, oldest first.
    pub fn payable_refunds(&self, max: u32) -> Result<Vec<PayableRefund>> {
        payouts::payable(&self.db, max)
    }

    pub fn payouts_under_way(&self) -> Result<PayoutsUnderWay> {
        payouts::under_way(&self.db)
    }

    /// An attempt to pay a refund out, as it was stored before the provider was asked.
    pub fn payout(&self, refund: RefundId, attempt: u32) -> Result<Option<StoredPayout>> {
        payouts::stored(&self.db, refund, attempt)
    }

    /// The state of a refund, if there is one.
    pub fn refund_state(&self, refund: RefundId) -> Result<Option<RefundState>> {
        sent::state(&self.db, refund)
    }

    /// The bank's reference of a refund that was sent and did not fail.
    pub fn sent_reference(&self, refund: RefundId) -> Result<Option<String>> {
        sent::reference(&self.db, refund)
    }

    /// Every payment of this reference, in any spelling, and the ledger row up to which it was looked for.
    pub fn payments_of_reference(&self, reference: &str) -> Result<(i64, Vec<KnownPayment>)> {
        Ok((rows::head(&self.db)?.seq, known_transfers::of_reference(&self.db, reference)?))
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

    /// The one that the ledger row `seq` recorded.
    pub(crate) fn unmatched_payment(&self, seq: i64) -> Result<Option<UnmatchedPayment>> {
        unmatched::one(&self.db, seq)
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
