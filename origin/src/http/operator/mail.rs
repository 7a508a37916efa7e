//! Addresses that take no mail.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::{OrderCode, Refusal};
use edge_protocol::{Role, vietnam_time};
use serde::Serialize;

use crate::http::app::App;
use crate::http::auth::Operator;
use crate::http::path::Path;
use crate::http::problem::ApiResult;

/// The order is named, not its address.
#[derive(Serialize)]
pub(crate) struct StopView {
    order_code: u64,
    short_code: String,
    /// The SMTP reply code.
    reply: u16,
    since: String,
}

pub(crate) async fn stops(operator: Operator, State(app): State<Arc<App>>) -> ApiResult<Json<Vec<StopView>>> {
    operator.require(Role::View)?;
    let stops = app.reader.read(|store| store.mail_stops()).await?;
    let view = |stop: crate::store::MailStop| StopView {
        order_code: stop.order.0,
        short_code: stop.order.short_code(),
        reply: stop.reply,
        since: vietnam_time::format(stop.at),
    };
    Ok(Json(stops.into_iter().map(view).collect()))
}

pub(crate) async fn allow(operator: Operator, State(app): State<Arc<App>>, Path(code): Path) -> ApiResult<StatusCode> {
    let operator = operator.require(Role::Operate)?;
    let order = code.parse().map(OrderCode).map_err(|_| Refusal::OrderNotFound)?;
    let allowed = app.writer.allow_mail(order, operator).await?;
    if allowed { Ok(StatusCode::NO_CONTENT) } else { Err(Refusal::OrderNotFound.into()) }
}
