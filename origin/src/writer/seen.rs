//! Who may have an order: what is not in here surely has none.

use std::sync::atomic::{AtomicU64, Ordering};

/// Two mebibytes. A million orders, with a customer and a token each, fill two fifths of it, and then one stranger in
/// forty is taken for a customer: that costs them the way through the writer, and nothing else.
const WORDS: usize = 1 << 18;
const PROBES: u32 = 4;

/// A filter of the customers and tokens of every order since the start and of those that were read back. The writer
/// adds, everybody asks; nothing is ever taken out.
pub(super) struct Seen(Box<[AtomicU64]>);

impl Seen {
    pub(super) fn new() -> Self {
        Self((0..WORDS).map(|_| AtomicU64::new(0)).collect())
    }

    /// Both come out of keyed hashes or of a generator: their bytes are already spread.
    pub(super) fn add(&self, key: &[u8; 16]) {
        for (word, bit) in probes(key) {
            self.0[word].fetch_or(bit, Ordering::Release);
        }
    }

    pub(super) fn may_have(&self, key: &[u8; 16]) -> bool {
        probes(key).all(|(word, bit)| self.0[word].load(Ordering::Acquire) & bit != 0)
    }
}

fn probes(key: &[u8; 16]) -> impl Iterator<Item = (usize, u64)> {
    let [first, second] = key.as_chunks::<8>().0 else { unreachable!("16 bytes are two chunks of 8") };
    let (first, step) = (u64::from_le_bytes(*first), u64::from_le_bytes(*second) | 1);
    (0..PROBES).map(move |probe| {
        let place = first.wrapping_add(step.wrapping_mul(u64::from(probe)));
        ((place >> 6) as usize % WORDS, 1 << (place & 63))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u64) -> [u8; 16] {
        let mut key = [0; 16];
        // Spread as keys are.
        key[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
        key[8..].copy_from_slice(&(number + 1).wrapping_mul(0xbf58_476d_1ce4_e5b9).rotate_left(31).to_le_bytes());
        key
    }

    #[test]
    fn what_was_added_is_always_found_and_strangers_hardly_ever() {
        let seen = Seen::new();
        (0..200_000).for_each(|number| seen.add(&key(number)));
        assert!((0..200_000).all(|number| seen.may_have(&key(number))));
        let mistaken = (200_000..300_000).filter(|number| seen.may_have(&key(*number))).count();
        assert!(mistaken < 1_000, "{mistaken} of 100,000 strangers");
    }
}
