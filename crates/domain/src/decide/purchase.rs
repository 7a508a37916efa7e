use crate::command::Purchase;
use crate::customers::Customer;
use crate::drop_state::{DropState, DropStatus};
use crate::event::Event;
use crate::money::Vnd;
use crate::order::OrderRecord;
use crate::order_code::OrderCode;
use crate::outcome::{Decision, Outcome, Receipt, Refusal};
use crate::phase::{Phase, phase};
use crate::stock::Stock;
use crate::terms::Terms;
use crate::timestamp::Timestamp;

/// The order of the checks decides which refusal a shopper gets, and is part of the contract.
pub(super) fn decide(state: &DropState, order: Option<&OrderRecord>, now: Timestamp, purchase: &Purchase) -> Decision {
    if let Some(made) = order {
        return repeated(made, purchase);
    }
    if let Some(answer) = own_pending(state, purchase) {
        return answer;
    }
    // The customer's own limit comes last: a stranger who tries a phone number learns whether it bought only by a try
    // that would otherwise have taken a unit.
    let admitted = admit(state.terms(), state.status(), now, purchase)
        .and_then(|()| take(state.stock(), purchase.quantity))
        .and_then(|()| within_limit(state.terms(), state.customer(purchase.sub), purchase.quantity));
    match admitted {
        Ok(()) => place_order(state, now, purchase),
        Err(refusal) => Decision::refused(refusal),
    }
}

/// The refusal of a purchase when no unit is available, unless the shopper has an order to get back. It follows from a
/// drop's published figures alone.
pub fn refused_without_stock(
    terms: &Terms,
    status: DropStatus,
    stock: Stock,
    now: Timestamp,
    purchase: &Purchase,
) -> Option<Refusal> {
    if stock.available > 0 || admit(terms, status, now, purchase).is_err() {
        return None;
    }
    take(stock, purchase.quantity).err()
}

/// The token already made an order: the same purchase gets the same answer, another one is refused.
fn repeated(made: &OrderRecord, purchase: &Purchase) -> Decision {
    let same = made.quantity == purchase.quantity
        && made.sub == purchase.sub
        && made.sid == purchase.sid
        && made.buyer_commit == purchase.buyer_commit;
    if !same {
        return Decision::refused(Refusal::TokenReused);
    }
    Decision::nothing(Outcome::Replayed(Receipt {
        order: made.order,
        quantity: made.quantity,
        amount: made.amount,
        ordered_at: made.ordered_at,
    }))
}

/// A shopper who comes back with a new token resumes the pending order. Another browser that only knows the phone number
/// is refused like any customer.
fn own_pending(state: &DropState, purchase: &Purchase) -> Option<Decision> {
    let order = state.customer(purchase.sub).pending?;
    let pending = state.pending(order)?;
    if pending.sid != purchase.sid {
        return None;
    }
    if pending.quantity != purchase.quantity {
        return Some(Decision::refused(Refusal::OrderPending));
    }
    Some(Decision::nothing(Outcome::Own(order)))
}

/// Whether anybody may buy this much now.
fn admit(terms: &Terms, status: DropStatus, now: Timestamp, purchase: &Purchase) -> Result<(), Refusal> {
    if purchase.quantity == 0 || purchase.quantity > terms.limit_per_customer.min(purchase.quantity_max) {
        return Err(Refusal::InvalidQuantity);
    }
    if status == DropStatus::Paused {
        return Err(Refusal::Paused);
    }
    match phase(terms.opens_at, terms.closes_at, status.is_killed(), now) {
        Phase::Open => {}
        Phase::Coming => return Err(Refusal::NotOpenYet),
        Phase::Closed => return Err(Refusal::Closed),
    }
    Ok(())
}

/// Whether the stock has this much.
fn take(stock: Stock, quantity: u32) -> Result<(), Refusal> {
    match stock.available {
        0 if stock.held == 0 => Err(Refusal::SoldOut),
        0 => Err(Refusal::HeldOut),
        available if available < quantity => Err(Refusal::InsufficientStock),
        _ => Ok(()),
    }
}

/// Whether this customer may have this much more.
fn within_limit(terms: &Terms, customer: Customer, quantity: u32) -> Result<(), Refusal> {
    if customer.pending.is_some() || customer.bought + quantity > terms.limit_per_customer {
        return Err(Refusal::LimitReached);
    }
    Ok(())
}

fn place_order(state: &DropState, now: Timestamp, purchase: &Purchase) -> Decision {
    let terms = state.terms();
    let amount: Vnd = terms.price.times(purchase.quantity);
    let order: OrderCode = purchase.order;
    Decision {
        outcome: Outcome::Placed(Receipt { order, quantity: purchase.quantity, amount, ordered_at: now }),
        events: vec![Event::OrderPlaced {
            order,
            sub: purchase.sub,
            sid: purchase.sid,
            jti: purchase.jti,
            quantity: purchase.quantity,
            amount,
            region: purchase.region,
            buyer_commit: purchase.buyer_commit,
            pay_by: now.plus_seconds(terms.hold_seconds),
        }],
    }
}
