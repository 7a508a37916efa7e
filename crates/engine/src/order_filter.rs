use std::sync::atomic::{AtomicU64, Ordering};

use domain::{DropStatus, Jti, Purchase, Refusal, Sid, Stock, Sub, Terms, Timestamp, refused_without_stock};

/// Each order adds two keys, its shopper and its token, and each key sets this many bits.
const PROBES: u32 = 4;
/// Full, the filter takes one stranger in forty for a customer: that costs them the way through the writer, and nothing
/// else.
const BITS_PER_ORDER: usize = 16;

/// A Bloom filter of the tokens and shoppers of orders: a key that is not in it surely has no order. A shopper is a
/// customer with a browser: only together do they get an order back, and a stranger who tries a phone number must not be
/// answered another way when it has an order. The engine adds, any thread asks, and nothing is ever taken out.
pub struct OrderFilter {
    words: Box<[AtomicU64]>,
}

impl OrderFilter {
    /// More orders than it is sized for only make it mistake more strangers.
    pub fn sized_for(orders: usize) -> Self {
        let words = (orders * BITS_PER_ORDER / 64).next_power_of_two();
        Self { words: (0..words).map(|_| AtomicU64::new(0)).collect() }
    }

    pub fn add_token(&self, jti: Jti) {
        self.add(&jti.0);
    }

    pub fn add_shopper(&self, sub: Sub, sid: Sid) {
        self.add(&shopper(sub, sid));
    }

    /// Whether there may be an order to give back.
    pub fn may_have_order(&self, purchase: &Purchase) -> bool {
        self.may_have(&purchase.jti.0) || self.may_have(&shopper(purchase.sub, purchase.sid))
    }

    /// What a purchase is refused with when no unit is left and its shopper surely has no order. A shopper who may have
    /// one is answered by a batch, and so is every shopper while a unit is left.
    pub fn refuses(
        &self,
        terms: &Terms,
        status: DropStatus,
        stock: Stock,
        now: Timestamp,
        purchase: &Purchase,
    ) -> Option<Refusal> {
        let refusal = refused_without_stock(terms, status, stock, now, purchase)?;
        (!self.may_have_order(purchase)).then_some(refusal)
    }

    fn add(&self, key: &[u8; 16]) {
        for (word, bit) in self.probes(key) {
            self.words[word].fetch_or(bit, Ordering::Release);
        }
    }

    fn may_have(&self, key: &[u8; 16]) -> bool {
        self.probes(key).all(|(word, bit)| self.words[word].load(Ordering::Acquire) & bit != 0)
    }

    /// Keys come out of keyed hashes or of a generator: their bytes are already spread.
    fn probes(&self, key: &[u8; 16]) -> impl Iterator<Item = (usize, u64)> + use<> {
        let [first, second] = key.as_chunks::<8>().0 else { unreachable!("16 bytes are two chunks of 8") };
        let (first, step) = (u64::from_le_bytes(*first), u64::from_le_bytes(*second) | 1);
        let mask = self.words.len() - 1;
        (0..PROBES).map(move |probe| {
            let place = first.wrapping_add(step.wrapping_mul(u64::from(probe)));
            ((place >> 6) as usize & mask, 1 << (place & 63))
        })
    }
}

/// Turned by a bit, so that equal ids do not cancel out.
fn shopper(sub: Sub, sid: Sid) -> [u8; 16] {
    (u128::from_le_bytes(sub.0) ^ u128::from_le_bytes(sid.0).rotate_left(1)).to_le_bytes()
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
        let filter = OrderFilter::sized_for(1_000_000);
        (0..200_000).for_each(|number| filter.add(&key(number)));
        assert!((0..200_000).all(|number| filter.may_have(&key(number))));
        let mistaken = (200_000..300_000).filter(|number| filter.may_have(&key(*number))).count();
        assert!(mistaken < 1_000, "{mistaken} of 100,000 strangers");
    }
}
