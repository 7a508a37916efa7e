//! Bounds how often shoppers ask for the address of an order.

use std::sync::{Arc, Mutex, PoisonError};

use domain::Timestamp;
use engine::Allowance;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Questions about one e-mail address in an hour. A shopper mistypes a code once or twice.
const AN_HOUR_MAX: u8 = 3;
/// Addresses that are counted in an hour; beyond it every question waits for the next hour. The edge bounds how fast one
/// machine can ask.
const ADDRESSES_MAX: usize = 50_000;
const HOUR_MS: i64 = 3_600_000;
/// Look-ups under way; each is one read and at most one small batch.
const AT_ONCE: usize = 16;

/// How often each e-mail address may be asked about, whether it is known or not.
pub(crate) struct LookUps {
    addresses: Mutex<Allowance<String>>,
    permits: Arc<Semaphore>,
}

impl Default for LookUps {
    fn default() -> Self {
        let addresses = Mutex::new(Allowance::new(HOUR_MS, AN_HOUR_MAX, ADDRESSES_MAX));
        Self { addresses, permits: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl LookUps {
    /// To be kept while one is under way; nothing when there are many.
    pub(super) fn permit(&self) -> Option<OwnedSemaphorePermit> {
        self.permits.clone().try_acquire_owned().ok()
    }

    /// Counts one more, unless there were enough.
    pub(super) fn count(&self, email: &str, now: Timestamp) -> bool {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner).take(email, now)
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
