//! What the writer can be asked, and its replies.

use std::sync::Arc;

use domain::{
    Command, DropId, Jti, OrderCode, Outcome, Payment, Purchase, Receipt, Refusal, Terms, Timestamp, UnmatchedStep,
};
use ledger::{Listing, Product};

use crate::{
    Buyer, Destination, EndpointRefused, EndpointRequest, KnownPayment, PayoutRefused, PayoutRequest, PayoutStep,
    Progress, RefundId, Salt,
};

pub enum Request {
    Purchase(PurchaseRequest),
    Order(OrderRequest),
    Drop {
        drop: DropId,
        command: Command,
        operator: String,
    },
    CreateProduct {
        product: NewProduct,
        operator: String,
    },
    CreateDrop {
        drop: NewDrop,
        operator: String,
    },
    RevokeToken {
        jti: Jti,
        operator: String,
    },
    /// Lets the sale go on by the wall clock.
    AcceptClock {
        /// How far it is ahead of the sale's time, as the operator saw it.
        step_ms: i64,
        operator: String,
    },
    EnterPayment(EnterPayment),
    /// Keeps a signed webhook that reports no money which could be recorded.
    KeepWebhook(UnreadableWebhook),
    /// Says where the refunds of an order go.
    SetDestination {
        order: OrderCode,
        destination: Destination,
        /// Empty when the shopper says it.
        operator: String,
    },
    MovePayment(MovePayment),
    Unmatched(UnmatchedRequest),
    /// Puts every refund that can go out on one list.
    ExportRefunds {
        operator: String,
    },
    /// Begins an attempt to pay a refund out. Boxed: it is much larger than a purchase.
    BeginPayout(Box<PayoutRequest>),
    PayoutStep(PayoutStep),
    ApproveRefund {
        refund: RefundId,
        operator: String,
    },
    PausePayouts {
        pause: bool,
        operator: String,
    },
    /// A shopper who gave the e-mail address of the order asks for a mail with its address.
    AskOrderLink {
        order: OrderCode,
    },
    /// A mail server refused the order's address for good.
    StopMail {
        order: OrderCode,
        /// The SMTP reply code.
        reply: u16,
    },
    /// Lets mail go to the order's address again.
    AllowMail {
        order: OrderCode,
        operator: String,
    },
    /// Changes the merchant's webhook endpoints.
    Endpoint {
        request: EndpointRequest,
        operator: String,
    },
    /// Lets a channel of the outbox try again what it owed for a ledger row and gave up.
    RetryDelivery {
        channel: String,
        row: i64,
        operator: String,
    },
    /// Records how far a channel of the outbox has come.
    Progress(Progress),
    /// Asks for pending orders whose time has come, ascending after `after`.
    DueHolds {
        after: OrderCode,
        max: usize,
    },
}

/// The queue in which a request waits. A batch takes from them in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    Control,
    Money,
    Shopper,
}

impl Lane {
    pub fn name(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Money => "money",
            Self::Shopper => "shopper",
        }
    }
}

impl Request {
    pub fn lane(&self) -> Lane {
        match self {
            Self::SetDestination { operator, .. } if !operator.is_empty() => Lane::Control,
            Self::Purchase(_) | Self::SetDestination { .. } | Self::AskOrderLink { .. } => Lane::Shopper,
            Self::Order(OrderRequest { operator, .. }) if !operator.is_empty() => Lane::Control,
            Self::Order(OrderRequest { command: Command::Cancel { .. }, .. }) => Lane::Shopper,
            Self::Order(_)
            | Self::KeepWebhook(_)
            | Self::Progress(_)
            | Self::StopMail { .. }
            | Self::BeginPayout(_)
            | Self::PayoutStep(_) => Lane::Money,
            Self::Drop { .. }
            | Self::CreateProduct { .. }
            | Self::CreateDrop { .. }
            | Self::RevokeToken { .. }
            | Self::AcceptClock { .. }
            | Self::Endpoint { .. }
            | Self::RetryDelivery { .. }
            | Self::EnterPayment(_)
            | Self::MovePayment(_)
            | Self::Unmatched(_)
            | Self::ExportRefunds { .. }
            | Self::ApproveRefund { .. }
            | Self::PausePayouts { .. }
            | Self::AllowMail { .. }
            | Self::DueHolds { .. } => Lane::Control,
        }
    }

    /// The place of a request in its batch; requests of one place keep the order in which they came. Money that came in
    /// time is decided before the expiry that would make it late.
    pub fn precedence(&self) -> (Lane, bool) {
        let ends_hold = matches!(self, Self::Order(OrderRequest { command: Command::EndHold, .. }));
        (self.lane(), ends_hold)
    }
}

/// A command about one order.
#[derive(Clone, Debug)]
pub struct OrderRequest {
    pub order: OrderCode,
    pub command: Command,
    /// The operator's name; empty when the request is not an operator's.
    pub operator: String,
    /// The account the money came from, where the bank said so: a refund would go back there.
    pub payer: Option<Destination>,
}

/// A purchase with what is kept beside its order. The engine fills in `purchase.order`.
#[derive(Clone, Debug)]
pub struct PurchaseRequest {
    pub drop: DropId,
    pub purchase: Purchase,
    pub buyer: Buyer,
    pub salt: Salt,
}

/// Enters money from a bank statement that the provider never reported.
#[derive(Clone, Debug)]
pub struct EnterPayment {
    /// [`crate::NO_ORDER`] while it is not known.
    pub order: OrderCode,
    pub payment: Payment,
    /// Why it is another transfer although its reference is known.
    pub another_transfer: Option<String>,
    /// Payments of its reference, up to the ledger row `known_up_to`. To find them takes longer than a batch may: the
    /// engine looks only at what came after.
    pub known: Vec<KnownPayment>,
    pub known_up_to: i64,
    pub operator: String,
}

/// What became of a payment that an operator entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entered {
    Recorded,
    /// Recorded, and in no sum until a person has looked.
    Disputed,
    /// Nothing changed: it is this payment again.
    KnownAlready(Option<KnownPayment>),
    /// Its reference is this payment's, and the operator did not say that it is another transfer.
    ReferenceKnown(KnownPayment),
    Refused(Refusal),
}

/// Where money stands once a request has brought it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoneyPlace {
    /// Some of it counts towards its order.
    Applied,
    /// All of it goes back.
    RefundDue,
    /// No order takes it: an operator decides.
    Unmatched,
    /// Recorded, and in no sum until a person has looked.
    Disputed,
}

/// A signed webhook that reports no money which could be recorded, byte for byte. It holds personal data.
#[derive(Clone)]
pub struct UnreadableWebhook {
    /// SHA-256 of the bytes.
    pub digest: [u8; 32],
    pub body: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookKept {
    New,
    /// The same bytes were kept before.
    Already,
    /// As many as there may be were kept before.
    TooMany,
}

/// Gives recorded money to another order.
#[derive(Clone, Debug)]
pub struct MovePayment {
    /// The ledger row that recorded it.
    pub seq: i64,
    pub to: OrderCode,
    pub operator: String,
}

/// Decides about an unmatched payment.
#[derive(Clone, Debug)]
pub struct UnmatchedRequest {
    /// The ledger row that recorded it.
    pub seq: i64,
    pub step: UnmatchedStep,
    /// Where it goes back to, when that is said with the step.
    pub destination: Option<Destination>,
    pub operator: String,
}

#[derive(Clone, Debug)]
pub struct NewProduct {
    pub name: String,
    pub description: String,
    pub image_url: String,
}

/// What a drop sells.
#[derive(Clone, Debug)]
pub enum ProductOf {
    Existing(i64),
    /// Made with the drop, or not at all.
    New(NewProduct),
}

/// The terms of a drop that has no number yet.
#[derive(Clone, Debug)]
pub struct NewDrop {
    pub slug: String,
    pub product: ProductOf,
    /// The engine gives `terms.drop`.
    pub terms: Terms,
}

/// The answer to a request. It leaves the writer only after its batch is on disk.
#[derive(Debug)]
pub enum Reply {
    Purchase(PurchaseReply),
    Order {
        outcome: Outcome,
        /// What became of the money that the request brought; `None` when it brought none that is new.
        money: Option<MoneyPlace>,
    },
    Entered(Entered),
    Webhook(WebhookKept),
    Drop(Result<Outcome, NoSuchDrop>),
    Product(Box<Product>),
    Listing(Box<Result<Listing, CreateDropError>>),
    /// From when on the destination is used.
    Destination(Result<Timestamp, Refusal>),
    Moved(Result<(), MoveRefused>),
    /// Whether it was recorded: there is such an order, and it had no more links than it may have today.
    Mail(bool),
    Payout(Result<(), PayoutRefused>),
    PayoutStep(Result<(), Refusal>),
    /// How many operators have approved it.
    Approved(Result<usize, Refusal>),
    /// Whether that changed anything.
    Paused(bool),
    /// The number of the new list, unless no refund was ready.
    Exported(Option<u64>),
    DueHolds(Vec<OrderCode>),
    /// The step that was accepted.
    Clock(Result<i64, ClockRefused>),
    /// The number of the endpoint.
    Endpoint(Result<u8, EndpointRefused>),
    Done,
}

pub type PurchaseReply = Result<PurchaseAccepted, PurchaseRefused>;

#[derive(Clone, Debug)]
pub struct PurchaseAccepted {
    pub receipt: Receipt,
    pub listing: Arc<Listing>,
    pub acceptance: Acceptance,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// The order is new.
    Placed,
    /// The same token made the order before.
    Replayed,
    /// Another token of the same shopper made it: the order is theirs, and not new.
    Resumed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PurchaseRefused {
    ByTheRules(Refusal),
    NoSuchDrop,
    /// The sale's clock is far behind the ledger: what is open or late would be a guess.
    ClockBehind {
        until: Timestamp,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveRefused {
    NoSuchPayment,
    ByTheRules(Refusal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockRefused {
    /// The sale goes by the wall clock.
    NoStep,
    /// Not the step that the operator saw.
    AnotherStep { step_ms: i64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchDrop;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateDropError {
    SlugTaken,
    NoSuchProduct,
}
