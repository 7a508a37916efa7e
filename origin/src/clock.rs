//! The only reader of time, and the time of the sale as the writer publishes it.
#![expect(clippy::disallowed_methods, reason = "this is where the clock is read")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use domain::{CLOCK_STEP_MS, ClockReading, SaleClock, Timestamp};
use rustix::time::{ClockId, clock_gettime};

/// Names one run of the machine's kernel: the monotonic clock counts from its start.
pub(crate) type BootId = [u8; 16];

/// The clocks of the machine, and the time of the sale beside them. Cheap to clone; every clone shows the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Source,
    /// The sale's time against the monotonic clock.
    sale_ahead_us: Arc<AtomicI64>,
}

#[derive(Clone, Debug)]
enum Source {
    Machine,
    #[cfg(test)]
    Manual(Arc<manual::Manual>),
}

impl Clock {
    pub fn system() -> Self {
        Self::showing_wall_time(Source::Machine)
    }

    /// Shows wall time until a writer publishes the sale's.
    fn showing_wall_time(source: Source) -> Self {
        let clock = Self { source, sale_ahead_us: Arc::default() };
        let ClockReading { wall_us, monotonic_us } = clock.read();
        clock.sale_ahead_us.store(wall_us - monotonic_us, Ordering::SeqCst);
        clock
    }

    /// The time of the sale: what every decision about it goes by.
    pub fn now(&self) -> Timestamp {
        let sale_us = self.monotonic_us() + self.sale_ahead_us.load(Ordering::SeqCst);
        Timestamp(sale_us.div_euclid(1_000))
    }

    /// What the machine's clock shows, right or wrong.
    pub fn wall(&self) -> Timestamp {
        Timestamp(self.wall_us().div_euclid(1_000))
    }

    pub(crate) fn read(&self) -> ClockReading {
        ClockReading { wall_us: self.wall_us(), monotonic_us: self.monotonic_us() }
    }

    /// From here on [`Clock::now`] shows this time, and runs.
    pub(crate) fn publish(&self, sale: &SaleClock) {
        self.sale_ahead_us.store(sale.ahead_of_monotonic_us(), Ordering::SeqCst);
    }

    /// How far the wall clock is ahead of the sale's time, when the sale does not follow it.
    pub(crate) fn step_ms(&self) -> Option<i64> {
        let ahead_ms = self.wall().0 - self.now().0;
        (ahead_ms.abs() > CLOCK_STEP_MS).then_some(ahead_ms)
    }

    /// The kernel's word; `None` where it does not say.
    pub(crate) fn is_synchronised(&self) -> Option<bool> {
        match &self.source {
            Source::Machine => kernel_clock::is_synchronised(),
            #[cfg(test)]
            Source::Manual(manual) => Some(manual.is_synchronised()),
        }
    }

    /// `None` where the kernel does not name its boots.
    pub(crate) fn boot(&self) -> Option<BootId> {
        match &self.source {
            Source::Machine => boot_id(&std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?),
            #[cfg(test)]
            Source::Manual(manual) => Some(manual.boot()),
        }
    }

    fn wall_us(&self) -> i64 {
        match &self.source {
            Source::Machine => match SystemTime::now().duration_since(UNIX_EPOCH) {
                Ok(since) => since.as_micros().try_into().unwrap_or(i64::MAX),
                Err(before) => -i64::try_from(before.duration().as_micros()).unwrap_or(i64::MAX),
            },
            #[cfg(test)]
            Source::Manual(manual) => manual.wall_us(),
        }
    }

    /// The clock that counts while the machine sleeps as well: the holds of shoppers do not sleep.
    fn monotonic_us(&self) -> i64 {
        match &self.source {
            Source::Machine => {
                let since_boot = clock_gettime(ClockId::Boottime);
                since_boot.tv_sec * 1_000_000 + since_boot.tv_nsec / 1_000
            }
            #[cfg(test)]
            Source::Manual(manual) => manual.monotonic_us(),
        }
    }
}

/// Sixteen bytes as the kernel prints them, with hyphens between.
fn boot_id(text: &str) -> Option<BootId> {
    let digits: String = text.trim().chars().filter(|character| *character != '-').collect();
    u128::from_str_radix(&digits, 16).ok().map(u128::to_be_bytes)
}

/// Clocks that only tests move: hours of holds and late payments pass in a test's milliseconds.
#[cfg(test)]
mod manual {
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[derive(Debug)]
    pub(super) struct Manual {
        wall_ms: AtomicI64,
        monotonic_ms: AtomicI64,
        boots: AtomicI64,
        synchronised: AtomicBool,
    }

    impl Manual {
        pub(super) fn wall_us(&self) -> i64 {
            self.wall_ms.load(Ordering::SeqCst) * 1_000
        }

        pub(super) fn monotonic_us(&self) -> i64 {
            self.monotonic_ms.load(Ordering::SeqCst) * 1_000
        }

        pub(super) fn is_synchronised(&self) -> bool {
            self.synchronised.load(Ordering::SeqCst)
        }

        pub(super) fn boot(&self) -> BootId {
            [self.boots.load(Ordering::SeqCst) as u8; 16]
        }
    }

    impl Clock {
        pub(crate) fn manual(start: Timestamp) -> Self {
            Self::showing_wall_time(Source::Manual(Arc::new(Manual {
                wall_ms: AtomicI64::new(start.0),
                monotonic_ms: AtomicI64::new(0),
                boots: AtomicI64::new(1),
                synchronised: AtomicBool::new(true),
            })))
        }

        fn moved_by_hand(&self) -> &Manual {
            match &self.source {
                Source::Manual(manual) => manual,
                Source::Machine => panic!("no test moves the machine's clock"),
            }
        }

        /// Time passes, on every clock.
        pub(crate) fn advance(&self, ms: i64) {
            assert!(ms >= 0, "time does not run backwards; a clock may be set back");
            let manual = self.moved_by_hand();
            manual.wall_ms.fetch_add(ms, Ordering::SeqCst);
            manual.monotonic_ms.fetch_add(ms, Ordering::SeqCst);
        }

        /// The wall clock is set, forwards or back.
        pub(crate) fn set_ahead(&self, ms: i64) {
            self.moved_by_hand().wall_ms.fetch_add(ms, Ordering::SeqCst);
        }

        /// The machine is started anew: its monotonic clock begins again.
        pub(crate) fn reboot(&self) {
            let manual = self.moved_by_hand();
            manual.monotonic_ms.store(0, Ordering::SeqCst);
            manual.boots.fetch_add(1, Ordering::SeqCst);
        }

        pub(crate) fn set_synchronised(&self, synchronised: bool) {
            self.moved_by_hand().synchronised.store(synchronised, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_names_its_boot_and_counts_time() {
        assert_eq!(boot_id("00000000-0000-0000-0000-0000000001ff\n").map(|id| (id[14], id[15])), Some((1, 0xff)));
        assert_eq!(boot_id("no"), None);
        let clock = Clock::system();
        let first = clock.read();
        assert!(clock.boot().is_some() && clock.read().monotonic_us >= first.monotonic_us && first.monotonic_us > 0);
        assert!(clock.now().0.abs_diff(clock.wall().0) < 1_000);
    }
}
