//! Bounds how often shoppers ask for the address of an order.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Questions about one e-mail address in an hour. A shopper mistypes a code once or twice.
const AN_HOUR_MAX: u8 = 3;
/// Addresses that are counted in an hour; beyond it every question waits for the next hour. The edge bounds how fast one
/// machine can ask.
const ADDRESSES_MAX: usize = 50_000;
const HOUR_MS: i64 = 3_600_000;
/// Look-ups under way; each is one read and at most one small batch.
const AT_ONCE: usize = 16;
/// How often each e-mail address was asked about in this hour, whether it is known or not.
pub(crate) struct LookUps {
    hour: Mutex<Hour>,
    permits: Arc<Semaphore>,
}

#[derive(Default)]
struct Hour {
    hour: i64,
    counts: BTreeMap<String, u8>,
}

impl Default for LookUps {
    fn default() -> Self {
        Self { hour: Mutex::default(), permits: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl LookUps {
    /// To be kept while one is under way; nothing when there are many.
    pub(super) fn permit(&self) -> Option<OwnedSemaphorePermit> {
        self.permits.clone().try_acquire_owned().ok()
    }

    /// Counts one more, unless there were enough.
    pub(super) fn count(&self, email: &str, now: Timestamp) -> bool {
        let mut state = self.hour.lock().unwrap_or_else(PoisonError::into_inner);
        let hour = now.0.div_euclid(HOUR_MS);
        if hour != state.hour {
            *state = Hour { hour, counts: BTreeMap::new() };
        }
        if state.counts.len() >= ADDRESSES_MAX && !state.counts.contains_key(email) {
            return false;
        }
        let count = state.counts.entry(email.to_owned()).or_default();
        *count = count.saturating_add(1);
        *count <= AN_HOUR_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_asked_about_three_times_an_hour() {
        let look_ups = LookUps::default();
        let now = Timestamp(500_000 * HOUR_MS);
        let asked = [(); 4].map(|()| look_ups.count("an@example.com", now));
        assert_eq!(asked, [true, true, true, false]);
        assert!(look_ups.count("binh@example.com", now));
        assert!(look_ups.count("an@example.com", now.plus_ms(HOUR_MS)));
    }
}
