use hashbrown::HashTable;

use crate::ids::Sub;
use crate::order_code::OrderCode;
use crate::terms::LIMIT_PER_CUSTOMER_MAX;

/// What a drop remembers of a customer, for limits and for finding a customer's pending order again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Customer {
    /// Units paid for.
    pub bought: u32,
    /// The customer's pending order; there is at most one.
    pub pending: Option<OrderCode>,
}

/// Customers of a drop in 24 bytes each and five of index: a million of them are in memory during a sale.
#[derive(Clone, Debug, Default)]
pub(crate) struct Customers {
    rows: Vec<Row>,
    /// Indexes of `rows`.
    index: HashTable<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    sub: Sub,
    packed: Packed,
}

/// The pending order's code below bit 53, where JSON ends too (0 for none), and above it the units bought.
#[derive(Clone, Copy, Debug)]
struct Packed(u64);

pub(crate) const CODE_BITS: u32 = 53;
const _: () = assert!(LIMIT_PER_CUSTOMER_MAX < 1 << (u64::BITS - CODE_BITS));

impl Packed {
    fn new(customer: Customer) -> Self {
        let code = customer.pending.map_or(0, |order| order.0);
        assert!(code >> CODE_BITS == 0, "order code {code} is above 2^53");
        assert!(customer.bought <= LIMIT_PER_CUSTOMER_MAX, "a customer bought {} units", customer.bought);
        Self(u64::from(customer.bought) << CODE_BITS | code)
    }

    fn customer(self) -> Customer {
        let code = self.0 & ((1 << CODE_BITS) - 1);
        Customer { bought: (self.0 >> CODE_BITS) as u32, pending: (code != 0).then_some(OrderCode(code)) }
    }
}

impl Customers {
    /// A table that grows while selling would stop the writer for a rehash, so it is sized from the drop.
    pub(crate) fn sized_for(customers: usize) -> Self {
        Self { rows: Vec::with_capacity(customers), index: HashTable::with_capacity(customers) }
    }

    pub(crate) fn get(&self, sub: Sub) -> Customer {
        let row = self.index.find(hash(&sub), |row| self.rows[*row as usize].sub == sub);
        row.map_or_else(Customer::default, |row| self.rows[*row as usize].packed.customer())
    }

    /// Changes one customer; one with nothing held and nothing bought is forgotten.
    pub(crate) fn change(&mut self, sub: Sub, change: impl FnOnce(&mut Customer)) {
        let Self { rows, index } = self;
        let row = index.find(hash(&sub), |row| rows[*row as usize].sub == sub).copied();
        let mut customer = row.map_or_else(Customer::default, |row| rows[row as usize].packed.customer());
        change(&mut customer);
        match row {
            Some(row) if customer == Customer::default() => self.forget(sub, row),
            Some(row) => rows[row as usize].packed = Packed::new(customer),
            None if customer == Customer::default() => {}
            None => {
                let row = u32::try_from(rows.len()).expect("a drop has fewer customers than 2^32");
                rows.push(Row { sub, packed: Packed::new(customer) });
                index.insert_unique(hash(&sub), row, |row| hash(&rows[*row as usize].sub));
            }
        }
    }

    /// The last row moves to the forgotten one's index.
    fn forget(&mut self, sub: Sub, row: u32) {
        let Self { rows, index } = self;
        if let Ok(entry) = index.find_entry(hash(&sub), |known| *known == row) {
            entry.remove();
        }
        let last = rows.len() - 1;
        if let Some(moved) = index.find_mut(hash(&rows[last].sub), |known| *known as usize == last) {
            *moved = row;
        }
        rows.swap_remove(row as usize);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Sub, Customer)> + '_ {
        self.rows.iter().map(|row| (row.sub, row.packed.customer()))
    }
}

/// The bytes come out of an HMAC whose key no shopper holds: they are already spread, and a shopper cannot choose them.
fn hash(sub: &Sub) -> u64 {
    let mut head = [0; 8];
    head.copy_from_slice(&sub.0[..8]);
    u64::from_le_bytes(head)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn customers_are_what_a_plain_map_would_hold(
            changes in prop::collection::vec((0..40_u8, 0..3_u32, prop::option::of(1..1000_u64)), 1..200),
        ) {
            let mut customers = Customers::sized_for(4);
            let mut plain: BTreeMap<[u8; 16], Customer> = BTreeMap::new();
            for (who, bought, pending) in changes {
                // Some share their whole hash.
                let mut sub = [who % 3; 16];
                sub[15] = who;
                let customer = Customer { bought, pending: pending.map(OrderCode) };
                customers.change(Sub(sub), |known| *known = customer);
                if customer == Customer::default() {
                    plain.remove(&sub);
                } else {
                    plain.insert(sub, customer);
                }
                let held: BTreeMap<[u8; 16], Customer> =
                    customers.iter().map(|(sub, customer)| (sub.0, customer)).collect();
                prop_assert_eq!(&held, &plain);
                for who in 0..40 {
                    let mut sub = [who % 3; 16];
                    sub[15] = who;
                    prop_assert_eq!(customers.get(Sub(sub)), plain.get(&sub).copied().unwrap_or_default());
                }
            }
        }
    }

    #[test]
    fn the_largest_numbers_fit() {
        let customer = Customer { bought: LIMIT_PER_CUSTOMER_MAX, pending: Some(OrderCode((1 << CODE_BITS) - 1)) };
        assert_eq!(Packed::new(customer).customer(), customer);
        assert_eq!(size_of::<Row>(), 24);
    }
}
