//! The only reader of wall time.
#![expect(clippy::disallowed_methods, reason = "this is where the clock is read")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use domain::Timestamp;

/// Wall time, or a time that stands still until it is moved.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    manual: Option<Arc<AtomicI64>>,
}

impl Clock {
    pub fn system() -> Self {
        Self { manual: None }
    }

    /// A clock that only [`Clock::advance`] moves: hours of holds and late payments pass in a test's milliseconds.
    pub fn manual(start: Timestamp) -> Self {
        Self { manual: Some(Arc::new(AtomicI64::new(start.0))) }
    }

    pub fn now(&self) -> Timestamp {
        if let Some(manual) = &self.manual {
            return Timestamp(manual.load(Ordering::SeqCst));
        }
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => Timestamp(since.as_millis().try_into().unwrap_or(i64::MAX)),
            Err(before) => Timestamp(-i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX)),
        }
    }

    /// Moves a manual clock; negative steps set it back, as a corrected wall clock would.
    pub fn advance(&self, ms: i64) {
        if let Some(manual) = &self.manual {
            manual.fetch_add(ms, Ordering::SeqCst);
        }
    }
}
