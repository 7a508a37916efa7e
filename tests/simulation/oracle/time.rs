//! What the sale's time may be in truth. The book knows what happened to the machine's clocks and what operators accepted,
//! and never looks at the clock under test.

use crate::clocks::Machine;

/// A wall clock that is further away than this is not followed.
const STEP_MS: i64 = 5_000;
/// The process may forget the last second of following; what is on disk is then that much away.
const STORED_MS: i64 = 1_000;
/// Times are cut to milliseconds, and differences of them too.
const ROUNDED_MS: i64 = 2;

/// Every row of the ledger is written within these bounds. So no drop opens and no hold ends early by a step that no
/// operator accepted, and none late.
pub(crate) struct LawfulTime {
    /// The sale's time is at least this far ahead of true time, or it is behind.
    least: i64,
    /// And at most this far.
    most: i64,
    /// The sale goes on from the ledger, because the wall clock was not believed when the machine started.
    waits: bool,
    boot: u32,
    /// The kernel gave its word at a start.
    word_known: bool,
    /// Of the last row of the ledger. No row is earlier than the one before.
    row_at: i64,
    /// When the sale's time jumped last, in truth.
    pub(crate) jumped_at: i64,
}

impl LawfulTime {
    pub(super) fn new() -> Self {
        let jumped_at = i64::MIN / 2;
        Self { least: 0, most: 0, waits: false, boot: 0, word_known: false, row_at: 0, jumped_at }
    }

    /// A process that starts again on a running machine goes on as it was. After a start of the machine there is the
    /// ledger and the wall clock, and the kernel, which says whether to believe that.
    pub(crate) fn process_starts(&mut self, machine: &Machine, row_at: Option<i64>, now: i64) {
        if machine.boot != self.boot {
            self.boot = machine.boot;
            self.jumps_to(row_at.map_or(machine.wall_ahead, |row_at| row_at - now), now);
            self.waits = true;
            self.goes_on(machine, now);
        }
        self.word_known |= machine.synchronised;
    }

    /// The process looks at the clocks, as it does once a batch.
    pub(crate) fn goes_on(&mut self, machine: &Machine, now: i64) {
        let (wall, believed) = (machine.wall_ahead, machine.synchronised || !self.word_known);
        if self.waits && believed && wall > self.most + STEP_MS {
            self.jumps_to(wall, now);
        }
        if (self.least - STEP_MS..=self.most + STEP_MS).contains(&wall) {
            (self.least, self.most, self.waits) = (self.least.min(wall), self.most.max(wall), false);
        }
    }

    pub(crate) fn step_accepted(&mut self, machine: &Machine, step_ms: i64, now: i64) {
        let wall = machine.wall_ahead;
        let steps = wall - self.most - ROUNDED_MS..=wall - self.least + ROUNDED_MS;
        assert!(steps.contains(&step_ms), "a step of {step_ms} ms was accepted that was not there");
        self.jumps_to(wall, now);
        (self.least, self.most) = (wall - STORED_MS, wall + STORED_MS);
    }

    fn jumps_to(&mut self, ahead: i64, now: i64) {
        (self.least, self.most, self.waits, self.jumped_at) = (ahead, ahead, false, now);
    }

    /// The row `seq` was written at the sale's time `at` and in truth at `now`.
    pub(super) fn assert_row(&mut self, seq: i64, at: i64, now: i64) {
        let latest = self.row_at.max(now + self.most + ROUNDED_MS);
        assert!(at <= latest, "row {seq} is written {} ms early by a step that no operator accepted", at - latest);
        let earliest = now + self.least - ROUNDED_MS;
        assert!(at >= earliest, "row {seq} is written {} ms late", earliest - at);
        self.row_at = at;
    }
}
