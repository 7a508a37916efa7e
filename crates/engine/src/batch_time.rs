use domain::Timestamp;

/// With the sale's clock further behind the ledger than this, "open" and "late" would be guesses: purchases wait.
pub const CLOCK_BEHIND_MS: i64 = 30_000;

/// The one moment at which every request of a batch is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchTime {
    pub now: Timestamp,
    /// The sale's clock is too far behind the ledger to sell by, until it shows this time.
    pub behind_until: Option<Timestamp>,
    /// How far the wall clock is ahead of the sale's, when it is not followed.
    pub step_ms: Option<i64>,
}

impl BatchTime {
    /// No row of the ledger is earlier than the one before: the moment is at least that of the last row. The clock is
    /// behind it after an operator accepted a clock that was set back.
    pub fn at(clock: Timestamp, last_row_at: Timestamp) -> Self {
        let behind = last_row_at.0.saturating_sub(clock.0) > CLOCK_BEHIND_MS;
        Self { now: clock.max(last_row_at), behind_until: behind.then_some(last_row_at), step_ms: None }
    }

    #[must_use]
    pub fn with_step(self, step_ms: Option<i64>) -> Self {
        Self { step_ms, ..self }
    }
}
