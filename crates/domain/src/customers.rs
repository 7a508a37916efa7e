use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::ids::{OrderCode, Sub};

/// What a drop remembers of a customer, for limits and for finding the own pending order again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Customer {
    /// Units paid for.
    pub bought: u32,
    /// The one order of theirs that may be pending; a customer has at most one.
    pub pending: Option<OrderCode>,
}

/// Keys are HMAC outputs, so their first bytes are the hash.
#[derive(Clone, Copy, Debug, Default)]
struct KeyIsHash(u64);

impl Hasher for KeyIsHash {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("Sub hashes itself as one u64");
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Customers(HashMap<Sub, Customer, BuildHasherDefault<KeyIsHash>>);

impl Customers {
    /// A table that grows while selling would stop the writer for a rehash, so it is sized from the drop.
    pub(crate) fn sized_for(customers: usize) -> Self {
        Self(HashMap::with_capacity_and_hasher(customers, BuildHasherDefault::default()))
    }

    pub(crate) fn get(&self, sub: Sub) -> Customer {
        self.0.get(&sub).copied().unwrap_or_default()
    }

    /// Changes one customer; one with nothing held and nothing bought is forgotten.
    pub(crate) fn change(&mut self, sub: Sub, change: impl FnOnce(&mut Customer)) {
        let customer = self.0.entry(sub).or_default();
        change(customer);
        if *customer == Customer::default() {
            self.0.remove(&sub);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Sub, Customer)> + '_ {
        self.0.iter().map(|(sub, customer)| (*sub, *customer))
    }
}
