//! Payments that an operator enters, and decisions about unmatched ones.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::{OrderCode, Payment, PaymentIdentity, Proof, Timestamp, UnmatchedState, UnmatchedStep, Vnd};
use edge_protocol::{ProblemCode, Role, rfc3339};
use engine::{
    EnterPayment, Entered, KnownPayment, MovePayment, MoveRefused, NO_ORDER, Payer, UnmatchedPayment, UnmatchedRequest,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::http::app::App;
use crate::http::auth::Operator;
use crate::http::body::read_json;
use crate::http::destination::DestinationBody;
use crate::http::fields::{moment, required, text};
use crate::http::path::Path;
use crate::http::problem::{ApiError, ApiResult};
use crate::payos::{Told, reason};
use crate::statement::day_of;
use crate::store::StoredWebhook;

const REFERENCE_CHARS_MAX: usize = 64;
/// No account number is longer.
const ACCOUNT_CHARS_MAX: usize = 34;
const REASON_CHARS_MAX: usize = 200;

#[derive(Deserialize)]
struct RecordBody {
    bank_reference: Option<String>,
    amount: Option<i64>,
    at: Option<String>,
    /// The order that the money pays for. Without it the payment is unmatched.
    order_code: Option<u64>,
    /// That received it.
    account: Option<String>,
    /// Why it is another transfer although its reference is known.
    another_transfer: Option<String>,
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
    /// The bank's time could not be read, and `paid_at` is when the payment was recorded.
    paid_at_is_recorded_at: bool,
}

/// Texts, because no field of it need be of the right type.
#[derive(Serialize)]
struct UnreadableView {
    webhook: i64,
    received_at: String,
    named_order_code: String,
    amount: String,
    reference: String,
    reason: String,
}

/// Unmatched payments that no operator has decided about.
pub(crate) async fn list(operator: Operator, State(app): State<Arc<App>>) -> ApiResult<Response> {
    operator.require(Role::Money)?;
    let open = app.reader.read(|store| {
        let open = store.unmatched_payments()?.into_iter().filter(|found| found.state == UnmatchedState::Open);
        open.map(|found| Ok((store.ledger_time(found.seq)?, found))).collect::<anyhow::Result<Vec<_>>>()
    });
    let open: Vec<UnmatchedView> =
        open.await?.into_iter().map(|(recorded_at, found)| view(found, recorded_at)).collect();
    Ok(Json(open).into_response())
}

/// Signed webhooks that could not be read, oldest first.
pub(crate) async fn unreadable(operator: Operator, State(app): State<Arc<App>>) -> ApiResult<Response> {
    operator.require(Role::Money)?;
    let webhooks = app.reader.read(|store| store.unreadable_webhooks()).await?;
    let view = |webhook: StoredWebhook| {
        let Told { order, reference, amount } = Told::in_body(&webhook.body);
        let (received_at, reason) =
            (rfc3339::format(webhook.received_at), reason(&webhook.body, &app.payos_checksum_key));
        UnreadableView { webhook: webhook.seq, received_at, named_order_code: order, amount, reference, reason }
    };
    Ok(Json(webhooks.into_iter().map(view).collect::<Vec<_>>()).into_response())
}

/// Enters money that PayOS never reported, through the decision that all money goes through.
pub(crate) async fn record(operator: Operator, State(app): State<Arc<App>>, request: Request) -> ApiResult<Response> {
    let operator = operator.require(Role::Money)?;
    let body: RecordBody = read_json(request).await?;
    let reference = text("bank_reference", body.bank_reference, REFERENCE_CHARS_MAX)?;
    let another_transfer = body.another_transfer.map(|reason| text("another_transfer", Some(reason), REASON_CHARS_MAX));
    let amount = Vnd::new(required("amount", body.amount)?).filter(|amount| !amount.is_zero());
    let paid_at = moment("at", &required("at", body.at)?)?;
    if paid_at > app.clock.now() {
        return Err(ApiError::field("at", "this is in the future"));
    }
    let payment = Payment {
        identity: PaymentIdentity::on_statement(&reference),
        amount: amount.ok_or_else(|| ApiError::field("amount", "a whole number of đồng above zero"))?,
        paid_at,
        proof: Proof::Operator,
        account: account(body.account)?,
    };
    let (known_up_to, known) = app.reader.read(move |store| store.payments_of_reference(&reference)).await?;
    let order = body.order_code.map_or(NO_ORDER, OrderCode);
    let another_transfer = another_transfer.transpose()?;
    let entered = app
        .writer
        .enter_payment(EnterPayment { order, payment, another_transfer, known, known_up_to, operator })
        .await?;
    let (status, outcome, earlier) = match entered {
        Entered::Recorded => (StatusCode::CREATED, "recorded", None),
        Entered::Disputed => (StatusCode::CREATED, "disputed", None),
        Entered::KnownAlready(earlier) => (StatusCode::OK, "known_already", earlier),
        Entered::ReferenceKnown(earlier) => return Err(reference_known(&earlier)),
        Entered::Refused(refusal) => return Err(refusal.into()),
    };
    let earlier = earlier.as_ref().map(described);
    Ok((status, Json(json!({ "outcome": outcome, "earlier": earlier }))).into_response())
}

fn account(typed: Option<String>) -> ApiResult<Option<String>> {
    let Some(account) = typed else {
        return Ok(None);
    };
    let account = text("account", Some(account), ACCOUNT_CHARS_MAX)?;
    if !account.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(ApiError::field("account", "letters and digits only"));
    }
    Ok(Some(account))
}

fn reference_known(earlier: &KnownPayment) -> ApiError {
    let detail = format!(
        "{} is known: {}; --another-transfer --reason … records it all the same",
        earlier.identity.reference,
        described(earlier)
    );
    ApiError::new(ProblemCode::ReferenceKnown, detail)
}

/// Such as "300000 VND of 2026-10-31, payment 5, without an order".
fn described(payment: &KnownPayment) -> String {
    let KnownPayment { seq, order, amount, at, .. } = payment;
    let day = day_of(*at).map_or_else(String::new, |day| day.to_string());
    let whose = if *order == NO_ORDER { "without an order".to_owned() } else { format!("for order {order}") };
    format!("{amount} VND of {day}, payment {seq}, {whose}")
}

pub(crate) async fn give(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path(payment): Path,
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
    Path(payment): Path,
    request: Request,
) -> ApiResult<StatusCode> {
    let operator = operator.require(Role::Money)?;
    let body: DismissBody = read_json(request).await?;
    let reason = text("reason", body.reason, REASON_CHARS_MAX)?;
    let step = UnmatchedStep::Dismiss { reason };
    let request = UnmatchedRequest { seq: row(&payment)?, step, destination: None, operator };
    answered(app.writer.unmatched_step(request).await?)
}

/// Makes unmatched money a refund that is due, and names the account it goes to where the sender's is not known. A name
/// alone completes an account that the bank named without its holder.
pub(crate) async fn owe_back(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path(payment): Path,
    request: Request,
) -> ApiResult<StatusCode> {
    let operator = operator.require(Role::Money)?;
    let body: DestinationBody = read_json(request).await?;
    let seq = row(&payment)?;
    let destination = if body.is_empty() {
        None
    } else if body.is_name_alone() {
        let known = app.reader.read(move |store| store.refund_destination(Payer::Unmatched(seq))).await?;
        Some(body.completing(known.map(|(known, _)| known))?)
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

/// A payment whose own time could not be read has the time it was recorded.
fn view(found: UnmatchedPayment, recorded_at: Option<Timestamp>) -> UnmatchedView {
    let has_own_time = found.payment.paid_at.0 != 0;
    let paid_at = recorded_at.filter(|_| !has_own_time).unwrap_or(found.payment.paid_at);
    UnmatchedView {
        payment: found.seq,
        named_order_code: found.order.0,
        amount: found.payment.amount.get(),
        reference: found.payment.identity.bank_reference().unwrap_or_default().to_owned(),
        paid_at: rfc3339::format(paid_at),
        paid_at_is_recorded_at: !has_own_time,
    }
}
