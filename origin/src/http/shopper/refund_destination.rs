//! The bearer of an order key names the account that refunds go to.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::http::app::App;
use crate::http::auth::OrderToken;
use crate::http::body::read_json;
use crate::http::destination::DestinationBody;
use crate::http::path::Path;
use crate::http::problem::ApiResult;
use edge_protocol::rfc3339;

/// The bearer of an order key says where the order's money goes back to.
pub(crate) async fn set(
    token: OrderToken,
    State(app): State<Arc<App>>,
    Path(code): Path,
    request: Request,
) -> ApiResult<Response> {
    let order = token.named(&code)?;
    let to: DestinationBody = read_json(request).await?;
    let usable_at = app.writer.set_destination(order, to.parse()?, String::new()).await??;
    Ok(Json(json!({ "usable_at": rfc3339::format(usable_at) })).into_response())
}
