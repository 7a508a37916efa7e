use domain::Timestamp;

/// An effect that failed and is owed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The ledger row that made it owed.
    pub seq: i64,
    pub attempt: u32,
    pub due_at: Timestamp,
}

/// An effect that failed so long that its channel tries it no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenUp {
    /// The ledger row that made it owed.
    pub seq: i64,
    pub attempt: u32,
    pub at: Timestamp,
}

/// What a channel of the outbox did since it last reported.
#[derive(Clone, Debug)]
pub struct Progress {
    pub channel: &'static str,
    /// Every row up to here is done or among the retries.
    pub cursor: i64,
    pub failed: Vec<Retry>,
    /// Retries that are owed no longer.
    pub done: Vec<i64>,
    pub given_up: Vec<GivenUp>,
}
