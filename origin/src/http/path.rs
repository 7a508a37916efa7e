use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::app::App;
use super::fallback::no_such_address;
use super::problem::{ApiError, ApiResult};

/// The variable part of a route's path, or a pair of them, decoded. A path that cannot be decoded is no address.
pub(crate) struct Path<T = String>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<App>> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> ApiResult<Self> {
        match axum::extract::Path::from_request_parts(parts, app).await {
            Ok(axum::extract::Path(part)) => Ok(Self(part)),
            Err(_) => Err(no_such_address(&parts.uri)),
        }
    }
}
