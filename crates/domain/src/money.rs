use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// JSON readers and PayOS keep integers exact only up to here.
pub const VND_MAX: i64 = (1 << 53) - 1;

/// Whole đồng, never negative and never above [`VND_MAX`] where it enters the core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vnd(i64);

impl Vnd {
    pub const ZERO: Self = Self(0);

    pub const fn new(amount: i64) -> Option<Self> {
        if amount >= 0 && amount <= VND_MAX { Some(Self(amount)) } else { None }
    }

    /// Price for a quantity, which [`crate::Terms`] keeps far below [`VND_MAX`].
    #[must_use]
    pub(crate) fn times(self, quantity: u32) -> Self {
        Self(self.0 * i64::from(quantity))
    }

    pub const fn get(self) -> i64 {
        self.0
    }

    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl Add for Vnd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Vnd {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Vnd {
    type Output = Self;
    /// Money never goes below nothing: an attempt is a broken rule, and must not become a wrong balance.
    fn sub(self, other: Self) -> Self {
        assert!(self.0 >= other.0, "money below zero: {} - {}", self.0, other.0);
        Self(self.0 - other.0)
    }
}

impl std::iter::Sum for Vnd {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Vnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
