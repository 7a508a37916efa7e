use std::time::Duration;

use crate::{clock::now_ms, settings::setting};

/// Random numbers from a seed, so that a run can be repeated up to the timing of the machine.
pub(crate) struct Random(u64);

impl Random {
    /// Also returns the seed. A test prints it; `DROPGATE_CRASH_SEED` repeats the run.
    pub(crate) fn from_settings() -> (Random, u64) {
        let seed = setting("DROPGATE_CRASH_SEED").unwrap_or(now_ms().unsigned_abs());
        (Random(seed), seed)
    }

    pub(crate) fn from_seed(seed: u64) -> Random {
        Random(seed)
    }

    /// SplitMix64: short, and good enough to choose moments and phone numbers.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn duration_below(&mut self, ms: u64) -> Duration {
        Duration::from_millis(self.below(ms))
    }

    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn bytes(&mut self) -> [u8; 16] {
        (u128::from(self.next()) << 64 | u128::from(self.next())).to_le_bytes()
    }
}
