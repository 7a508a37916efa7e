use domain::Timestamp;

/// With the wall clock further behind the ledger than this, "open" and "late" would be guesses: purchases wait.
pub const CLOCK_BEHIND_MS: i64 = 30_000;

/// The one moment at which every request of a batch is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchTime {
    pub now: Timestamp,
    /// Wall time is too far behind the ledger to sell by.
    pub clock_behind: bool,
}

impl BatchTime {
    /// The time of the sale never runs backwards: it is at least that of the ledger's last row.
    pub fn at(wall: Timestamp, last_row_at: Timestamp) -> Self {
        Self { now: wall.max(last_row_at), clock_behind: last_row_at.0.saturating_sub(wall.0) > CLOCK_BEHIND_MS }
    }
}
