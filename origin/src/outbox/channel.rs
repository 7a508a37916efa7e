//! What a channel is: one destination, the rows of the ledger that owe it something, and how to carry that out.

use std::future::Future;

use anyhow::Result;
use ledger::{LedgerRow, RowKind};

use crate::delivery::Delivery;

/// A channel whose effects are carried out each on its own. A row owes a channel one effect at most.
pub(super) trait Channel: Send + Sync + 'static {
    /// Names what to do. It holds no state of the sale: what goes out is read when it goes out, because a try may come
    /// hours after the row. A destination that takes an idempotency key gets one made of the row's place, which is the
    /// same in every try.
    type Effect: Copy + Send + 'static;

    fn settings(&self) -> Settings;

    /// The row after which rows can owe something; `None` while none does. Rows in between are not read.
    fn owes_after(&self) -> Option<i64> {
        Some(0)
    }

    /// What the row owes, whichever fact it holds.
    fn owed(&self, row: &LedgerRow) -> Option<Self::Effect>;

    /// Safe to repeat: after a crash some effects are carried out again.
    fn deliver(&self, effect: Self::Effect) -> impl Future<Output = Result<Delivery>> + Send;
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// Its cursor and its retries are stored under this name, so it never changes.
    pub(super) name: &'static str,
    /// The kinds of rows that can owe something; rows of other kinds are not decoded.
    pub(super) rows: &'static [RowKind],
    /// A row becomes due this long after it was written. Until then it waits in the ledger and nowhere else.
    pub(super) delay_ms: i64,
    /// Shoppers wait for its effects, so all of them start when they are due. Those of other channels give way to a sale.
    pub(super) shoppers_wait: bool,
    /// Effects under way at once.
    pub(super) at_once: usize,
    /// The longest wait between two tries, unless the destination asks for more.
    pub(super) retry_ms_max: i64,
    pub(super) patience: Patience,
}

/// When a channel gives an effect up: after so many tries, and not before so long after it was due. Tries that an
/// operator asks for are counted from the start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) tries: u32,
    pub(super) ms: i64,
}

impl Patience {
    /// About two hours of tries for a channel that tries every 20 seconds; the money rules do not depend on an effect that
    /// fails longer.
    pub(super) const MANY_TRIES: Self = Self { tries: 360, ms: 0 };

    pub(super) fn is_over(self, tries: u32, overdue_ms: i64) -> bool {
        tries >= self.tries && overdue_ms >= self.ms
    }
}
