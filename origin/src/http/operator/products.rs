//! Products: creating them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use edge_protocol::Role;

use super::product_json::{ProductBody, ProductView};

use crate::http::app::App;
use crate::http::auth::Operator;
use crate::http::body::read_json;
use crate::http::problem::ApiResult;

pub(crate) async fn create(operator: Operator, State(app): State<Arc<App>>, request: Request) -> ApiResult<Response> {
    let operator = operator.require(Role::Operate)?;
    let body: ProductBody = read_json(request).await?;
    let created = app.writer.create_product(body.into_new("")?, operator).await?;
    Ok((StatusCode::CREATED, Json(ProductView::from(created))).into_response())
}
