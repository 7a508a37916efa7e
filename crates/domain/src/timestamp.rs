/// A moment: milliseconds since 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

const VIETNAM_AHEAD_MS: i64 = 7 * 3_600_000;
const DAY_MS: i64 = 86_400_000;

impl Timestamp {
    #[must_use]
    pub fn plus_seconds(self, seconds: u32) -> Self {
        Self(self.0 + i64::from(seconds) * 1000)
    }

    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0 + ms)
    }

    /// Days since 1970 on a calendar in Vietnam, which is seven hours ahead all year.
    pub fn day_in_vietnam(self) -> i64 {
        (self.0 + VIETNAM_AHEAD_MS).div_euclid(DAY_MS)
    }

    /// Milliseconds between two moments, whichever came first.
    pub fn ms_apart(self, other: Self) -> u64 {
        self.0.abs_diff(other.0)
    }
}
