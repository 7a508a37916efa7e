//! Money that an operator enters, gives a home, or says has none.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::{
    Command, OrderCode, Outcome, Payment, PaymentIdentity, Proof, Refusal, UnmatchedState, UnmatchedStep, Vnd,
};
use edge_protocol::{ProblemCode, Role, rfc3339};
use engine::{Destination, MovePayment, MoveRefused, NO_ORDER, Payer, UnmatchedPayment, UnmatchedRequest};
use serde::{Deserialize, Serialize};

use crate::http::app::App;
use crate::http::auth::Operator;
use crate::http::body::read_json;
use crate::http::destination::{DestinationBody, account_name};
use crate::http::fields::{moment, required, text};
use crate::http::problem::{ApiError, ApiResult};

const REFERENCE_CHARS_MAX: usize = 64;
const REASON_CHARS_MAX: usize = 200;

#[derive(Deserialize)]
struct RecordBody {
    bank_reference: Option<String>,
    amount: Option<i64>,
    at: Option<String>,
    /// Whose money it is; nobody's yet when it is absent.
    order_code: Option<u64>,
}

#[derive(Deserialize)]
struct MoveBody {
    order_code: Option<u64>,
}

#[derive(Deserialize)]
struct DismissBody {
    reason: Option<String>,
}

#[derive(Serialize)]
struct UnmatchedView {
    payment: i64,
    named_order_code: u64,
    amount: i64,
    reference: String,
    paid_at: String,
}

/// Money that names no order of ours and that nobody has decided about.
pub(crate) async fn list(operator: Operator, State(app): State<Arc<App>>) -> ApiResult<Response> {
    operator.require(Role::Money)?;
    let all = app.reader.read(|store| store.unmatched_payments()).await?;
    let open: Vec<UnmatchedView> =
        all.into_iter().filter(|found| found.state == UnmatchedState::Open).map(view).collect();
    Ok(Json(open).into_response())
}

/// Enters money that PayOS never reported, through the decision that all money goes through.
pub(crate) async fn record(operator: Operator, State(app): State<Arc<App>>, request: Request) -> ApiResult<StatusCode> {
    let operator = operator.require(Role::Money)?;
    let body: RecordBody = read_json(request).await?;
    let reference = text("bank_reference", body.bank_reference, REFERENCE_CHARS_MAX)?;
    let amount = Vnd::new(required("amount", body.amount)?).filter(|amount| !amount.is_zero());
    let payment = Payment {
        identity: PaymentIdentity::on_statement(&reference),
        amount: amount.ok_or_else(|| ApiError::field("amount", "a whole number of đồng above zero"))?,
        paid_at: moment("at", &required("at", body.at)?)?,
        proof: Proof::Operator,
    };
    let order = match body.order_code.map(OrderCode) {
        // A mistyped order must not turn into money without a home.
        Some(order) if app.reader.read(move |store| store.load_order(order)).await?.is_none() => {
            return Err(Refusal::OrderNotFound.into());
        }
        Some(order) => order,
        None => NO_ORDER,
    };
    match app.writer.order_as(operator, order, Command::Payment(payment)).await? {
        Outcome::Refused(refusal) => Err(refusal.into()),
        Outcome::Unchanged => Ok(StatusCode::OK),
        _ => Ok(StatusCode::CREATED),
    }
}

pub(crate) async fn give(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path(payment): Path<String>,
    request: Request,
) -> ApiResult<StatusCode> {
    let operator = operator.require(Role::Money)?;
    let body: MoveBody = read_json(request).await?;
    let to = OrderCode(required("order_code", body.order_code)?);
    let request = MovePayment { seq: row(&payment)?, to, operator };
    answered(app.writer.move_payment(request).await?)
}

pub(crate) async fn dismiss(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path(payment): Path<String>,
    request: Request,
) -> ApiResult<StatusCode> {
    let operator = operator.require(Role::Money)?;
    let body: DismissBody = read_json(request).await?;
    let reason = text("reason", body.reason, REASON_CHARS_MAX)?;
    let step = UnmatchedStep::Dismiss { reason };
    let request = UnmatchedRequest { seq: row(&payment)?, step, destination: None, operator };
    answered(app.writer.unmatched_step(request).await?)
}

/// Says that unmatched money goes back to whoever sent it and, where that is not known, to which account. A name alone
/// completes an account that the bank told without one.
pub(crate) async fn owe_back(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path(payment): Path<String>,
    request: Request,
) -> ApiResult<StatusCode> {
    let operator = operator.require(Role::Money)?;
    let body: DestinationBody = read_json(request).await?;
    let seq = row(&payment)?;
    let destination = if body.is_empty() {
        None
    } else if body.is_name_alone() {
        let payer = Payer::Unmatched(seq);
        let known = app.reader.read(move |store| store.refund_destination(payer)).await?;
        let (known, _) = known.ok_or_else(|| ApiError::field("bank", "this is missing: no account is known"))?;
        Some(Destination { account_name: account_name(body.account_name)?, ..known })
    } else {
        Some(body.parse()?)
    };
    let request = UnmatchedRequest { seq, step: UnmatchedStep::OweBack, destination, operator };
    answered(app.writer.unmatched_step(request).await?)
}

fn answered(result: Result<(), MoveRefused>) -> ApiResult<StatusCode> {
    match result {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(MoveRefused::NoSuchPayment) => Err(no_such_payment()),
        Err(MoveRefused::ByTheRules(refusal)) => Err(refusal.into()),
    }
}

fn row(payment: &str) -> ApiResult<i64> {
    payment.parse().map_err(|_| no_such_payment())
}

fn no_such_payment() -> ApiError {
    ApiError::new(ProblemCode::PaymentNotFound, "no payment that could be moved or dismissed has this number")
}

fn view(found: UnmatchedPayment) -> UnmatchedView {
    UnmatchedView {
        payment: found.seq,
        named_order_code: found.order.0,
        amount: found.payment.amount.get(),
        reference: found.payment.identity.reference,
        paid_at: rfc3339::format(found.payment.paid_at),
    }
}
