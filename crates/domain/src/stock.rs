/// Where a drop's units are. `available + held + sold + withdrawn` is the drop's size, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    pub available: u32,
    /// Kept for pending orders.
    pub held: u32,
    pub sold: u32,
    /// Of paid orders cancelled without restocking.
    pub withdrawn: u32,
}

impl Stock {
    pub fn full(size: u32) -> Self {
        Self { available: size, ..Self::default() }
    }

    pub fn total(self) -> u64 {
        u64::from(self.available) + u64::from(self.held) + u64::from(self.sold) + u64::from(self.withdrawn)
    }

    pub(crate) fn hold(&mut self, quantity: u32) {
        take(&mut self.available, quantity);
        self.held += quantity;
    }

    pub(crate) fn release(&mut self, quantity: u32) {
        take(&mut self.held, quantity);
        self.available += quantity;
    }

    pub(crate) fn sell_held(&mut self, quantity: u32) {
        take(&mut self.held, quantity);
        self.sold += quantity;
    }

    pub(crate) fn sell_available(&mut self, quantity: u32) {
        take(&mut self.available, quantity);
        self.sold += quantity;
    }

    pub(crate) fn return_sold(&mut self, quantity: u32, restock: bool) {
        take(&mut self.sold, quantity);
        if restock {
            self.available += quantity;
        } else {
            self.withdrawn += quantity;
        }
    }
}

/// Taking what is not there would sell a unit twice: stop, whatever else happens.
fn take(from: &mut u32, quantity: u32) {
    assert!(*from >= quantity, "stock below zero: {from} - {quantity}");
    *from -= quantity;
}
