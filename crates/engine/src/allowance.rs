use std::borrow::Borrow;
use std::collections::BTreeMap;

use domain::Timestamp;

/// How often something may be done for each key in a period, such as a day. Periods begin at their multiples in Unix time.
/// Bounded: with too many keys in a period, no other key gets anything until the next one.
pub struct Allowance<K> {
    period_ms: i64,
    each_max: u8,
    keys_max: usize,
    period: i64,
    counts: BTreeMap<K, u8>,
}

impl<K: Ord> Allowance<K> {
    pub const fn new(period_ms: i64, each_max: u8, keys_max: usize) -> Self {
        Self { period_ms, each_max, keys_max, period: 0, counts: BTreeMap::new() }
    }

    /// Counts one more, unless there were enough.
    pub fn take<Q: Ord + ToOwned<Owned = K> + ?Sized>(&mut self, key: &Q, now: Timestamp) -> bool
    where
        K: Borrow<Q>,
    {
        let period = now.0.div_euclid(self.period_ms);
        if period != self.period {
            self.period = period;
            self.counts.clear();
        }
        if let Some(count) = self.counts.get_mut(key) {
            let taken = *count < self.each_max;
            *count += u8::from(taken);
            return taken;
        }
        let room = self.counts.len() < self.keys_max;
        if room {
            self.counts.insert(key.to_owned(), 1);
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_too_many_keys_a_new_one_waits_for_the_next_period() {
        let mut allowance = Allowance::new(1_000, 2, 2);
        let take = |key: u8, ms| allowance.take(&key, Timestamp(ms));
        let mut take = take;
        assert_eq!([take(1, 0), take(2, 0), take(3, 0), take(1, 999), take(1, 999)], [true, true, false, true, false]);
        assert!(take(3, 1_000));
    }
}
