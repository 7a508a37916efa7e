//! Writes what becomes of orders into a Google sheet: a row for each change of an order, known again by its `seq`.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use anyhow::{Context, Result};
use domain::{Event, OrderCode, Timestamp};
use engine::StoredOrder;
use ledger::{Fact, LedgerRow};
use serde_json::Value;
use tokio::sync::Mutex;
use tracing::{error, info, warn};

use super::feed::{Feed, Settings, Taken};
use crate::metrics::Metrics;
use crate::ports::Ports;
use crate::sheets::{CallError, Line, Sheet, SheetsSettings, header, is_header};
use crate::store::ReadStore;
use crate::store::outbox::SHEETS;

/// With their buyers about 100 KB, of the 2 MB that Google recommends as the most (developers.google.com/sheets/api/limits).
const PAGE_ROWS_MAX: usize = 500;
/// Google takes 60 writes a minute of one account (same page), which may write other sheets too.
const PAGE_EVERY: Duration = Duration::from_secs(6);

/// Orders read in one go: about a millisecond of a reader's time, so that pages of shoppers do not wait for it.
const ORDERS_MAX: usize = 64;

pub(crate) struct SheetOfOrders {
    ports: Ports,
    sheet: Sheet,
    known: Mutex<Known>,
}

/// What is known of the sheet.
#[derive(Default)]
struct Known {
    /// Its first row was looked at, and is the header.
    header: bool,
    /// The rows of the ledger that it has already, from the page's first on. `None` at the start and after an answer was
    /// lost.
    present: Option<BTreeSet<i64>>,
}

/// What a row of the ledger changed of an order.
struct Change {
    seq: i64,
    at: Timestamp,
    order: OrderCode,
    event: &'static str,
    refund: Option<u32>,
}

impl Feed for SheetOfOrders {
    fn settings(&self) -> Settings {
        Settings {
            name: SHEETS.name,
            rows: SHEETS.rows,
            page_rows_max: PAGE_ROWS_MAX,
            page_every: PAGE_EVERY,
            retry_ms_max: 300_000,
        }
    }

    async fn take(&self, page: &[LedgerRow]) -> Result<Taken> {
        let (Some(first), Some(last)) = (page.first(), page.last()) else { return Ok(Taken::Whole) };
        let mut known = self.known.lock().await;
        match self.add(&mut known, page, first.seq).await {
            Ok(Some(())) => {
                // What a start repeats may be more than one page.
                known.present = known.present.take().map(|mut present| present.split_off(&(last.seq + 1)));
                self.count("appended");
                Ok(Taken::Whole)
            }
            Ok(None) => Ok(Taken::Refused),
            Err(Failure::Call(error)) => Ok(self.failed(&mut known, error)),
            Err(Failure::Here(error)) => Err(error),
        }
    }
}

enum Failure {
    Call(CallError),
    /// On this machine, and not at Google.
    Here(anyhow::Error),
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl SheetOfOrders {
    pub(crate) fn new(ports: Ports, settings: SheetsSettings) -> Result<Self> {
        let sheet =
            Sheet::new(settings, ports.clock.clone()).context("the settings of the Google sheet cannot be used")?;
        info!(account = sheet.account().email(), "orders go into a Google sheet, which is shared with this account");
        Ok(Self { ports, sheet, known: Mutex::default() })
    }

    /// Adds what the sheet does not have yet. `None` when it is another sheet.
    async fn add(&self, known: &mut Known, page: &[LedgerRow], first: i64) -> Result<Option<()>, Failure> {
        if !known.header && !self.has_header().await? {
            return Ok(None);
        }
        known.header = true;
        let present = match &mut known.present {
            Some(present) => present,
            unread => unread.insert(self.sheet.markers(first..).await?),
        };
        if let Some(seq) = present.last().filter(|seq| **seq > *self.ports.writer.ledger_seq().borrow()) {
            let tab = self.sheet.tab();
            error!(tab, seq, "this sheet has a row that the ledger does not have; it belongs to another one");
            self.count("another_ledger");
            *known = Known::default();
            return Ok(None);
        }
        let new = page.iter().filter(|row| !present.contains(&row.seq));
        let rows = self.rows(new.filter_map(change).collect()).await.map_err(Failure::Here)?;
        if !rows.is_empty() {
            // Until the answer is there, it is not known whether they are.
            let present = known.present.take();
            let appended = self.sheet.append(rows).await;
            if !matches!(appended, Err(CallError::Unknown { .. })) {
                known.present = present;
            }
            appended?;
        }
        Ok(Some(()))
    }

    /// Whether the sheet has the header; an empty one gets it.
    async fn has_header(&self) -> Result<bool, CallError> {
        let first_row = self.sheet.first_row().await?;
        if first_row.is_empty() {
            self.sheet.write_header().await?;
            return Ok(true);
        }
        let personal = self.sheet.personal();
        let ours = is_header(&first_row, personal);
        if !ours {
            let expected = header(personal).join(", ");
            error!(tab = self.sheet.tab(), expected, "this sheet has another header; nothing is written into it");
            self.count("another_header");
        }
        Ok(ours)
    }

    fn failed(&self, known: &mut Known, error: CallError) -> Taken {
        match error {
            CallError::NotNow { reason, after } => {
                self.count("not_now");
                warn!(reason, "Google Sheets does not take rows now; trying again");
                Taken::Later { after }
            }
            CallError::Unknown { reason, after } => {
                self.count("unknown");
                warn!(reason, "whether Google Sheets took rows is not known; reading them before the next try");
                Taken::Later { after }
            }
            CallError::Refused { reason } => {
                self.count("refused");
                let account = self.sheet.account().email();
                let tab = self.sheet.tab();
                error!(reason, account, tab, "Google Sheets refuses the rows; is the sheet shared with this account?");
                *known = Known::default();
                Taken::Refused
            }
        }
    }

    /// The rows of the sheet, each as its order stands now.
    async fn rows(&self, changes: Vec<Change>) -> Result<Vec<Vec<Value>>> {
        let mut rows = Vec::with_capacity(changes.len());
        for changes in changes.chunks(ORDERS_MAX) {
            let codes: BTreeSet<OrderCode> = changes.iter().map(|change| change.order).collect();
            let read = move |store: &ReadStore| {
                let load = |code| store.load_order(code)?.with_context(|| format!("order {code} is not stored"));
                codes.into_iter().map(|code| Ok((code, load(code)?))).collect()
            };
            let orders: HashMap<OrderCode, StoredOrder> = self.ports.reader.read(read).await?;
            let published = self.ports.writer.published();
            for change in changes {
                let stored = orders.get(&change.order).context("an order was not read")?;
                let record = &stored.record;
                let drop = published.find(record.drop);
                let listing = &drop.with_context(|| format!("drop {} is not known", record.drop.0))?.listing;
                let line = Line {
                    seq: change.seq,
                    at: change.at,
                    event: change.event,
                    refund: change.refund,
                    record,
                    buyer: stored.buyer.as_ref().map(|(_, buyer)| buyer),
                    slug: &listing.slug,
                    product: &listing.product.name,
                };
                rows.push(line.cells(self.sheet.personal()));
            }
        }
        Ok(rows)
    }

    fn count(&self, result: &'static str) {
        Metrics::count(&self.ports.metrics.sheet_pages, result);
    }
}

fn change(row: &LedgerRow) -> Option<Change> {
    let Fact::Sale(event) = &row.entry.fact else { return None };
    let (event, order, refund) = match event {
        Event::OrderPlaced { order, .. } => ("placed", order, None),
        Event::OrderPaid { order, late: false, .. } => ("paid", order, None),
        Event::OrderPaid { order, late: true, .. } => ("paid_late", order, None),
        Event::PaymentSettled { order, .. } => ("settled", order, None),
        Event::OrderExpired { order, .. } => ("expired", order, None),
        Event::OrderCancelled { order, .. } => ("cancelled", order, None),
        Event::RefundDue { order, number, .. } => ("refund_due", order, Some(*number)),
        Event::RefundVoided { order, number } => ("refund_voided", order, Some(*number)),
        Event::RefundBatched { order, number, .. } => ("refund_listed", order, Some(*number)),
        Event::RefundSent { order, number, .. } => ("refund_sent", order, Some(*number)),
        Event::RefundConfirmed { order, number } => ("refund_confirmed", order, Some(*number)),
        Event::RefundFailed { order, number, .. } => ("refund_failed", order, Some(*number)),
        _ => return None,
    };
    Some(Change { seq: row.seq, at: row.at, order: *order, event, refund })
}
