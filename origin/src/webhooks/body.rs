//! What a delivery says. It tells how an order, a refund or a drop stands when it is sent, whatever the event was.

use domain::{DropStatus, OrderRecord, OrderState, Refund, RefundState, Stock, Timestamp, UnmatchedState};
use edge_protocol::rfc3339;
use engine::{Buyer, RefundId, UnmatchedPayment};
use serde::Serialize;

use crate::writer::PublishedDrop;

#[derive(Serialize)]
pub(crate) struct Body<T> {
    #[serde(rename = "type")]
    event: &'static str,
    /// Of the event, not of the delivery.
    timestamp: String,
    data: T,
}

impl<T: Serialize> Body<T> {
    pub(crate) fn json(event: &'static str, at: Timestamp, data: T) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Self { event, timestamp: rfc3339::format(at), data })
    }
}

#[derive(Serialize)]
pub(crate) struct OrderData {
    order_code: u64,
    /// What people type: the memo of the transfer.
    short_code: String,
    drop: DropName,
    state: &'static str,
    /// Paid after its hold had ended.
    paid_late: bool,
    /// Signed reads have shown all the money that paid it.
    settled: bool,
    quantity: u32,
    amount: i64,
    amount_applied: i64,
    region: &'static str,
    ordered_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund: Option<RefundOf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer: Option<BuyerData>,
}

#[derive(Serialize)]
struct DropName {
    id: u32,
    slug: String,
}

#[derive(Serialize)]
struct RefundOf {
    /// Within its order.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u32>,
    memo: String,
    amount: i64,
    state: &'static str,
}

#[derive(Serialize)]
pub(crate) struct BuyerData {
    name: String,
    phone: String,
    email: String,
    address: Option<AddressData>,
}

#[derive(Serialize)]
struct AddressData {
    province_code: String,
    line: String,
}

/// A refund of money that named no order.
#[derive(Serialize)]
pub(crate) struct RefundData {
    refund: RefundOf,
}

#[derive(Serialize)]
pub(crate) struct DropData {
    drop: DropName,
    product: String,
    paused: bool,
    killed: bool,
    size: u32,
    price: i64,
    opens_at: String,
    closes_at: Option<String>,
    stock: StockData,
}

#[derive(Serialize)]
struct StockData {
    available: u32,
    held: u32,
    sold: u32,
    withdrawn: u32,
}

impl OrderData {
    pub(crate) fn new(
        record: &OrderRecord,
        slug: &str,
        settled: bool,
        refund: Option<&Refund>,
        buyer: Option<BuyerData>,
    ) -> Self {
        let order = record.order;
        let refund = refund.map(|refund| RefundOf {
            number: Some(refund.number),
            memo: RefundId::Order(order, refund.number).memo(),
            amount: refund.amount.get(),
            state: refund_state(refund.state),
        });
        Self {
            order_code: order.0,
            short_code: order.short_code(),
            drop: DropName { id: record.drop.0, slug: slug.to_owned() },
            state: record.state.as_str(),
            paid_late: matches!(record.state, OrderState::Paid { late: true }),
            settled,
            quantity: record.quantity,
            amount: record.amount.get(),
            amount_applied: record.applied.get(),
            region: record.region.as_str(),
            ordered_at: rfc3339::format(record.ordered_at),
            refund,
            buyer,
        }
    }
}

impl BuyerData {
    pub(crate) fn new(buyer: Buyer) -> Self {
        let Buyer { name, phone, email, address, .. } = buyer;
        let address = address.map(|address| AddressData { province_code: address.province_code, line: address.line });
        Self { name, phone, email, address }
    }
}

impl DropData {
    pub(crate) fn new(drop: &PublishedDrop) -> Self {
        let terms = &drop.listing.terms;
        let Stock { available, held, sold, withdrawn } = drop.stock;
        Self {
            drop: DropName { id: terms.drop.0, slug: drop.listing.slug.clone() },
            product: drop.listing.product.name.clone(),
            paused: drop.status == DropStatus::Paused,
            killed: drop.status.is_killed(),
            size: terms.size,
            price: terms.price.get(),
            opens_at: rfc3339::format(terms.opens_at),
            closes_at: terms.closes_at.map(rfc3339::format),
            stock: StockData { available, held, sold, withdrawn },
        }
    }
}

pub(crate) fn unmatched_refund(unmatched: &UnmatchedPayment) -> RefundData {
    let state = match unmatched.state {
        UnmatchedState::Refund(state) => refund_state(state),
        // Given to an order after all.
        UnmatchedState::Open | UnmatchedState::Assigned | UnmatchedState::Dismissed => refund_state(RefundState::Void),
    };
    let memo = RefundId::Unmatched(unmatched.seq).memo();
    RefundData { refund: RefundOf { number: None, memo, amount: unmatched.payment.amount.get(), state } }
}

pub(crate) fn refund_state(state: RefundState) -> &'static str {
    match state {
        RefundState::Due => "due",
        RefundState::Batched { .. } => "batched",
        RefundState::Paying { .. } => "paying",
        RefundState::Doubted { .. } => "doubted",
        RefundState::Sent { .. } => "sent",
        RefundState::Confirmed { .. } => "confirmed",
        RefundState::Void => "void",
    }
}
