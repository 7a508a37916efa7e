use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::Jti;
use edge_protocol::Role;

use crate::http::app::App;
use crate::http::auth::Operator;
use crate::http::problem::{ApiError, ApiResult};

pub(crate) async fn revoke(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path(jti): Path<String>,
) -> ApiResult<StatusCode> {
    let operator = operator.require(Role::Operate)?;
    let jti = edge_protocol::Jti::parse(&jti)
        .map_err(|_| ApiError::field("jti", "a token's id is 32 hexadecimal characters"))?;
    app.writer.revoke_token(Jti(*jti.as_bytes()), operator).await?;
    Ok(StatusCode::NO_CONTENT)
}
