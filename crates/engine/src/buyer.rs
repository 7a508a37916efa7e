use domain::BuyerCommit;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Personal data: stored beside the order, never in the ledger, never in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Buyer {
    pub name: String,
    /// E.164.
    pub phone: String,
    pub email: String,
    pub address: Option<Address>,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    pub province_code: String,
    pub line: String,
}

/// Keys the commitment, so that the ledger cannot be searched for a known name or number. Cleared on erasure.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 16]);

impl Buyer {
    /// What stands for the buyer's details in the ledger.
    pub fn commit(&self, salt: Salt) -> BuyerCommit {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&salt.0).expect("HMAC takes any key");
        let (province, line) =
            self.address.as_ref().map_or(("", ""), |address| (&*address.province_code, &*address.line));
        for field in [&*self.name, &*self.phone, &*self.email, province, line] {
            mac.update(&(field.len() as u64).to_be_bytes());
            mac.update(field.as_bytes());
        }
        mac.update(&[u8::from(self.address.is_some())]);
        BuyerCommit(mac.finalize().into_bytes().into())
    }
}

impl std::fmt::Debug for Buyer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Buyer(…)")
    }
}

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt(…)")
    }
}
