use std::error::Error;
use std::fmt;
use std::str::FromStr;

use crate::hex;
use crate::money::Vnd;
use crate::timestamp::Timestamp;

/// A drop of this installation. Zero never names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DropId(pub u32);

/// Text that is no [`Sub`], [`Sid`] or [`Jti`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidId;

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id is 32 lower-case hex digits")
    }
}

impl Error for InvalidId {}

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// 16 bytes. As text 32 lower-case hex digits, and no other text parses, so that one id has one spelling.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            pub fn from_hex(digits: &[u8; 32]) -> Option<Self> {
                hex::bytes(digits).map(Self)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.as_bytes().try_into().ok().and_then(Self::from_hex).ok_or(InvalidId)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

random_id!(
    /// A customer of one drop: a keyed hash of a phone number, so that rules can count people without knowing them.
    Sub
);
random_id!(
    /// A shopper's browser: the signed cookie it bought with.
    Sid
);
random_id!(
    /// One purchase token: a purchase repeated with it is the same purchase.
    Jti
);

/// A salted commitment to the buyer's details, which themselves never enter the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuyerCommit(pub [u8; 32]);

/// A salted commitment to the request of one payout, byte for byte. The request names an account and never enters the
/// core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayoutCommit(pub [u8; 32]);

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
/// What begins a reference made for a transfer whose bank gave none.
const WITHOUT_REFERENCE: &str = "at:";

impl PaymentIdentity {
    /// Money the provider never reported, by the bank's reference alone.
    pub fn on_statement(bank_reference: &str) -> Self {
        Self::new(STATEMENT_LINK, bank_reference)
    }

    /// Money of a reference that the bank has used before, of another day.
    pub fn on_statement_of_day(bank_reference: &str, at: Timestamp) -> Self {
        Self::new(&format!("{STATEMENT_LINK}:{}", at.day_in_vietnam()), bank_reference)
    }

    pub fn is_on_statement(&self) -> bool {
        let rest = self.link.strip_prefix(STATEMENT_LINK);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    }

    pub fn new(link: &str, reference: &str) -> Self {
        Self { link: link.to_owned(), reference: reference.to_owned() }
    }

    /// As the bank gave it; nothing when it gave none.
    pub fn bank_reference(&self) -> Option<&str> {
        (!self.reference.starts_with(WITHOUT_REFERENCE)).then_some(&self.reference)
    }

    /// `description_digest` stands for the description, which may hold a person's name.
    pub fn without_reference(link: &str, at: Timestamp, amount: Vnd, description_digest: u64) -> Self {
        Self {
            link: link.to_owned(),
            reference: format!("{WITHOUT_REFERENCE}{}:{amount}:{description_digest:016x}", at.0),
        }
    }
}

/// Who ended an order on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Canceller {
    Shopper,
    Operator,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text() {
        let sid = Sid([0x00, 1, 2, 0x7f, 0x80, 0xff, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        assert_eq!(sid.to_string(), "0001027f80ff060708090a0b0c0d0e0f");
        assert_eq!(sid.to_string().parse(), Ok(sid));
    }

    #[test]
    fn an_id_has_one_spelling() {
        for text in [
            "",
            "00",
            "0001027F80FF060708090A0B0C0D0E0F",
            "0001027f80ff060708090a0b0c0d0e0",
            "0x01027f80ff060708090a0b0c0d0e0f",
            "0001027f80ff060708090a0b0c0d0e0f0",
            "é001027f80ff060708090a0b0c0d0e0",
        ] {
            assert_eq!(text.parse::<Jti>(), Err(InvalidId), "{text}");
        }
    }
}
