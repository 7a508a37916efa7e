use domain::BuyerCommit;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Personal data: stored beside the order, never in the ledger, never in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Buyer {
    pub name: String,
    /// E.164.
    pub phone: String,
    /// Empty when none was given.
    pub email: String,
    pub address: Option<Address>,
    /// In which the shopper bought, and gets mail.
    pub language: Language,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    Vietnamese,
    English,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    pub province_code: String,
    pub line: String,
}

/// Keys the commitment, so that the ledger cannot be searched for a known name or number. Cleared on erasure.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 16]);

impl Language {
    pub const ALL: [Self; 2] = [Self::Vietnamese, Self::English];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vietnamese => "vi",
            Self::English => "en",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.as_str() == text)
    }
}

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
        // One byte: orders were committed to before they had a language, and all those are Vietnamese.
        let english = u8::from(self.language == Language::English);
        mac.update(&[u8::from(self.address.is_some()) | english << 1]);
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
