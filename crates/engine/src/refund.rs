use domain::{OrderCode, Vnd, base36};
use hmac::{Hmac, KeyInit, Mac};
use ledger::AccountCommit;
use sha2::Sha256;

use crate::Salt;

/// Where a refund goes. Personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct Destination {
    /// A BIN or a name, as it was given.
    pub bank: String,
    pub account_number: String,
    /// Empty while only the bank and the number are known: no list takes it then.
    pub account_name: String,
    /// Keys the digest in the ledger. `None` on a list that an earlier release wrote.
    pub salt: Option<Salt>,
}

impl Destination {
    /// What stands for the account in the ledger.
    pub fn commit(&self) -> Option<AccountCommit> {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.salt?.0).expect("HMAC takes any key");
        for field in [&*self.bank, &*self.account_number, &*self.account_name] {
            mac.update(&(field.len() as u64).to_be_bytes());
            mac.update(field.as_bytes());
        }
        Some(AccountCommit(mac.finalize().into_bytes().into()))
    }

    /// The same account, whatever the salt.
    pub fn is_same_account(&self, other: &Self) -> bool {
        self.account_name == other.account_name
            && self.bank == other.bank
            && self.account_number == other.account_number
    }

    /// The same account, without its name.
    pub fn lacks_only_the_name_of(&self, other: &Self) -> bool {
        self.account_name.is_empty() && self.bank == other.bank && self.account_number == other.account_number
    }
}

impl std::fmt::Debug for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Destination(…)")
    }
}

/// Whose money goes back: an order's, or that of the unmatched payment which this ledger row recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Payer {
    Order(OrderCode),
    Unmatched(i64),
}

/// One refund: an order's with its number, or the one of an unmatched payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefundId {
    Order(OrderCode, u32),
    Unmatched(i64),
}

impl RefundId {
    /// The memo of the transfer back: the order as people see it and which of its refunds, or `U` and the payment's
    /// number in base 36. The second is always shorter, so neither can be read as the other.
    pub fn memo(self) -> String {
        match self {
            Self::Order(order, number) => format!("RF{}{number}", order.short_code()),
            Self::Unmatched(seq) => format!("RFU{}", base36(seq.unsigned_abs())),
        }
    }

    pub fn payer(self) -> Payer {
        match self {
            Self::Order(order, _) => Payer::Order(order),
            Self::Unmatched(seq) => Payer::Unmatched(seq),
        }
    }
}

/// One line of a refund list: what the bank is asked to transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundTransfer {
    pub refund: RefundId,
    pub amount: Vnd,
    pub destination: Destination,
}
