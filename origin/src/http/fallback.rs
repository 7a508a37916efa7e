//! Answers where there is no route. A caller without a token does not learn that there is none.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use edge_protocol::ProblemCode;

use super::app::App;
use super::auth::any_token;
use super::problem::ApiError;

pub(crate) async fn not_found(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> ApiError {
    match any_token(&app, &headers).await {
        Ok(()) => no_such_address(&uri),
        Err(error) => error,
    }
}

pub(crate) fn no_such_address(uri: &Uri) -> ApiError {
    ApiError::new(ProblemCode::NotFound, format!("there is nothing at {}", uri.path()))
}

pub(crate) async fn method_not_allowed(State(app): State<Arc<App>>, headers: HeaderMap, method: Method) -> ApiError {
    match any_token(&app, &headers).await {
        Ok(()) => ApiError::new(ProblemCode::MethodNotAllowed, format!("this address does not support {method}")),
        Err(error) => error,
    }
}
