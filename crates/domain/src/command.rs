use crate::doubt::Doubt;
use crate::ids::{BuyerCommit, Jti, PaymentIdentity, PayoutCommit, Sid, Sub};
use crate::money::Vnd;
use crate::order_code::OrderCode;
use crate::region::Region;
use crate::timestamp::Timestamp;

/// Everything that can be asked of a drop that exists.
#[derive(Clone, Debug)]
pub enum Command {
    Purchase(Purchase),
    /// The shopper gives the units back.
    Cancel {
        sid: Sid,
    },
    /// A payment link is about to be asked for; committed before the provider is called.
    AskLink,
    /// The provider made the link.
    LinkMade(LinkFacts),
    /// Under this order's code the provider holds a link that Dropgate did not ask for.
    LinkConflict,
    /// A signed reply showed the link closed, with these payments on it.
    LinkClosed {
        payments: Vec<PaymentIdentity>,
    },
    Payment(Payment),
    /// Money that an operator has already entered elsewhere: a person must look at it before it counts.
    Dispute(Payment),
    /// `pay_by` has passed. The decision says whether the hold ends.
    EndHold,
    /// An operator ends an order. `restock` says whether a paid order's units are for sale again.
    CancelByOperator {
        restock: bool,
    },
    /// A step of a refund on its way to the payer.
    Refund {
        number: u32,
        step: RefundStep,
    },
    /// Takes a payment off this order, so that it can be given to another one.
    ReleasePayment {
        identity: PaymentIdentity,
    },
    Pause,
    Resume,
    /// Closes the drop for good; its pending orders are cancelled one by one after it.
    Kill,
}

/// What happened to a refund that was due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundStep {
    /// It is on a list of transfers for the bank.
    Batch { batch: u64 },
    /// The provider is about to be asked to pay it out; committed before the first byte leaves. Attempts count from 1.
    Pay { attempt: u32, payout: PayoutCommit },
    /// What became of the payout is not certain: a person must look.
    Doubt(Doubt),
    /// The bank took the transfer and gave it this reference.
    Sent { bank_reference: String },
    /// The bank statement shows it, or a later signed read that it stayed paid out.
    Confirm,
    /// The transfer failed or came back: the refund is due again.
    Fail { reason: String },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// The code the order gets if it is placed.
    pub order: OrderCode,
    pub sub: Sub,
    pub sid: Sid,
    pub jti: Jti,
    pub quantity: u32,
    /// The token's own limit, besides the drop's.
    pub quantity_max: u32,
    pub region: Region,
    /// Under the salt of the order that this token made before; under a new salt when there is none.
    pub buyer_commit: BuyerCommit,
}

/// What the provider said of a link it made. Nothing of it is personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkFacts {
    pub id: String,
    pub checkout_url: String,
    /// Absent when a link had to be found again: the provider shows these only once.
    pub bank_transfer: Option<BankTransferDetails>,
}

/// Where a bank transfer must go, and how it is drawn as a QR code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankTransferDetails {
    pub qr_code: String,
    pub bank_bin: String,
    pub account_number: String,
    pub account_name: String,
    pub memo: String,
}

/// How a payment came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The provider's signed webhook: enough to make an order paid.
    Webhook,
    /// A signed reply to a question of Dropgate: makes the payment settled.
    SignedRead,
    /// An operator read it on a bank statement; the provider never reported it.
    Operator,
}

/// Money that arrived for an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub identity: PaymentIdentity,
    pub amount: Vnd,
    /// The bank's time, for the record; decisions use the writer's.
    pub paid_at: Timestamp,
    pub proof: Proof,
    /// The account that received it, where that is known. For the record only.
    pub account: Option<String>,
}

impl Proof {
    /// Whether the provider need not be asked about the money again.
    pub fn settles(self) -> bool {
        match self {
            Self::Webhook => false,
            Self::SignedRead | Self::Operator => true,
        }
    }
}
