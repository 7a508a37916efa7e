//! The integers that states are stored as. Released numbers never change their meaning.

use anyhow::{Result, bail};
use domain::{
    Canceller, Doubt, ExpiryReason, Link, LinkFacts, OrderCode, OrderState, PaymentState, RefundReason, RefundState,
    SentBy,
};
use engine::Language;

pub(super) fn language_code(language: Language) -> Option<i64> {
    match language {
        Language::Vietnamese => None,
        Language::English => Some(1),
    }
}

pub(super) fn language_of(code: Option<i64>) -> Result<Language> {
    Ok(match code {
        None => Language::Vietnamese,
        Some(1) => Language::English,
        Some(code) => bail!("language {code} is not known"),
    })
}

/// The state and, for a superseded order, the order that took its unit.
pub(super) fn state_code(state: OrderState) -> (i64, Option<i64>) {
    match state {
        OrderState::Pending => (0, None),
        OrderState::Paid { late: false } => (1, None),
        OrderState::Paid { late: true } => (2, None),
        OrderState::Expired(ExpiryReason::Unpaid) => (3, None),
        OrderState::Expired(ExpiryReason::Superseded { by }) => (4, Some(by.0.cast_signed())),
        OrderState::Expired(ExpiryReason::LinkConflict) => (5, None),
        OrderState::Cancelled(Canceller::Shopper) => (6, None),
        OrderState::Cancelled(Canceller::Operator) => (7, None),
        OrderState::Withdrawn => (8, None),
    }
}

pub(super) fn state_of(code: i64, superseded_by: Option<i64>) -> Result<OrderState> {
    Ok(match (code, superseded_by) {
        (0, None) => OrderState::Pending,
        (1, None) => OrderState::Paid { late: false },
        (2, None) => OrderState::Paid { late: true },
        (3, None) => OrderState::Expired(ExpiryReason::Unpaid),
        (4, Some(by)) => OrderState::Expired(ExpiryReason::Superseded { by: OrderCode(by.cast_unsigned()) }),
        (5, None) => OrderState::Expired(ExpiryReason::LinkConflict),
        (6, None) => OrderState::Cancelled(Canceller::Shopper),
        (7, None) => OrderState::Cancelled(Canceller::Operator),
        (8, None) => OrderState::Withdrawn,
        _ => bail!("order state {code} is not known"),
    })
}

pub(super) fn link_code(link: &Link) -> i64 {
    match link {
        Link::NotAsked => 0,
        Link::Asked => 1,
        Link::Made(_) => 2,
        Link::Closed(_) => 3,
        Link::Conflict => 4,
    }
}

pub(super) fn link_of(code: i64, facts: Option<LinkFacts>) -> Result<Link> {
    Ok(match (code, facts) {
        (0, None) => Link::NotAsked,
        (1, None) => Link::Asked,
        (2, Some(facts)) => Link::Made(Box::new(facts)),
        (3, facts) => Link::Closed(facts.map(Box::new)),
        (4, None) => Link::Conflict,
        _ => bail!("link state {code} does not fit the link's stored row"),
    })
}

pub(super) fn payment_code(state: PaymentState) -> i64 {
    match state {
        PaymentState::Counted => 0,
        PaymentState::Disputed => 1,
        PaymentState::Released => 2,
    }
}

pub(super) fn payment_of(code: i64) -> Result<PaymentState> {
    Ok(match code {
        0 => PaymentState::Counted,
        1 => PaymentState::Disputed,
        2 => PaymentState::Released,
        _ => bail!("payment state {code} is not known"),
    })
}

pub(super) fn reason_code(reason: RefundReason) -> i64 {
    match reason {
        RefundReason::Overpaid => 0,
        RefundReason::AlreadyPaid => 1,
        RefundReason::HoldEnded => 2,
        RefundReason::Cancelled => 3,
        RefundReason::TooLate => 4,
    }
}

pub(super) fn reason_of(code: i64) -> Result<RefundReason> {
    Ok(match code {
        0 => RefundReason::Overpaid,
        1 => RefundReason::AlreadyPaid,
        2 => RefundReason::HoldEnded,
        3 => RefundReason::Cancelled,
        4 => RefundReason::TooLate,
        _ => bail!("refund reason {code} is not known"),
    })
}

pub(super) fn refund_code(state: RefundState) -> i64 {
    match state {
        RefundState::Due => 0,
        RefundState::Void => 1,
        RefundState::Batched { .. } => 2,
        RefundState::Sent { .. } => 3,
        RefundState::Confirmed { .. } => 4,
        RefundState::Paying { .. } => 5,
        RefundState::Doubted { doubt, .. } => 6 + doubt_code(doubt),
    }
}

/// Counted from the first state that is a doubt.
pub(crate) fn doubt_code(doubt: Doubt) -> i64 {
    match doubt {
        Doubt::NoAnswer => 0,
        Doubt::Contradicted => 1,
        Doubt::Reversed => 2,
        Doubt::OtherName => 3,
    }
}

pub(crate) fn doubt_of(code: i64) -> Result<Doubt> {
    Ok(match code {
        0 => Doubt::NoAnswer,
        1 => Doubt::Contradicted,
        2 => Doubt::Reversed,
        3 => Doubt::OtherName,
        _ => bail!("a doubt about a payout is not known"),
    })
}

/// How a refund left that is on this list, or that this attempt paid out.
pub(crate) fn sent_by(batch: u64, attempt: u32) -> Result<SentBy> {
    Ok(match (batch, attempt) {
        (batch, 0) => SentBy::List { batch },
        (0, attempt) => SentBy::Payout { attempt },
        _ => bail!("a refund is on list {batch} and paid out"),
    })
}

pub(super) fn refund_of(code: i64, batch: u64, attempt: u32) -> Result<RefundState> {
    Ok(match (code, batch, attempt) {
        (0, 0, 0) => RefundState::Due,
        (1, 0, 0) => RefundState::Void,
        (2, _, 0) => RefundState::Batched { batch },
        (3, ..) => RefundState::Sent { by: sent_by(batch, attempt)? },
        (4, ..) => RefundState::Confirmed { by: sent_by(batch, attempt)? },
        (5, 0, 1..) => RefundState::Paying { attempt },
        (6..=9, 0, 1..) => RefundState::Doubted { attempt, doubt: doubt_of(code - 6)? },
        _ => bail!("refund state {code} with list {batch} and attempt {attempt} is not known"),
    })
}
