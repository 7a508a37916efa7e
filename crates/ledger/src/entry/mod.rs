//! What a row records, and its versioned encodings.

mod destinations;
mod endpoints;
mod payments;
mod placed;
mod stored;
mod unmatched;

use anyhow::{Context, Result, bail, ensure};
use domain::{DropId, Event, Jti, OrderCode, Payment, Terms, UnmatchedStep};
use serde::{Deserialize, Serialize};

pub use self::destinations::{AccountCommit, GivenAccount};
pub use self::endpoints::EndpointStep;
use self::stored::{EventV1, JtiV1, OrderCodeV1, PaymentV1, TermsV1, base64url};
use crate::row_kind::RowKind;

/// The version of every payload that [`placed`] does not write. A released encoding never changes: a new shape gets a
/// new version, and the old version keeps its reader and its golden row.
const VERSION: i64 = 1;

/// The version that `order_placed` is written in.
pub const ORDER_PLACED_VERSION: i64 = placed::VERSION;

/// What one row records, before it has a place in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `None` where the fact is not about one drop.
    pub drop: Option<DropId>,
    /// The operator who gave the command; empty where no operator did.
    pub operator: String,
    pub fact: Fact,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    ProductCreated(Product),
    DropCreated(Listing),
    Sale(#[serde(with = "EventV1")] Event),
    /// Money that named a code under which there is no order, or a link that is not the order's.
    PaymentUnmatched {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
        #[serde(with = "PaymentV1")]
        payment: Payment,
    },
    /// What an operator decided about the unmatched payment that the ledger row `payment` recorded.
    #[serde(skip)]
    Unmatched {
        payment: i64,
        step: UnmatchedStep,
    },
    /// An operator, or the bank of the payer, gave the destination of an unmatched payment's refund. The destination is
    /// personal data: the ledger has a digest of it, and none where an earlier release wrote the row.
    UnmatchedDestinationGiven {
        payment: i64,
        #[serde(skip)]
        account: Option<GivenAccount>,
    },
    /// The shopper, or the bank of the payer, gave the destination of the order's refunds.
    RefundDestinationGiven {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
        #[serde(skip)]
        account: Option<GivenAccount>,
    },
    /// An operator approves that the order's refund is paid out to this account. The largest need two of them.
    RefundApproved {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
        number: u32,
        account: AccountCommit,
    },
    /// As for an order's refund.
    UnmatchedRefundApproved {
        payment: i64,
        account: AccountCommit,
    },
    /// No payout is begun or sent from here on.
    PayoutsPaused,
    PayoutsResumed,
    /// Why an operator entered the payment that the ledger row `payment` recorded, although its reference was known.
    AnotherTransfer {
        payment: i64,
        reason: String,
    },
    /// A signed webhook that reports no money which could be recorded. Its bytes are kept outside of the ledger: they
    /// hold personal data.
    WebhookUnreadable {
        /// SHA-256 of the bytes.
        #[serde(with = "base64url")]
        digest: [u8; 32],
    },
    TokenRevoked {
        #[serde(with = "JtiV1")]
        jti: Jti,
    },
    /// An operator let the time of the sale go on by the wall clock, which was this far ahead of it, or behind it. The row
    /// itself is of the time before.
    ClockAccepted {
        step_ms: i64,
    },
    /// A shopper who has lost the order's address asked for a mail with it.
    OrderLinkAsked {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
    },
    /// A mail server refused the order's address for good, with this SMTP reply code. The address is personal data and
    /// not in the ledger.
    MailStopped {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
        reply: u16,
    },
    /// An operator lets mail go to the order's address again.
    MailAllowed {
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
    },
    /// A change of the merchant's webhook endpoint with this number.
    Endpoint {
        number: u8,
        step: EndpointStep,
    },
    /// An operator lets a channel of the outbox try again what it owed for the ledger row `row` and gave up.
    DeliveryRetried {
        channel: String,
        row: i64,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    pub id: i64,
    pub name: String,
    pub description: String,
    /// Empty when the product has no picture.
    pub image_url: String,
}

/// A drop as it was created: its terms, and what `domain` does not need to know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    #[serde(with = "TermsV1")]
    pub terms: Terms,
    pub slug: String,
    pub product: Product,
    /// The drop's orders have this code or a later one.
    #[serde(with = "OrderCodeV1")]
    pub first_order_code: OrderCode,
}

/// The columns of a row that follow from its entry. The others follow from the row's place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    pub drop_id: i64,
    pub kind: RowKind,
    pub version: i64,
    pub operator: String,
    pub payload: Vec<u8>,
}

impl Entry {
    pub fn columns(&self) -> Result<Columns> {
        let (version, payload) = match &self.fact {
            Fact::Sale(event @ Event::OrderPlaced { .. }) => (ORDER_PLACED_VERSION, placed::write(event)?),
            Fact::Unmatched { payment, step } => (VERSION, unmatched::write(*payment, step)?),
            Fact::RefundDestinationGiven { order, account: Some(account) } => {
                (destinations::VERSION, destinations::write_of_order(*order, *account)?)
            }
            Fact::UnmatchedDestinationGiven { payment, account: Some(account) } => {
                (destinations::VERSION, destinations::write_of_unmatched(*payment, *account)?)
            }
            fact => match fact.payment_with_account() {
                Some(payload) => (payments::VERSION, payload?),
                None => (VERSION, serde_json::to_vec(fact).context("an entry cannot be written as JSON")?),
            },
        };
        let drop_id = self.drop.map_or(0, |drop| drop.0.into());
        Ok(Columns { drop_id, kind: self.fact.kind(), version, operator: self.operator.clone(), payload })
    }

    /// Decodes the columns of a row. A newer release wrote an unknown version, so it is refused: a guess could be
    /// wrong.
    pub fn read(drop_id: i64, kind: RowKind, version: i64, operator: String, payload: &[u8]) -> Result<Self> {
        let fact = match (kind, version) {
            (RowKind::OrderPlaced, ORDER_PLACED_VERSION) => placed::read(payload).map(Fact::Sale),
            (kind, payments::VERSION) if payments::KINDS.contains(&kind) => payment_of(kind, payload),
            (RowKind::RefundDestinationGiven, destinations::VERSION) => destinations::read_of_order(payload)
                .map(|(order, account)| Fact::RefundDestinationGiven { order, account: Some(account) }),
            (RowKind::UnmatchedDestinationGiven, destinations::VERSION) => destinations::read_of_unmatched(payload)
                .map(|(payment, account)| Fact::UnmatchedDestinationGiven { payment, account: Some(account) }),
            (kind, VERSION) if unmatched::KINDS.contains(&kind) => {
                unmatched::read(payload).map(|(payment, step)| Fact::Unmatched { payment, step })
            }
            (_, VERSION) => serde_json::from_slice(payload).map_err(anyhow::Error::from),
            _ => bail!("a {kind} row has encoding version {version}, which this release does not know"),
        };
        let fact = fact.with_context(|| format!("a {kind} row does not parse"))?;
        ensure!(fact.kind() == kind, "a {kind} row holds a {}", fact.kind());
        let drop = match u32::try_from(drop_id).context("a drop id is out of range")? {
            0 => None,
            drop => Some(DropId(drop)),
        };
        Ok(Self { drop, operator, fact })
    }
}

fn payment_of(kind: RowKind, payload: &[u8]) -> Result<Fact> {
    Ok(match (kind, payments::read(payload)?) {
        (RowKind::PaymentReceived, (order, payment, Some(applied))) => {
            Fact::Sale(Event::PaymentReceived { order, payment, applied })
        }
        (RowKind::PaymentDisputed, (order, payment, None)) => Fact::Sale(Event::PaymentDisputed { order, payment }),
        (RowKind::PaymentUnmatched, (order, payment, None)) => Fact::PaymentUnmatched { order, payment },
        _ => bail!("it does not say what was applied, or says it of a payment that is for no order"),
    })
}

impl Fact {
    /// The payload of a payment whose account is known.
    fn payment_with_account(&self) -> Option<Result<Vec<u8>>> {
        match self {
            Self::Sale(Event::PaymentReceived { order, payment, applied }) => {
                payments::write(*order, payment, Some(*applied))
            }
            Self::Sale(Event::PaymentDisputed { order, payment }) | Self::PaymentUnmatched { order, payment } => {
                payments::write(*order, payment, None)
            }
            _ => None,
        }
    }

    /// The order that the row is about, or that its money names.
    pub fn order(&self) -> Option<OrderCode> {
        match self {
            Self::Sale(event) => event.order(),
            Self::PaymentUnmatched { order, .. }
            | Self::RefundDestinationGiven { order, .. }
            | Self::RefundApproved { order, .. }
            | Self::OrderLinkAsked { order }
            | Self::MailStopped { order, .. }
            | Self::MailAllowed { order } => Some(*order),
            Self::ProductCreated(_)
            | Self::DropCreated(_)
            | Self::Unmatched { .. }
            | Self::UnmatchedDestinationGiven { .. }
            | Self::UnmatchedRefundApproved { .. }
            | Self::PayoutsPaused
            | Self::PayoutsResumed
            | Self::AnotherTransfer { .. }
            | Self::WebhookUnreadable { .. }
            | Self::TokenRevoked { .. }
            | Self::ClockAccepted { .. }
            | Self::Endpoint { .. }
            | Self::DeliveryRetried { .. } => None,
        }
    }

    pub fn kind(&self) -> RowKind {
        match self {
            Self::ProductCreated(_) => RowKind::ProductCreated,
            Self::DropCreated(_) => RowKind::DropCreated,
            Self::PaymentUnmatched { .. } => RowKind::PaymentUnmatched,
            Self::Unmatched { step, .. } => unmatched::kind(step),
            Self::UnmatchedDestinationGiven { .. } => RowKind::UnmatchedDestinationGiven,
            Self::RefundDestinationGiven { .. } => RowKind::RefundDestinationGiven,
            Self::RefundApproved { .. } => RowKind::RefundApproved,
            Self::UnmatchedRefundApproved { .. } => RowKind::UnmatchedRefundApproved,
            Self::PayoutsPaused => RowKind::PayoutsPaused,
            Self::PayoutsResumed => RowKind::PayoutsResumed,
            Self::AnotherTransfer { .. } => RowKind::AnotherTransfer,
            Self::WebhookUnreadable { .. } => RowKind::WebhookUnreadable,
            Self::TokenRevoked { .. } => RowKind::TokenRevoked,
            Self::ClockAccepted { .. } => RowKind::ClockAccepted,
            Self::OrderLinkAsked { .. } => RowKind::OrderLinkAsked,
            Self::MailStopped { .. } => RowKind::MailStopped,
            Self::MailAllowed { .. } => RowKind::MailAllowed,
            Self::Endpoint { step, .. } => endpoints::kind(step),
            Self::DeliveryRetried { .. } => RowKind::DeliveryRetried,
            Self::Sale(event) => match event {
                Event::DropPaused => RowKind::DropPaused,
                Event::DropResumed => RowKind::DropResumed,
                Event::DropKilled => RowKind::DropKilled,
                Event::OrderPlaced { .. } => RowKind::OrderPlaced,
                Event::LinkAsked { .. } => RowKind::LinkAsked,
                Event::LinkMade { .. } => RowKind::LinkMade,
                Event::LinkConflict { .. } => RowKind::LinkConflict,
                Event::LinkClosed { .. } => RowKind::LinkClosed,
                Event::PaymentReceived { .. } => RowKind::PaymentReceived,
                Event::PaymentSettled { .. } => RowKind::PaymentSettled,
                Event::PaymentDisputed { .. } => RowKind::PaymentDisputed,
                Event::OrderPaid { .. } => RowKind::OrderPaid,
                Event::RefundDue { .. } => RowKind::RefundDue,
                Event::RefundVoided { .. } => RowKind::RefundVoided,
                Event::RefundBatched { .. } => RowKind::RefundBatched,
                Event::RefundPaying { .. } => RowKind::RefundPaying,
                Event::RefundDoubted { .. } => RowKind::RefundDoubted,
                Event::RefundSent { .. } => RowKind::RefundSent,
                Event::RefundConfirmed { .. } => RowKind::RefundConfirmed,
                Event::RefundFailed { .. } => RowKind::RefundFailed,
                Event::PaymentReleased { .. } => RowKind::PaymentReleased,
                Event::HoldSettling { .. } => RowKind::HoldSettling,
                Event::OrderExpired { .. } => RowKind::OrderExpired,
                Event::OrderCancelled { .. } => RowKind::OrderCancelled,
            },
        }
    }
}

#[cfg(test)]
mod tests;
