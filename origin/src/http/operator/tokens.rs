//! Operators' tokens: revoking them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use domain::Jti;
use edge_protocol::Role;

use crate::http::app::App;
use crate::http::auth::Operator;
use crate::http::path::Path;
use crate::http::problem::{ApiError, ApiResult};

pub(crate) async fn revoke(operator: Operator, State(app): State<Arc<App>>, Path(jti): Path) -> ApiResult<StatusCode> {
    let operator = operator.require(Role::Operate)?;
    let jti: Jti = jti.parse().map_err(|_| ApiError::field("jti", "a token's id is 32 lower-case hex digits"))?;
    app.writer.revoke_token(jti, operator).await?;
    Ok(StatusCode::NO_CONTENT)
}
