//! Reading JSON bodies.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::json;

/// An empty body reads as `{}`: every field of a control call may be left out.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let body = if body.trim_ascii().is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| Problem::bad_request(error.to_string()))
}

/// Why a control call or a click was refused. PayOS's own refusals are in `protocol`.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    error: String,
}

impl Problem {
    pub(crate) fn bad_request(error: impl Into<String>) -> Problem {
        let (status, error) = (StatusCode::BAD_REQUEST, error.into());
        Problem { status, error }
    }

    pub(crate) fn not_found() -> Problem {
        let (status, error) = (StatusCode::NOT_FOUND, "no such link or payout".into());
        Problem { status, error }
    }

    pub(crate) fn conflict(error: impl Into<String>) -> Problem {
        let (status, error) = (StatusCode::CONFLICT, error.into());
        Problem { status, error }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.error });
        (self.status, axum::Json(body)).into_response()
    }
}
