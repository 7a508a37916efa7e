use crate::Timestamp;

/// NTP corrects a running clock by milliseconds. A wall clock that is further away than this was set, or stood still.
pub const CLOCK_STEP_MS: i64 = 5_000;
const STEP_US: i64 = CLOCK_STEP_MS * 1_000;
/// The sale's time follows the wall clock by at most a tenth of the time that passes: it never jumps, a wall clock that
/// creeps away cannot take it along, and the largest step that is followed is gone in fifty seconds.
const FOLLOW_PART: i64 = 10;

/// What the clocks of the machine say. Microseconds, because a batch may follow another within a millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockReading {
    /// Since 1970 in UTC. Anything may set it.
    pub wall_us: i64,
    /// Since any moment. It counts the seconds that pass, and nothing sets it.
    pub monotonic_us: i64,
}

/// What changed between the wall clock and the time of the sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockNews {
    /// The wall clock is this far ahead of the sale's time, or behind it, and is not followed.
    Step { ms: i64 },
    /// The wall clock and the sale's time agree again.
    Gone,
}

/// What a start knows of the time.
#[derive(Clone, Copy, Debug)]
pub struct ClockStart {
    pub reading: ClockReading,
    /// The time of the ledger's last row, `None` in an empty ledger. It lies in the past.
    pub last_row_at: Option<Timestamp>,
    /// How far the sale's time was ahead of the monotonic clock, if the machine has not been started since.
    pub ahead_of_monotonic_us: Option<i64>,
    /// The sale was waiting for a better wall clock then.
    pub was_waiting: bool,
    /// The kernel's word that the wall clock is synchronised.
    pub synchronised: bool,
    /// The kernel gave its word at an earlier start, so it will give it again.
    pub needs_synchronised: bool,
}

/// The time of the sale. It runs with the monotonic clock and follows the wall clock by small steps. A large step, forwards
/// or back, is not followed until it has gone or an operator accepts it: by it no hold ends and no drop opens.
///
/// When the process starts again on a running machine, the monotonic clock has counted on, and so the sale's time goes on
/// as if nothing had happened. After a start of the machine there is the wall clock alone. That it is far ahead of the
/// ledger is ordinary, because the shop was down, and the sale follows it. If the kernel does not call the clock
/// synchronised, although it did before, the clock may never have been set: the sale goes on from the ledger's last row
/// until the kernel's word comes. With a wall clock behind the ledger it does the same, until the wall clock is ahead.
#[derive(Clone, Debug)]
pub struct SaleClock {
    time_us: i64,
    last: ClockReading,
    /// The sale has a time to go by, and need not wait for a better wall clock.
    settled: bool,
    needs_synchronised: bool,
    /// The step that is not followed, as it was when [`ClockNews::Step`] reported it.
    reported_us: Option<i64>,
}

impl SaleClock {
    pub fn start(from: ClockStart) -> Self {
        let ClockStart { reading, last_row_at, ahead_of_monotonic_us, was_waiting, synchronised, needs_synchronised } =
            from;
        let wall_us = reading.wall_us;
        let (time_us, settled) = match (ahead_of_monotonic_us, last_row_at.map(|at| at.0 * 1_000)) {
            (Some(ahead_us), _) => (reading.monotonic_us + ahead_us, !was_waiting),
            (None, None) => (wall_us, true),
            (None, Some(row_us)) => {
                let believed = synchronised || !needs_synchronised;
                let near = (wall_us - row_us).abs() <= STEP_US;
                if near || (wall_us > row_us && believed) { (wall_us.max(row_us), true) } else { (row_us, false) }
            }
        };
        Self { time_us, last: reading, settled, needs_synchronised, reported_us: None }
    }

    /// Moves on to what the clocks say now. `synchronised` asks the kernel, and only while the clock is not settled.
    pub fn step(&mut self, reading: ClockReading, synchronised: impl FnOnce() -> bool) -> Option<ClockNews> {
        let passed = (reading.monotonic_us - self.last.monotonic_us).max(0);
        self.last = reading;
        self.time_us += passed;
        if !self.settled && self.ahead_us() > STEP_US && (!self.needs_synchronised || synchronised()) {
            self.time_us = reading.wall_us;
        }
        let ahead = self.ahead_us();
        if ahead.abs() <= STEP_US {
            self.settled = true;
            self.time_us += ahead.clamp(-passed / FOLLOW_PART, passed / FOLLOW_PART);
            return self.reported_us.take().map(|_| ClockNews::Gone);
        }
        if self.reported_us.is_some_and(|reported| (ahead - reported).abs() <= STEP_US) {
            return None;
        }
        self.reported_us = Some(ahead);
        Some(ClockNews::Step { ms: ahead / 1_000 })
    }

    /// Goes on by the wall clock, by an operator's word.
    pub fn accept(&mut self) {
        self.time_us = self.last.wall_us;
        self.settled = true;
        self.reported_us = None;
    }

    pub fn time(&self) -> Timestamp {
        Timestamp(self.time_us.div_euclid(1_000))
    }

    /// The sale goes on from the ledger's last row, until the wall clock is better.
    pub fn is_waiting(&self) -> bool {
        !self.settled
    }

    /// How far the wall clock is ahead of the sale's time, when it is not followed; negative when it is behind.
    pub fn step_ms(&self) -> Option<i64> {
        let ahead = self.ahead_us();
        (ahead.abs() > STEP_US).then_some(ahead / 1_000)
    }

    /// The sale's time against the monotonic clock. Others add it to that clock and so have the sale's time as well.
    pub fn ahead_of_monotonic_us(&self) -> i64 {
        self.time_us - self.last.monotonic_us
    }

    fn ahead_us(&self) -> i64 {
        self.last.wall_us - self.time_us
    }
}
