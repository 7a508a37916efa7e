//! Refunds that PayOS pays out: what would begin, begin it, approve large ones, pause all.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use domain::Vnd;
use edge_protocol::{ProblemCode, Role, rfc3339};
use engine::{PayoutRefused, RefundId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tracing::warn;

use crate::http::app::App;
use crate::http::auth::Operator;
use crate::http::body::read_json;
use crate::http::path::Path;
use crate::http::problem::{ApiError, ApiResult};
use crate::payos::{Payouts, Verdict};

#[derive(Deserialize)]
struct PayBody {
    /// This refund alone, by its memo.
    id: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Serialize)]
struct PlannedView {
    id: String,
    amount: i64,
    verdict: &'static str,
    detail: String,
}

#[derive(Serialize)]
struct PayoutsView {
    /// Absent when PayOS does not say.
    balance: Option<i64>,
    paused: bool,
    paying: i64,
    paying_amount: i64,
    doubted: i64,
    refund_max: i64,
    day_max: i64,
    two_operators_above: i64,
}

pub(crate) async fn show(operator: Operator, State(app): State<Arc<App>>) -> ApiResult<Response> {
    operator.require(Role::Money)?;
    let payouts = payouts(&app)?;
    let under_way = app.reader.read(|store| store.payouts_under_way()).await?;
    let balance = payouts.balance().await.inspect_err(|error| warn!(error = format!("{error:#}"), "no balance"));
    let limits = payouts.limits();
    let view = PayoutsView {
        balance: balance.ok(),
        paused: under_way.paused,
        paying: under_way.paying,
        paying_amount: under_way.paying_amount,
        doubted: under_way.doubted,
        refund_max: limits.refund_max.get(),
        day_max: limits.day_max.get(),
        two_operators_above: limits.two_operators_above.get(),
    };
    Ok(Json(view).into_response())
}

/// Begins what may be paid out, or with `dry_run` says what would begin.
pub(crate) async fn pay(operator: Operator, State(app): State<Arc<App>>, request: Request) -> ApiResult<Response> {
    let operator = operator.require(Role::Money)?;
    let payouts = payouts(&app)?;
    let body: PayBody = read_json(request).await?;
    let only = body.id.as_deref().map(|id| super::refunds::named(&app, id)).transpose()?;
    let plan = payouts.begin_due(only, &operator, body.dry_run).await.map_err(|error| {
        warn!(error = format!("{error:#}"), "no refund was paid out");
        ApiError::new(ProblemCode::PayoutRefused, "PayOS does not say what the payout account holds; nothing was begun")
    })?;
    if plan.refunds.is_empty() && only.is_some() {
        let detail = "it is not due, or no whole account is known that it could go to";
        return Err(ApiError::new(ProblemCode::RefundNotThere, detail));
    }
    let refunds: Vec<PlannedView> = plan.refunds.into_iter().map(view).collect();
    Ok(Json(json!({ "balance": plan.balance, "refunds": refunds })).into_response())
}

pub(crate) async fn approve(operator: Operator, State(app): State<Arc<App>>, Path(id): Path) -> ApiResult<Response> {
    let operator = operator.require(Role::Money)?;
    payouts(&app)?;
    let refund = super::refunds::named(&app, &id)?;
    let approved_by = app.writer.approve_refund(refund, operator).await??;
    Ok(Json(json!({ "approved_by": approved_by })).into_response())
}

pub(crate) async fn pause(operator: Operator, State(app): State<Arc<App>>) -> ApiResult<Response> {
    let operator = operator.require(Role::Money)?;
    Ok(Json(json!({ "changed": app.writer.pause_payouts(true, operator).await? })).into_response())
}

pub(crate) async fn resume(operator: Operator, State(app): State<Arc<App>>) -> ApiResult<Response> {
    let operator = operator.require(Role::Money)?;
    Ok(Json(json!({ "changed": app.writer.pause_payouts(false, operator).await? })).into_response())
}

fn payouts(app: &App) -> ApiResult<&Arc<Payouts>> {
    let none = || ApiError::new(ProblemCode::NoPayouts, "no payout channel is set up; `refund export` makes a list");
    app.payouts.as_ref().ok_or_else(none)
}

fn view((refund, amount, verdict): (RefundId, Vnd, Verdict)) -> PlannedView {
    let (verdict, detail) = told(verdict);
    PlannedView { id: refund.memo(), amount: amount.get(), verdict, detail }
}

/// A stable word, and what it means for a person.
fn told(verdict: Verdict) -> (&'static str, String) {
    let (word, detail) = match verdict {
        Verdict::Begun => ("begun", "it is being paid out"),
        Verdict::WouldBegin => ("would_begin", "it would be paid out"),
        Verdict::Later => ("later", "many are under way; it begins when some have ended"),
        Verdict::UnknownBank => ("unknown_bank", "its bank's name is not known: the account must be given again"),
        Verdict::NotYet { usable_at } => {
            return ("not_yet", format!("its account was changed; it waits until {}", rfc3339::format(usable_at)));
        }
        Verdict::FailedBefore => ("failed_before", "a payout to this account failed; name the refund to try again"),
        Verdict::NoFunds => ("no_funds", "the payout account holds too little: fund it"),
        Verdict::Refused(refused) => match refused {
            PayoutRefused::NotDue => ("not_due", "it is not due any more"),
            PayoutRefused::DestinationChanged => ("destination_changed", "it has another account since a moment ago"),
            PayoutRefused::OtherAttempt => ("other_attempt", "another attempt was begun since a moment ago"),
            PayoutRefused::Paused => ("paused", "payouts are paused"),
            PayoutRefused::AboveRefundMax => ("above_refund_max", "it is above what one refund may be; use a list"),
            PayoutRefused::AboveDayMax => ("above_day_max", "it would pass what may be paid out on one day"),
            PayoutRefused::NeedsApproval { approved_by } => {
                return ("needs_approval", format!("two operators must approve it; {approved_by} did"));
            }
        },
    };
    (word, detail.to_owned())
}
