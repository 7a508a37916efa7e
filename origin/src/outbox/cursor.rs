//! Reads the rows of the ledger that a channel cares about, in their order, as they become due.

use anyhow::Result;
use domain::Timestamp;
use ledger::{LedgerRow, RowKind};

use crate::reader::Reader;
use crate::store::ReadStore;

/// Rows of the ledger looked at in one read.
pub(super) const PAGE_ROWS: i64 = 512;

pub(super) struct Cursor {
    kinds: &'static [RowKind],
    delay_ms: i64,
    /// Rows up to here have been read.
    read_to: i64,
    /// Until when there is nothing to read: the next row is not due before.
    next_due: Option<Timestamp>,
}

impl Cursor {
    /// Reads rows of these kinds after `read_to`, each `delay_ms` after it was written.
    pub(super) fn new(kinds: &'static [RowKind], delay_ms: i64, read_to: i64) -> Self {
        Self { kinds, delay_ms, read_to, next_due: None }
    }

    pub(super) fn read_to(&self) -> i64 {
        self.read_to
    }

    /// Rows up to here need not be read.
    pub(super) fn skip_to(&mut self, seq: i64) {
        if seq > self.read_to {
            self.read_to = seq;
            self.next_due = None;
        }
    }

    /// When a row that was written at `at` is due.
    pub(super) fn due_at(&self, at: Timestamp) -> Timestamp {
        at.plus_ms(self.delay_ms)
    }

    /// The next rows that are due, which may be none of a page that holds other kinds. `None` when no page is due yet,
    /// or all rows up to `written_to` have been read.
    pub(super) async fn next_page(
        &mut self,
        reader: &Reader,
        written_to: i64,
        now: Timestamp,
    ) -> Result<Option<Vec<LedgerRow>>> {
        if self.read_to >= written_to || self.next_due.is_some_and(|due_at| due_at > now) {
            return Ok(None);
        }
        let (after, up_to) = (self.read_to, written_to.min(self.read_to + PAGE_ROWS));
        let (kinds, delay_ms) = (self.kinds, self.delay_ms);
        let read = move |store: &ReadStore| {
            let next_due = store.ledger_time(after + 1)?.map(|at| at.plus_ms(delay_ms));
            if let Some(due_at) = next_due.filter(|due_at| *due_at > now) {
                return Ok(Err(due_at));
            }
            store.ledger_of_kinds(after, up_to, kinds).map(Ok)
        };
        let mut rows = match reader.read(read).await? {
            Ok(rows) => rows,
            Err(due_at) => {
                self.next_due = Some(due_at);
                return Ok(None);
            }
        };
        let due = rows.partition_point(|row| self.due_at(row.at) <= now);
        let first_not_due = rows.drain(due..).next();
        self.read_to = first_not_due.as_ref().map_or(up_to, |row| row.seq - 1);
        self.next_due = first_not_due.map(|row| self.due_at(row.at));
        Ok(Some(rows))
    }
}
