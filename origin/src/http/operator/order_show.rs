//! One order, whole.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::{Link, OrderRecord, PaymentRecord, PaymentState, Refund, RefundReason, Refusal, Timestamp};
use edge_protocol::{Role, rfc3339};
use engine::{RefundId, StoredOrder};
use serde::Serialize;

use super::order_json::{OrderRow, order_named};
use crate::http::app::App;
use crate::http::auth::Operator;
use crate::http::path::Path;
use crate::http::problem::ApiResult;
use crate::webhooks::refund_state;

#[derive(Serialize)]
pub(crate) struct OrderShown {
    #[serde(flatten)]
    row: OrderRow,
    /// Its time has passed, and no signed answer has shown its link closed.
    settling: bool,
    pay_by: String,
    ended_at: Option<String>,
    applied: i64,
    link: &'static str,
    payments: Vec<PaymentShown>,
    refunds: Vec<RefundShown>,
    /// For operators who see buyers.
    address: Option<String>,
}

#[derive(Serialize)]
struct PaymentShown {
    reference: String,
    amount: i64,
    paid_at: String,
    recorded_at: String,
    state: &'static str,
    settled: bool,
}

#[derive(Serialize)]
struct RefundShown {
    memo: String,
    amount: i64,
    reason: &'static str,
    state: &'static str,
}

pub(crate) async fn show(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path(code): Path,
) -> ApiResult<Json<OrderShown>> {
    let shows_buyers = operator.may(Role::Operate);
    operator.require(Role::View)?;
    let order = order_named(app.origin_no, &code).ok_or(Refusal::OrderNotFound)?;
    let stored = app.reader.read(move |store| store.load_order(order)).await?.ok_or(Refusal::OrderNotFound)?;
    let row = OrderRow::new(&app, &stored, shows_buyers);
    Ok(Json(OrderShown::new(row, &stored, shows_buyers)))
}

impl OrderShown {
    fn new(row: OrderRow, stored: &StoredOrder, shows_buyers: bool) -> Self {
        let record: &OrderRecord = &stored.record;
        let buyer = stored.buyer.as_ref().filter(|_| shows_buyers);
        let address = buyer.and_then(|(_, buyer)| buyer.address.as_ref());
        Self {
            row,
            settling: record.settling,
            pay_by: rfc3339::format(record.pay_by),
            ended_at: record.ended_at.map(rfc3339::format),
            applied: record.applied.get(),
            link: link(&record.link),
            payments: record.payments.iter().map(payment).collect(),
            refunds: record.refunds.iter().map(|refund| shown_refund(record, refund)).collect(),
            address: address.map(|address| format!("{}, {}", address.line, address.province_code)),
        }
    }
}

fn link(link: &Link) -> &'static str {
    match link {
        Link::NotAsked => "not_asked",
        Link::Asked => "asked",
        Link::Made(_) => "made",
        Link::Closed(_) => "closed",
        Link::Conflict => "conflict",
    }
}

fn payment(payment: &PaymentRecord) -> PaymentShown {
    // A bank's time may lie outside of the years that are written.
    let paid_at = Some(payment.paid_at).filter(|at| at.0 > 0).unwrap_or(payment.recorded_at);
    let text = |at: Timestamp| rfc3339::format(at);
    PaymentShown {
        reference: payment.identity.reference.clone(),
        amount: payment.amount.get(),
        paid_at: text(paid_at),
        recorded_at: text(payment.recorded_at),
        state: match payment.state {
            PaymentState::Counted => "counted",
            PaymentState::Disputed => "disputed",
            PaymentState::Released => "released",
        },
        settled: payment.settled,
    }
}

fn shown_refund(record: &OrderRecord, refund: &Refund) -> RefundShown {
    RefundShown {
        memo: RefundId::Order(record.order, refund.number).memo(),
        amount: refund.amount.get(),
        reason: match refund.reason {
            RefundReason::Overpaid => "overpaid",
            RefundReason::AlreadyPaid => "already_paid",
            RefundReason::HoldEnded => "hold_ended",
            RefundReason::Cancelled => "cancelled",
            RefundReason::TooLate => "too_late",
        },
        state: refund_state(refund.state),
    }
}
