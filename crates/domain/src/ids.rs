use std::fmt;
use std::ops::{Add, AddAssign, Sub as Minus};

/// A drop of this installation. Zero never names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DropId(pub u32);

/// The integer a payment provider knows an order by; its parts belong to the edge protocol, not to the sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderCode(pub u64);

impl fmt::Display for OrderCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A customer of one drop: a keyed hash of a phone number, so that rules can count people without knowing them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sub(pub [u8; 16]);

/// A shopper's browser: the signed cookie it bought with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sid(pub [u8; 16]);

/// One purchase token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Jti(pub [u8; 16]);

/// A salted commitment to the buyer's details, which themselves never enter the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuyerCommit(pub [u8; 32]);

/// Where the shopper is, as ASCII padded with zeroes (`N01`, `INTL`). The rules only carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RegionCode(pub [u8; 4]);

/// A moment: milliseconds since 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    #[must_use]
    pub fn plus_seconds(self, seconds: u32) -> Self {
        Self(self.0 + i64::from(seconds) * 1000)
    }

    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0 + ms)
    }
}

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

impl Minus for Vnd {
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

/// What makes two reports of money the same money: the payment link and the bank's reference on it.
///
/// Banks that send no reference get one made of the transfer's time, amount and a digest of its description; see
/// [`PaymentIdentity::without_reference`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PaymentIdentity {
    pub link: String,
    pub reference: String,
}

/// The link of money that an operator found on a bank statement.
const STATEMENT_LINK: &str = "statement";

impl PaymentIdentity {
    /// Money the provider never reported, by the bank's reference alone.
    pub fn on_statement(bank_reference: &str) -> Self {
        Self::new(STATEMENT_LINK, bank_reference)
    }

    pub fn is_on_statement(&self) -> bool {
        self.link == STATEMENT_LINK
    }

    pub fn new(link: &str, reference: &str) -> Self {
        Self { link: link.to_owned(), reference: reference.to_owned() }
    }

    /// `description_digest` stands for the description, which may hold a person's name.
    pub fn without_reference(link: &str, at: Timestamp, amount: Vnd, description_digest: u64) -> Self {
        Self { link: link.to_owned(), reference: format!("at:{}:{amount}:{description_digest:016x}", at.0) }
    }
}

/// Who ended an order on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Canceller {
    Shopper,
    Operator,
}
