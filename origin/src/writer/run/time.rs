//! The time of the sale: kept by the writer, published to the other parts, stored so that a restart goes on with it.

use anyhow::Result;
use domain::{ClockNews, ClockStart, SaleClock, Timestamp};
use engine::BatchTime;
use ledger::Head;
use tracing::{error, info, warn};

use crate::clock::Clock;
use crate::store::{StoredClock, WriteStore};
use crate::writer::metrics::WriterMetrics;

/// What is stored may differ from the sale's clock by this. A shorter way costs more writes, and a restart would not
/// show it.
const STORED_WITHIN_US: i64 = 1_000_000;

pub(super) struct SaleTime {
    clock: Clock,
    sale: SaleClock,
    metrics: WriterMetrics,
}

impl SaleTime {
    pub(super) fn start(clock: Clock, store: &mut WriteStore, metrics: WriterMetrics) -> Result<Self> {
        let stored = store.stored_clock();
        let (boot, synchronised) = (clock.boot(), clock.is_synchronised());
        if synchronised != Some(true) {
            warn!("the kernel does not say that the clock is synchronised: check the time service of this machine");
        }
        let synchronised = synchronised == Some(true);
        let needs_synchronised = stored.is_some_and(|stored| stored.synchronised);
        let same_boot = stored.filter(|stored| boot.is_some() && stored.boot == boot);
        let sale = SaleClock::start(ClockStart {
            reading: clock.read(),
            last_row_at: (store.head() != Head::EMPTY).then_some(store.head().at),
            ahead_of_monotonic_us: same_boot.map(|stored| stored.ahead_of_monotonic_us),
            was_waiting: same_boot.is_some_and(|stored| stored.waiting),
            synchronised,
            needs_synchronised,
        });
        clock.publish(&sale);
        store.store_clock(StoredClock {
            boot,
            ahead_of_monotonic_us: sale.ahead_of_monotonic_us(),
            waiting: sale.is_waiting(),
            synchronised: synchronised || needs_synchronised,
        })?;
        Ok(Self { clock, sale, metrics })
    }

    /// The moment of a batch that follows a row written at `last_row_at`.
    pub(super) fn read(&mut self, last_row_at: Timestamp) -> BatchTime {
        let clock = &self.clock;
        match self.sale.step(clock.read(), || clock.is_synchronised() == Some(true)) {
            Some(ClockNews::Step { ms }) => {
                error!(
                    step_ms = ms,
                    "the wall clock is not the sale's, which goes on without it: put the clock right, or let the sale \
                     follow it with `dropgate clock accept`"
                );
                self.metrics.clock_steps.inc();
            }
            Some(ClockNews::Gone) => info!("the sale goes by the wall clock again"),
            None => {}
        }
        self.show();
        BatchTime::at(self.sale.time(), last_row_at).with_step(self.sale.step_ms())
    }

    /// Goes on by the wall clock of the batch before. The store has written that already.
    pub(super) fn accept_step(&mut self) {
        self.sale.accept();
        self.show();
    }

    /// Stores the time where it has moved against the monotonic clock. Before the rows of a batch are: a start must not find
    /// rows later than its time.
    pub(super) fn keep(&self, store: &mut WriteStore) -> Result<()> {
        let Some(stored) = store.stored_clock() else { return Ok(()) };
        let (ahead_of_monotonic_us, waiting) = (self.sale.ahead_of_monotonic_us(), self.sale.is_waiting());
        let moved = (stored.ahead_of_monotonic_us - ahead_of_monotonic_us).abs() > STORED_WITHIN_US;
        if moved || stored.waiting != waiting {
            store.store_clock(StoredClock { ahead_of_monotonic_us, waiting, ..stored })?;
        }
        Ok(())
    }

    fn show(&self) {
        self.clock.publish(&self.sale);
        self.metrics.clock_step_seconds.set(self.sale.step_ms().unwrap_or(0) / 1_000);
    }
}
