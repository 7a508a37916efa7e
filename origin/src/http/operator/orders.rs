//! Orders: cancelling them.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use domain::{Command, OrderCode, Outcome};
use edge_protocol::Role;
use serde::Deserialize;

use crate::http::app::App;
use crate::http::auth::Operator;
use crate::http::body::read_json;
use crate::http::fields::required;
use crate::http::path::Path;
use crate::http::problem::ApiResult;

#[derive(Deserialize)]
struct CancelBody {
    restock: Option<bool>,
}

/// Ends a pending or paid order; what was applied to it is owed back.
pub(crate) async fn cancel(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path(code): Path,
    request: Request,
) -> ApiResult<StatusCode> {
    let operator = operator.require(Role::Money)?;
    let body: CancelBody = read_json(request).await?;
    let order = OrderCode(code.parse().map_err(|_| domain::Refusal::OrderNotFound)?);
    let command = Command::CancelByOperator { restock: required("restock", body.restock)? };
    match app.writer.order_as(operator, order, command).await? {
        Outcome::Refused(refusal) => Err(refusal.into()),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}
