//! Refunds, step by step. PayOS has no refund call, so an operator makes the transfers at the bank.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::{
    Command, Doubt, OrderCode, Outcome, RefundStep, Refusal, SHORT_CODE_CHARS, UnmatchedStep, same_reference,
};
use edge_protocol::{ProblemCode, Role, rfc3339};
use engine::{Destination, MoveRefused, RefundId, RefundTransfer, UnmatchedRequest};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::http::app::App;
use crate::http::auth::Operator;
use crate::http::body::read_json;
use crate::http::destination::DestinationBody;
use crate::http::fields::text;
use crate::http::path::Path;
use crate::http::problem::{ApiError, ApiResult};
use crate::refund_list::{self, ListLine};
use crate::store::{OpenRefund, OpenStep};

const BANK_REFERENCE_CHARS_MAX: usize = 64;
const REASON_CHARS_MAX: usize = 200;

#[derive(Serialize)]
struct RefundView {
    id: String,
    /// Absent for money that named no order.
    order_code: Option<u64>,
    amount: i64,
    state: &'static str,
    /// Why a person must look at its payout.
    doubt: Option<&'static str>,
    batch: Option<u64>,
    due_at: String,
    /// When its destination may be used; absent while none is known.
    destination_usable_at: Option<String>,
    /// The bank and the number are known, and a person must say the name.
    account_name_missing: bool,
}

#[derive(Deserialize)]
struct SentBody {
    bank_reference: Option<String>,
}

#[derive(Deserialize)]
struct FailBody {
    reason: Option<String>,
}

pub(crate) async fn list(operator: Operator, State(app): State<Arc<App>>) -> ApiResult<Response> {
    operator.require(Role::Money)?;
    let refunds = app.reader.read(|store| store.open_refunds()).await?;
    let refunds: Vec<RefundView> = refunds.into_iter().map(view).collect();
    Ok(Json(refunds).into_response())
}

/// Moves every refund that can go out onto one list. 204 when there is none.
pub(crate) async fn export(operator: Operator, State(app): State<Arc<App>>) -> ApiResult<Response> {
    let operator = operator.require(Role::Money)?;
    match app.writer.export_refunds(operator).await? {
        Some(batch) => Ok((StatusCode::CREATED, Json(json!({ "batch": batch }))).into_response()),
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// The list of a batch, the same bytes each time.
pub(crate) async fn batch(operator: Operator, State(app): State<Arc<App>>, Path(batch): Path) -> ApiResult<Response> {
    operator.require(Role::Money)?;
    let not_found = || ApiError::new(ProblemCode::NotFound, "there is no such list");
    let number: u64 = batch.parse().map_err(|_| not_found())?;
    let transfers = app.reader.read(move |store| store.refund_transfers(number)).await?;
    if transfers.is_empty() {
        return Err(not_found());
    }
    let lines: Vec<ListLine<'_>> = transfers.iter().map(list_line).collect();
    let csv = refund_list::csv(&lines).map_err(|error| ApiError::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], csv).into_response())
}

pub(crate) async fn sent(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path(id): Path,
    request: Request,
) -> ApiResult<Response> {
    let operator = operator.require(Role::Money)?;
    let refund = named(&app, &id)?;
    let body: SentBody = read_json(request).await?;
    let bank_reference = text("bank_reference", body.bank_reference, BANK_REFERENCE_CHARS_MAX)?;
    let outcome = match app.reader.read(move |store| store.sent_reference(refund)).await? {
        Some(earlier) if same_reference(&earlier, &bank_reference) => "known_already",
        Some(earlier) => {
            let detail = format!("it is recorded as sent with {earlier}, and not with {bank_reference}");
            return Err(ApiError::new(ProblemCode::ReferenceKnown, detail));
        }
        None => {
            step(&app, operator, refund, RefundStep::Sent { bank_reference }).await?;
            "sent"
        }
    };
    Ok(Json(json!({ "outcome": outcome })).into_response())
}

pub(crate) async fn confirm(operator: Operator, State(app): State<Arc<App>>, Path(id): Path) -> ApiResult<StatusCode> {
    let operator = operator.require(Role::Money)?;
    step(&app, operator, named(&app, &id)?, RefundStep::Confirm).await
}

pub(crate) async fn fail(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path(id): Path,
    request: Request,
) -> ApiResult<StatusCode> {
    let operator = operator.require(Role::Money)?;
    let body: FailBody = read_json(request).await?;
    let reason = text("reason", body.reason, REASON_CHARS_MAX)?;
    step(&app, operator, named(&app, &id)?, RefundStep::Fail { reason }).await
}

/// Gives the name of an account of which only the bank and the number are known. By the rule of every destination that
/// is no change, and another name than a known one is.
pub(crate) async fn complete(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path(id): Path,
    request: Request,
) -> ApiResult<Response> {
    let operator = operator.require(Role::Money)?;
    let refund = named(&app, &id)?;
    let body: DestinationBody = read_json(request).await?;
    let known = app.reader.read(move |store| store.refund_destination(refund.payer())).await?;
    let destination = body.completing(known.map(|(known, _)| known))?;
    match refund {
        RefundId::Order(order, _) => {
            app.writer.set_destination(order, destination, operator).await??;
        }
        RefundId::Unmatched(seq) => {
            let step = UnmatchedStep::OweBack;
            let request = UnmatchedRequest { seq, step, destination: Some(destination), operator };
            app.writer.unmatched_step(request).await?.map_err(|_| Refusal::RefundNotThere)?;
        }
    }
    let usable_at = app.reader.read(move |store| store.refund_destination(refund.payer())).await?;
    let usable_at = usable_at.map(|(_, usable_at)| rfc3339::format(usable_at));
    Ok(Json(json!({ "usable_at": usable_at })).into_response())
}

pub(super) fn named(app: &App, id: &str) -> ApiResult<RefundId> {
    Ok(parse_id(app.origin_no, id).ok_or(Refusal::RefundNotThere)?)
}

async fn step(app: &App, operator: String, refund: RefundId, step: RefundStep) -> ApiResult<StatusCode> {
    match refund {
        RefundId::Order(order, number) => {
            match app.writer.order_as(operator, order, Command::Refund { number, step }).await? {
                Outcome::Refused(Refusal::OrderNotFound) => Err(Refusal::RefundNotThere.into()),
                Outcome::Refused(refusal) => Err(refusal.into()),
                _ => Ok(StatusCode::NO_CONTENT),
            }
        }
        RefundId::Unmatched(seq) => {
            let request = UnmatchedRequest { seq, step: UnmatchedStep::Refund(step), destination: None, operator };
            match app.writer.unmatched_step(request).await? {
                Err(MoveRefused::NoSuchPayment) => Err(Refusal::RefundNotThere.into()),
                Err(MoveRefused::ByTheRules(refusal)) => Err(refusal.into()),
                Ok(()) => Ok(StatusCode::NO_CONTENT),
            }
        }
    }
}

fn list_line(transfer: &RefundTransfer) -> ListLine<'_> {
    let Destination { bank, account_number, account_name, .. } = &transfer.destination;
    ListLine {
        memo: transfer.refund.memo(),
        amount: transfer.amount.get(),
        bank,
        account_number,
        account_name,
        order_code: order_of(transfer.refund).map(|order| order.0),
    }
}

fn view(refund: OpenRefund) -> RefundView {
    RefundView {
        id: refund.refund.memo(),
        order_code: order_of(refund.refund).map(|order| order.0),
        amount: refund.amount.get(),
        state: refund.step.name(),
        doubt: match refund.step {
            OpenStep::Doubted(doubt) => Some(told(doubt)),
            _ => None,
        },
        batch: Some(refund.batch).filter(|batch| *batch != 0),
        due_at: rfc3339::format(refund.due_at),
        destination_usable_at: refund.usable_at.map(rfc3339::format),
        account_name_missing: refund.account_name_missing,
    }
}

fn told(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::NoAnswer => "PayOS did not say within a day what became of it",
        Doubt::Contradicted => "PayOS shows several payouts, or one of another amount or account",
        Doubt::Reversed => "the money left and came back",
        Doubt::OtherName => "the account that took the money has another name",
    }
}

fn order_of(refund: RefundId) -> Option<OrderCode> {
    match refund {
        RefundId::Order(order, _) => Some(order),
        RefundId::Unmatched(_) => None,
    }
}

/// The refund with this memo.
fn parse_id(origin_no: u8, id: &str) -> Option<RefundId> {
    let name = id.strip_prefix("RF")?;
    if name.len() <= SHORT_CODE_CHARS {
        let seq = name.strip_prefix('U').filter(|number| number.bytes().all(|byte| byte.is_ascii_alphanumeric()))?;
        return Some(RefundId::Unmatched(i64::from_str_radix(seq, 36).ok()?));
    }
    let (short_code, number) = name.split_at_checked(SHORT_CODE_CHARS)?;
    let order = OrderCode::from_short_code(origin_no, short_code)?;
    Some(RefundId::Order(order, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refunds_memo_names_it() {
        let order = OrderCode(157_600_000_000_001);
        let id = RefundId::Order(order, 12).memo();
        assert_eq!(parse_id(1, &id), Some(RefundId::Order(order, 12)));
        for seq in [0, 7, 35, 36, 1_000_000, 2_821_109_907_455] {
            let unmatched = RefundId::Unmatched(seq).memo();
            assert_eq!(parse_id(1, &unmatched), Some(RefundId::Unmatched(seq)), "{unmatched}");
        }
        for wrong in ["", "RF", "RF0", "RFU", "RFU+1", "RFX1", &id[..11], &id[2..], "RF!!!!!!!!!1", "RFấấấấấấấấấ1"]
        {
            assert_eq!(parse_id(1, wrong), None, "{wrong}");
        }
    }
}
