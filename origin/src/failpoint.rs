//! Named places at which a test ends the process, as a power cut there would. Without the feature `failpoints` nothing
//! of this is compiled in.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    /// A batch is decided, in memory only.
    Decided,
    /// Everything of it is handed to SQLite, and nothing committed.
    Written,
    /// It is on disk, and no answer has left.
    Committed,
    /// Its answers are with the connections.
    Answered,
    /// The intention to pay a refund out is on disk, and nothing was asked.
    PayoutIntended,
    /// PayOS is about to be asked to pay a refund out.
    PayoutAsking,
    /// PayOS has answered, and nothing of the answer is recorded.
    PayoutAsked,
    /// What became of a payout is on disk, and the outbox does not know yet.
    PayoutRecorded,
    /// At a stop: the log is emptied into the database.
    Checkpointed,
}

#[cfg(not(feature = "failpoints"))]
pub(crate) fn reached(_: Point) {}

#[cfg(feature = "failpoints")]
pub(crate) use armed::{arm, reached};

#[cfg(feature = "failpoints")]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::Point;

    /// Where to end, and how often the point is passed before.
    static ARMED: OnceLock<(Point, AtomicU32)> = OnceLock::new();

    /// For the life of the process, which is not meant to be long.
    pub(crate) fn arm((point, nth): (Point, u32)) {
        ARMED.get_or_init(|| (point, AtomicU32::new(nth)));
    }

    pub(crate) fn reached(point: Point) {
        if let Some((armed, left)) = ARMED.get()
            && *armed == point
            && left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            std::process::abort();
        }
    }
}

#[cfg(feature = "failpoints")]
impl std::str::FromStr for Point {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Ok(match name {
            "decided" => Self::Decided,
            "written" => Self::Written,
            "committed" => Self::Committed,
            "answered" => Self::Answered,
            "payout_intended" => Self::PayoutIntended,
            "payout_asking" => Self::PayoutAsking,
            "payout_asked" => Self::PayoutAsked,
            "payout_recorded" => Self::PayoutRecorded,
            "checkpointed" => Self::Checkpointed,
            _ => return Err(()),
        })
    }
}
