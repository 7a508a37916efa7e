//! How old a snapshot may be to answer a request from, and which request fetches the next one.
//!
//! Younger than a second: serve it. Up to two seconds: serve it, and fetch the next after the response. Older: wait for
//! the fetch. While the origin fails, the old snapshot is served for a minute, marked as stale. However many requests
//! wait, at most one fetch runs, and at most one begins a second.

use std::rc::Rc;

use domain::Timestamp;
use edge_protocol::Snapshot;

const FRESH_MS: u64 = 1_000;
const USABLE_MS: u64 = 2_000;

/// A page with minute-old numbers, marked as such, is better than none; older ones mislead.
const STALE_MS_MAX: u64 = 60_000;

/// A fetch that has not ended by now was lost with its request, and another request takes over. Longer than its
/// timeout.
const TAKEOVER_MS: u64 = 2_500;

#[derive(Default)]
pub(crate) struct Slot {
    held: Option<Held>,
    running_since: Option<Timestamp>,
    last_started: Option<Timestamp>,
    failing: bool,
}

struct Held {
    snapshot: Rc<Snapshot>,
    /// When the fetch began: the snapshot cannot be younger than that makes it.
    fetched_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Served {
    pub(crate) snapshot: Rc<Snapshot>,
    pub(crate) stale: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Serve(Served),
    ServeAndRefresh(Served),
    /// Begin a fetch, then ask again.
    Refresh,
    /// Another request is fetching: ask again a little later.
    Wait,
    Unavailable,
}

impl Slot {
    pub(crate) fn step(&self, now: Timestamp) -> Step {
        let may_begin = self.may_begin(now);
        if let Some(served) = self.held_for(now, USABLE_MS) {
            let wanted = self.age_ms(now) >= FRESH_MS;
            return if wanted && may_begin { Step::ServeAndRefresh(served) } else { Step::Serve(served) };
        }
        // No request waits for an origin that has just failed while there is something to show.
        if self.failing
            && let Some(served) = self.last_resort(now)
        {
            return if may_begin { Step::ServeAndRefresh(served) } else { Step::Serve(served) };
        }
        if may_begin {
            Step::Refresh
        } else if self.running_since.is_some() {
            Step::Wait
        } else {
            Step::Unavailable
        }
    }

    /// What is left to show when waiting took too long.
    pub(crate) fn last_resort(&self, now: Timestamp) -> Option<Served> {
        let served = self.held_for(now, STALE_MS_MAX)?;
        Some(Served { stale: self.age_ms(now) >= USABLE_MS, ..served })
    }

    pub(crate) fn begin(&mut self, now: Timestamp) {
        self.running_since = Some(now);
        self.last_started = Some(now);
    }

    /// Ends the fetch that began at `began`. One that was taken over may still bring a newer snapshot.
    pub(crate) fn finish(&mut self, began: Timestamp, fetched: Option<Snapshot>) {
        let current = self.running_since == Some(began);
        if current {
            self.running_since = None;
            self.failing = fetched.is_none();
        }
        let newer = self.held.as_ref().is_none_or(|held| held.fetched_at < began);
        if let Some(snapshot) = fetched
            && newer
        {
            self.held = Some(Held { snapshot: Rc::new(snapshot), fetched_at: began });
            self.failing = false;
        }
    }

    fn may_begin(&self, now: Timestamp) -> bool {
        let idle = self.running_since.is_none_or(|since| now.ms_apart(since) >= TAKEOVER_MS);
        let rested = self.last_started.is_none_or(|last| now.ms_apart(last) >= FRESH_MS);
        idle && rested
    }

    fn held_for(&self, now: Timestamp, age_ms_limit: u64) -> Option<Served> {
        let held = self.held.as_ref().filter(|_| self.age_ms(now) < age_ms_limit)?;
        Some(Served { snapshot: Rc::clone(&held.snapshot), stale: false })
    }

    /// A clock that was set back makes the snapshot old, not young for ever.
    fn age_ms(&self, now: Timestamp) -> u64 {
        self.held.as_ref().map_or(u64::MAX, |held| now.ms_apart(held.fetched_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Timestamp = Timestamp(1_790_000_000_000);

    fn snapshot(as_of: Timestamp) -> Snapshot {
        Snapshot { as_of, mail: false, drops: Vec::new() }
    }

    fn served(as_of: Timestamp, stale: bool) -> Served {
        Served { snapshot: Rc::new(snapshot(as_of)), stale }
    }

    fn fetched_at(began: Timestamp) -> Slot {
        let mut slot = Slot::default();
        slot.begin(began);
        slot.finish(began, Some(snapshot(began)));
        slot
    }

    #[test]
    fn age_decides_between_serving_refreshing_and_waiting() {
        let slot = fetched_at(T);
        assert_eq!(slot.step(T.plus_ms(999)), Step::Serve(served(T, false)));
        assert_eq!(slot.step(T.plus_ms(1_000)), Step::ServeAndRefresh(served(T, false)));
        assert_eq!(slot.step(T.plus_ms(1_999)), Step::ServeAndRefresh(served(T, false)));
        assert_eq!(slot.step(T.plus_ms(2_000)), Step::Refresh);
        assert_eq!(slot.step(T.plus_ms(50_000)), Step::Refresh, "an idle isolate fetches before it answers");
        assert_eq!(slot.step(T.plus_ms(-5_000)), Step::Refresh, "so does one whose clock was set back");
    }

    #[test]
    fn one_fetch_serves_all_who_wait() {
        let mut slot = Slot::default();
        assert_eq!(slot.step(T), Step::Refresh);
        slot.begin(T);
        assert_eq!(slot.step(T), Step::Wait);
        assert_eq!(slot.step(T.plus_ms(2_000)), Step::Wait);
        slot.finish(T, Some(snapshot(T.plus_ms(1))));
        assert_eq!(slot.step(T.plus_ms(300)), Step::Serve(served(T.plus_ms(1), false)));
    }

    #[test]
    fn a_refresh_behind_an_answer_is_begun_once() {
        let mut slot = fetched_at(T);
        slot.begin(T.plus_ms(1_000));
        assert_eq!(slot.step(T.plus_ms(1_001)), Step::Serve(served(T, false)));
        assert_eq!(slot.step(T.plus_ms(2_000)), Step::Wait, "the running one is nearly there");
    }

    #[test]
    fn a_lost_fetch_is_taken_over() {
        let mut slot = Slot::default();
        slot.begin(T);
        assert_eq!(slot.step(T.plus_ms(2_499)), Step::Wait);
        assert_eq!(slot.step(T.plus_ms(2_500)), Step::Refresh);
        slot.begin(T.plus_ms(2_500));
        assert_eq!(slot.step(T.plus_ms(2_501)), Step::Wait);
        // The lost one turns up after all: welcome, but the other still runs.
        slot.finish(T, Some(snapshot(Timestamp(1))));
        assert_eq!(slot.step(T.plus_ms(2_600)), Step::Wait);
        slot.finish(T.plus_ms(2_500), Some(snapshot(Timestamp(2))));
        slot.finish(T.plus_ms(1_000), Some(snapshot(Timestamp(3))));
        assert_eq!(
            slot.step(T.plus_ms(2_700)),
            Step::Serve(served(Timestamp(2), false)),
            "an older snapshot never replaces a newer"
        );
    }

    #[test]
    fn a_failing_origin_leaves_marked_numbers_for_a_minute_then_none() {
        let mut slot = fetched_at(T);
        slot.begin(T.plus_ms(2_000));
        slot.finish(T.plus_ms(2_000), None);
        assert_eq!(slot.step(T.plus_ms(2_001)), Step::Serve(served(T, true)));
        assert_eq!(slot.step(T.plus_ms(3_000)), Step::ServeAndRefresh(served(T, true)), "one attempt a second");
        slot.begin(T.plus_ms(3_000));
        assert_eq!(slot.step(T.plus_ms(4_500)), Step::Serve(served(T, true)), "no request waits for a failing origin");
        slot.finish(T.plus_ms(3_000), None);
        assert_eq!(slot.step(T.plus_ms(59_999)), Step::ServeAndRefresh(served(T, true)));
        assert_eq!(slot.step(T.plus_ms(60_000)), Step::Refresh);
        slot.begin(T.plus_ms(60_000));
        assert_eq!(slot.step(T.plus_ms(60_001)), Step::Wait);
        slot.finish(T.plus_ms(60_000), None);
        assert_eq!(slot.step(T.plus_ms(60_002)), Step::Unavailable);
        assert_eq!(slot.step(T.plus_ms(61_000)), Step::Refresh);
        slot.begin(T.plus_ms(61_000));
        slot.finish(T.plus_ms(61_000), Some(snapshot(Timestamp(9))));
        assert_eq!(slot.step(T.plus_ms(61_001)), Step::Serve(served(Timestamp(9), false)));
    }

    #[test]
    fn a_failure_in_the_second_of_grace_is_not_shown() {
        let mut slot = fetched_at(T);
        slot.begin(T.plus_ms(1_000));
        slot.finish(T.plus_ms(1_000), None);
        assert_eq!(slot.step(T.plus_ms(1_500)), Step::Serve(served(T, false)));
        assert_eq!(slot.step(T.plus_ms(2_000)), Step::ServeAndRefresh(served(T, true)));
    }

    #[test]
    fn waiting_too_long_ends_with_what_there_is() {
        let slot = fetched_at(T);
        assert_eq!(slot.last_resort(T.plus_ms(1_000)), Some(served(T, false)));
        assert_eq!(slot.last_resort(T.plus_ms(59_999)), Some(served(T, true)));
        assert_eq!(slot.last_resort(T.plus_ms(60_000)), None);
        assert_eq!(Slot::default().last_resort(T), None);
    }
}
