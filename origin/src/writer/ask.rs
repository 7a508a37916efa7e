//! What can be asked of the writer, and its answers.

use std::sync::Arc;

use domain::{Command, DropId, Jti, OrderCode, Outcome, Purchase, Receipt, Refusal, Terms, Timestamp, UnmatchedStep};
use ledger::{Listing, Product};
use tokio::sync::oneshot;

use crate::store::{Buyer, Destination, Progress, Salt};

pub(crate) enum Ask {
    Purchase(Box<PurchaseAsk>, oneshot::Sender<PurchaseAnswer>),
    Order(OrderAsk, oneshot::Sender<Outcome>),
    Drop(DropId, Command, String, oneshot::Sender<Result<Outcome, NoSuchDrop>>),
    CreateProduct(NewProduct, String, oneshot::Sender<Product>),
    CreateDrop(NewDrop, String, oneshot::Sender<Result<Listing, CreateDropError>>),
    RevokeToken(Jti, String, oneshot::Sender<()>),
    SetDestination(OrderCode, Destination, oneshot::Sender<Result<Timestamp, Refusal>>),
    MovePayment(MovePayment, oneshot::Sender<Result<(), MoveRefused>>),
    Unmatched(UnmatchedAsk, oneshot::Sender<Result<(), MoveRefused>>),
    /// Puts every refund that can go out on one list; answers its number, if there is any refund to put.
    ExportRefunds(String, oneshot::Sender<Option<u64>>),
    Progress(Progress, oneshot::Sender<()>),
    Due(OrderCode, usize, oneshot::Sender<Vec<OrderCode>>),
}

/// A command about one order.
pub(crate) struct OrderAsk {
    pub(crate) order: OrderCode,
    pub(crate) command: Command,
    /// Who asks; empty when no person does.
    pub(crate) operator: String,
    /// Where the payer's money came from, when the bank said so: where it would go back to.
    pub(crate) payer: Option<Destination>,
}

/// Gives recorded money to another order.
pub(crate) struct MovePayment {
    /// The ledger row that recorded it.
    pub(crate) seq: i64,
    pub(crate) to: OrderCode,
    pub(crate) operator: String,
}

/// Decides about money that named no order of ours.
pub(crate) struct UnmatchedAsk {
    /// The ledger row that recorded it.
    pub(crate) seq: i64,
    pub(crate) step: UnmatchedStep,
    /// Where it goes back to, when that is said with the step.
    pub(crate) destination: Option<Destination>,
    pub(crate) operator: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MoveRefused {
    NoSuchPayment,
    ByTheRules(Refusal),
}

/// A purchase with what is kept beside its order. The writer fills in `purchase.order`.
pub(crate) struct PurchaseAsk {
    pub drop: DropId,
    pub purchase: Purchase,
    pub buyer: Buyer,
    pub salt: Salt,
}

pub(crate) type PurchaseAnswer = Result<PurchaseDone, PurchaseRefused>;

#[derive(Clone, Debug)]
pub(crate) struct PurchaseDone {
    pub receipt: Receipt,
    pub listing: Arc<Listing>,
    /// Another token of the same shopper made it: the order is theirs, and not new.
    pub resumed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PurchaseRefused {
    ByTheRules(Refusal),
    NoSuchDrop,
    /// Wall time is far behind the ledger's: deciding what is open or late would be a guess.
    ClockBehind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoSuchDrop;

#[derive(Clone, Debug)]
pub(crate) struct NewProduct {
    pub name: String,
    pub description: String,
    pub image_url: String,
}

/// What a drop sells.
#[derive(Clone, Debug)]
pub(crate) enum ProductOf {
    Existing(i64),
    /// Made with the drop, or not at all.
    New(NewProduct),
}

/// The terms of a drop that has no number yet.
#[derive(Clone, Debug)]
pub(crate) struct NewDrop {
    pub slug: String,
    pub product: ProductOf,
    /// `terms.drop` is given by the writer.
    pub terms: Terms,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CreateDropError {
    SlugTaken,
    NoSuchProduct,
}

/// An answer with the one who waits for it. Answers leave the writer only after their batch is on disk.
pub(crate) enum Ready {
    Purchase(oneshot::Sender<PurchaseAnswer>, PurchaseAnswer),
    Order(oneshot::Sender<Outcome>, Outcome),
    Drop(oneshot::Sender<Result<Outcome, NoSuchDrop>>, Result<Outcome, NoSuchDrop>),
    Product(oneshot::Sender<Product>, Product),
    Listing(oneshot::Sender<Result<Listing, CreateDropError>>, Box<Result<Listing, CreateDropError>>),
    Destination(oneshot::Sender<Result<Timestamp, Refusal>>, Result<Timestamp, Refusal>),
    Moved(oneshot::Sender<Result<(), MoveRefused>>, Result<(), MoveRefused>),
    Exported(oneshot::Sender<Option<u64>>, Option<u64>),
    Done(oneshot::Sender<()>),
    Due(oneshot::Sender<Vec<OrderCode>>, Vec<OrderCode>),
}

impl Ready {
    /// Whoever waited may have gone: the answer is on disk all the same.
    pub(crate) fn send(self) {
        match self {
            Self::Purchase(to, answer) => drop(to.send(answer)),
            Self::Order(to, answer) => drop(to.send(answer)),
            Self::Drop(to, answer) => drop(to.send(answer)),
            Self::Product(to, answer) => drop(to.send(answer)),
            Self::Listing(to, answer) => drop(to.send(*answer)),
            Self::Destination(to, answer) => drop(to.send(answer)),
            Self::Moved(to, answer) => drop(to.send(answer)),
            Self::Exported(to, answer) => drop(to.send(answer)),
            Self::Done(to) => drop(to.send(())),
            Self::Due(to, answer) => drop(to.send(answer)),
        }
    }
}
