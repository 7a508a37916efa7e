use crate::{edge::now_ms, rounds::setting};

/// Chance that can be repeated: a run is what its seed makes it, up to the timing of the machine.
pub(crate) struct Chance(u64);

impl Chance {
    /// The seed is printed by whoever asks, and set to see a run again.
    pub(crate) fn of_this_run() -> (Chance, u64) {
        let seed = setting("DROPGATE_CRASH_SEED").unwrap_or(now_ms().unsigned_abs());
        (Chance(seed), seed)
    }

    pub(crate) fn of(seed: u64) -> Chance {
        Chance(seed)
    }

    /// SplitMix64: short, and more than good enough to pick moments and phone numbers.
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

    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn bytes(&mut self) -> [u8; 16] {
        (u128::from(self.next()) << 64 | u128::from(self.next())).to_le_bytes()
    }
}
