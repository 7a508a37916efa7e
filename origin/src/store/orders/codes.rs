//! The integers that states are stored as. Released numbers never change their meaning.

use anyhow::{Result, bail};
use domain::{
    Canceller, ExpiryReason, Link, LinkFacts, OrderCode, OrderState, PaymentState, RefundReason, RefundState,
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
    }
}

pub(super) fn refund_of(code: i64, batch: u64) -> Result<RefundState> {
    Ok(match (code, batch) {
        (0, 0) => RefundState::Due,
        (1, 0) => RefundState::Void,
        (2, _) => RefundState::Batched { batch },
        (3, _) => RefundState::Sent { batch },
        (4, _) => RefundState::Confirmed { batch },
        _ => bail!("refund state {code} with list {batch} is not known"),
    })
}
