//! Accepting a wall clock that was set.

use domain::CLOCK_STEP_MS;
use ledger::{Entry, Fact};

use super::Batch;
use crate::{ClockRefused, Records};

impl<R: Records> Batch<'_, R> {
    /// The step must be the one that the operator saw. The caller moves its clock once the row is on disk.
    pub(super) fn accept_clock(&mut self, seen_ms: i64, operator: String) -> Result<i64, ClockRefused> {
        let step_ms = self.time.step_ms.filter(|_| self.changes.clock_step_ms.is_none());
        let step_ms = step_ms.ok_or(ClockRefused::NoStep)?;
        if seen_ms.abs_diff(step_ms) > CLOCK_STEP_MS.unsigned_abs() {
            return Err(ClockRefused::AnotherStep { step_ms });
        }
        self.changes.clock_step_ms = Some(step_ms);
        self.changes.entries.push(Entry { drop: None, operator, fact: Fact::ClockAccepted { step_ms } });
        Ok(step_ms)
    }
}
