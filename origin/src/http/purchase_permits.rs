//! How many purchases are worked on at once, and how the others are told to come again.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::time::Duration;

use tokio::time::Instant;

/// Eight batches of the writer, those whose bodies still arrive among them: below a tenth of a second of its work, so
/// that a rush of thousands at one moment is served and not refused.
const PLACES: usize = 4_096;
/// Refusals leave at most so fast: whoever is refused asks again at once, and without a bound the processor would be
/// busy with refusing: one costs more than half of a purchase, so these take about a fifth of a core (measured).
const REFUSALS_PER_SECOND: u64 = 15_000;
const REFUSALS_APART_MICROS: u64 = 1_000_000 / REFUSALS_PER_SECOND;

/// The places there are.
pub(crate) struct Places {
    taken: AtomicUsize,
    started: Instant,
    /// When the next refusal may leave, in microseconds since the start.
    next_refusal: AtomicU64,
}

impl Default for Places {
    fn default() -> Self {
        Self { taken: AtomicUsize::new(0), started: Instant::now(), next_refusal: AtomicU64::new(0) }
    }
}

impl Places {
    /// Whether there is one, now or when the turn to be refused has come.
    pub(crate) async fn find(&self) -> bool {
        if self.take() {
            return true;
        }
        tokio::time::sleep(self.refusal_waits(Instant::now())).await;
        self.take()
    }

    /// Counts one more as taken, if there is one.
    fn take(&self) -> bool {
        let free = self.taken.fetch_add(1, Relaxed) < PLACES;
        if !free {
            self.give_back();
        }
        free
    }

    pub(crate) fn give_back(&self) {
        self.taken.fetch_sub(1, Relaxed);
    }

    /// How long one more refusal has to wait for its turn.
    fn refusal_waits(&self, now: Instant) -> Duration {
        let now = u64::try_from((now - self.started).as_micros()).unwrap_or(u64::MAX);
        let after = |next: u64| next.max(now) + REFUSALS_APART_MICROS;
        let next = self.next_refusal.fetch_update(Relaxed, Relaxed, |next| Some(after(next))).unwrap_or(now);
        Duration::from_micros(next.saturating_sub(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_taken_once_and_given_back() {
        let places = Places::default();
        for _ in 0..2 {
            assert!((0..PLACES).all(|_| places.take()));
            assert!(!places.take() && !places.take(), "one more than there are");
            places.give_back();
            assert!(places.take() && !places.take());
            (0..PLACES).for_each(|_| places.give_back());
        }
    }

    #[tokio::test]
    async fn who_waits_to_be_refused_gets_a_place_that_is_there_by_then() {
        let places = Places::default();
        assert!((0..PLACES).all(|_| places.take()));
        let now = Instant::now();
        // So many before it that its turn comes after what follows.
        while places.refusal_waits(now) < Duration::from_millis(100) {}
        let (one, other, ()) = tokio::join!(places.find(), places.find(), async { places.give_back() });
        assert!(one != other, "one place is for one");
    }

    #[test]
    fn refusals_leave_at_once_until_they_come_faster_than_they_may_leave() {
        let places = Places::default();
        let at = |micros| places.started + Duration::from_micros(micros);
        let rare = [0, REFUSALS_APART_MICROS, 10 * REFUSALS_APART_MICROS];
        assert!(rare.iter().all(|micros| places.refusal_waits(at(*micros)).is_zero()));
        // A thousand more at the same moment are spread evenly, and the time they take is not saved up.
        let waits: Vec<_> = (0..1_000).map(|_| places.refusal_waits(at(10 * REFUSALS_APART_MICROS))).collect();
        let apart = Duration::from_micros(REFUSALS_APART_MICROS);
        assert!(waits.iter().enumerate().all(|(index, wait)| *wait == apart * (index as u32 + 1)));
        assert!(places.refusal_waits(at(10_000_000)).is_zero());
        assert_eq!(places.refusal_waits(at(10_000_000)), apart);
    }
}
