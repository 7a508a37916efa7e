//! Version 1 of the payloads: the JSON form of each type of `domain`, which itself has none. Released: do not edit, add
//! a version.

use domain::{
    BankTransferDetails, BuyerCommit, Canceller, Doubt, DropId, Event, ExpiryReason, Format, Jti, LinkFacts, OrderCode,
    Payment, PaymentIdentity, PayoutCommit, Proof, RefundReason, Region, Sid, Sub, Terms, Timestamp, Vnd,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(remote = "Event", rename_all = "snake_case")]
pub(super) enum EventV1 {
    DropPaused,
    DropResumed,
    DropKilled,
    OrderPlaced {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
        #[serde(with = "SubV1")]
        sub: Sub,
        #[serde(with = "SidV1")]
        sid: Sid,
        #[serde(with = "JtiV1")]
        jti: Jti,
        quantity: u32,
        #[serde(with = "vnd")]
        amount: Vnd,
        #[serde(with = "region")]
        region: Region,
        #[serde(with = "BuyerCommitV1")]
        buyer_commit: BuyerCommit,
        #[serde(with = "TimestampV1")]
        pay_by: Timestamp,
    },
    LinkAsked {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
        #[serde(with = "TimestampV1")]
        pay_by: Timestamp,
    },
    LinkMade {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
        #[serde(with = "LinkFactsV1")]
        link: LinkFacts,
    },
    LinkConflict {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
    },
    LinkClosed {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
    },
    PaymentReceived {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
        #[serde(with = "PaymentV1")]
        payment: Payment,
        #[serde(with = "vnd")]
        applied: Vnd,
    },
    PaymentSettled {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
        #[serde(with = "PaymentIdentityV1")]
        identity: PaymentIdentity,
    },
    PaymentDisputed {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
        #[serde(with = "PaymentV1")]
        payment: Payment,
    },
    OrderPaid {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
        #[serde(with = "SubV1")]
        sub: Sub,
        quantity: u32,
        late: bool,
    },
    RefundDue {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
        number: u32,
        #[serde(with = "vnd")]
        amount: Vnd,
        #[serde(with = "RefundReasonV1")]
        reason: RefundReason,
    },
    RefundVoided {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
        number: u32,
    },
    RefundBatched {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
        number: u32,
        batch: u64,
    },
    RefundPaying {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
        number: u32,
        attempt: u32,
        #[serde(with = "PayoutCommitV1")]
        payout: PayoutCommit,
    },
    RefundDoubted {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
        number: u32,
        #[serde(with = "DoubtV1")]
        doubt: Doubt,
    },
    RefundSent {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
        number: u32,
        bank_reference: String,
    },
    RefundConfirmed {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
        number: u32,
    },
    RefundFailed {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
        number: u32,
        reason: String,
    },
    PaymentReleased {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
        #[serde(with = "PaymentIdentityV1")]
        identity: PaymentIdentity,
        refund: u32,
    },
    HoldSettling {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
    },
    OrderExpired {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
        #[serde(with = "SubV1")]
        sub: Sub,
        #[serde(with = "ExpiryReasonV1")]
        reason: ExpiryReason,
    },
    OrderCancelled {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
        #[serde(with = "SubV1")]
        sub: Sub,
        #[serde(with = "CancellerV1")]
        by: Canceller,
        quantity: u32,
        restock: bool,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Terms")]
pub(super) struct TermsV1 {
    #[serde(with = "DropIdV1")]
    drop: DropId,
    #[serde(with = "FormatV1")]
    format: Format,
    size: u32,
    #[serde(with = "vnd")]
    price: Vnd,
    #[serde(with = "TimestampV1")]
    opens_at: Timestamp,
    #[serde(with = "optional_timestamp")]
    closes_at: Option<Timestamp>,
    limit_per_customer: u32,
    hold_seconds: u32,
    late_payment_seconds: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "LinkFacts")]
struct LinkFactsV1 {
    id: String,
    checkout_url: String,
    #[serde(rename = "transfer", with = "optional_bank_transfer")]
    bank_transfer: Option<BankTransferDetails>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "BankTransferDetails")]
struct BankTransferDetailsV1 {
    qr_code: String,
    bank_bin: String,
    account_number: String,
    account_name: String,
    memo: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Payment")]
pub(super) struct PaymentV1 {
    #[serde(with = "PaymentIdentityV1")]
    identity: PaymentIdentity,
    #[serde(with = "vnd")]
    amount: Vnd,
    #[serde(with = "TimestampV1")]
    paid_at: Timestamp,
    #[serde(with = "ProofV1")]
    proof: Proof,
    #[serde(skip)]
    account: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "PaymentIdentity")]
struct PaymentIdentityV1 {
    link: String,
    reference: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Format", rename_all = "snake_case")]
enum FormatV1 {
    FirstCome,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Proof", rename_all = "snake_case")]
enum ProofV1 {
    Webhook,
    SignedRead,
    Operator,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "RefundReason", rename_all = "snake_case")]
enum RefundReasonV1 {
    Overpaid,
    AlreadyPaid,
    HoldEnded,
    Cancelled,
    TooLate,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ExpiryReason", rename_all = "snake_case")]
enum ExpiryReasonV1 {
    Unpaid,
    Superseded {
        #[serde(with = "OrderCodeV1")]
        by: OrderCode,
    },
    LinkConflict,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Canceller", rename_all = "snake_case")]
enum CancellerV1 {
    Shopper,
    Operator,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Doubt", rename_all = "snake_case")]
pub(super) enum DoubtV1 {
    NoAnswer,
    Contradicted,
    Reversed,
    OtherName,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "PayoutCommit")]
pub(super) struct PayoutCommitV1(#[serde(with = "base64url")] [u8; 32]);

#[derive(Serialize, Deserialize)]
#[serde(remote = "OrderCode")]
pub(super) struct OrderCodeV1(u64);

#[derive(Serialize, Deserialize)]
#[serde(remote = "DropId")]
struct DropIdV1(u32);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Timestamp")]
pub(super) struct TimestampV1(i64);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Sub")]
struct SubV1(#[serde(with = "base64url")] [u8; 16]);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Sid")]
struct SidV1(#[serde(with = "base64url")] [u8; 16]);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Jti")]
pub(super) struct JtiV1(#[serde(with = "base64url")] [u8; 16]);

#[derive(Serialize, Deserialize)]
#[serde(remote = "BuyerCommit")]
struct BuyerCommitV1(#[serde(with = "base64url")] [u8; 32]);

pub(super) mod base64url {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in crate::entry) fn serialize<S: Serializer, const N: usize>(
        bytes: &[u8; N],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let mut text = [0; 48];
        let length = BASE64.encode_slice(bytes, &mut text).map_err(S::Error::custom)?;
        to.serialize_str(std::str::from_utf8(&text[..length]).map_err(S::Error::custom)?)
    }

    pub(in crate::entry) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
        from: D,
    ) -> Result<[u8; N], D::Error> {
        let text = String::deserialize(from)?;
        let bytes = BASE64.decode(text).map_err(D::Error::custom)?;
        bytes.try_into().map_err(|_| D::Error::custom("wrong number of bytes"))
    }
}

mod vnd {
    use domain::Vnd;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(amount: &Vnd, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(amount.get())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vnd, D::Error> {
        Vnd::new(i64::deserialize(from)?).ok_or_else(|| D::Error::custom("an amount is out of range"))
    }
}

mod region {
    use domain::Region;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(region: &Region, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(region.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Region, D::Error> {
        Region::parse(&String::deserialize(from)?).ok_or_else(|| D::Error::custom("not a region"))
    }
}

mod optional_timestamp {
    use domain::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(at: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        at.map(|at| at.0).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<i64>::deserialize(from)?.map(Timestamp))
    }
}

mod optional_bank_transfer {
    use domain::BankTransferDetails;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::BankTransferDetailsV1;

    #[derive(Serialize)]
    struct Written<'a>(#[serde(with = "BankTransferDetailsV1")] &'a BankTransferDetails);

    #[derive(Deserialize)]
    struct Read(#[serde(with = "BankTransferDetailsV1")] BankTransferDetails);

    pub(super) fn serialize<S: Serializer>(details: &Option<BankTransferDetails>, to: S) -> Result<S::Ok, S::Error> {
        details.as_ref().map(Written).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<BankTransferDetails>, D::Error> {
        Ok(Option::<Read>::deserialize(from)?.map(|read| read.0))
    }
}
