//! Reading a request's body within its limits of size and time.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header;
use edge_protocol::ProblemCode;
use edge_protocol::limits::BODY_BYTES_MAX;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::problem::{ApiError, ApiResult};

/// The edge sends bodies of a few kilobytes from memory: slower than this is a stuck or hostile sender.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The whole body, if it comes within its limits of size and time.
pub(crate) async fn read_body(body: Body, bytes_max: usize) -> ApiResult<Bytes> {
    let mut reading = pin!(axum::body::to_bytes(body, bytes_max));
    let read = match asked_twice(reading.as_mut()).await {
        Some(read) => read,
        None => tokio::time::timeout(BODY_TIMEOUT, reading)
            .await
            .map_err(|_| ApiError::new(ProblemCode::InvalidJson, "the body did not arrive in time"))?,
    };
    read.map_err(|_| ApiError::new(ProblemCode::BodyTooLarge, format!("the body is longer than {bytes_max} bytes")))
}

/// What is there without waiting. hyper looks for a body when it is asked for it the first time, and has it the second
/// time if it came with the head, as nearly all do: those need no timer.
async fn asked_twice<T>(mut future: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    let mut asked = false;
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending if asked => Poll::Ready(None),
        Poll::Pending => {
            asked = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await
}

/// A JSON body, parsed.
pub(crate) async fn read_json<T: DeserializeOwned>(request: Request) -> ApiResult<T> {
    parse_json(&read_json_body(request).await?)
}

/// The bytes of a body whose content type is JSON.
pub(crate) async fn read_json_body(request: Request) -> ApiResult<Bytes> {
    let is_json = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(';').next().is_some_and(|kind| kind.trim() == "application/json"));
    if !is_json {
        return Err(ApiError::new(ProblemCode::UnsupportedMediaType, "the body must be application/json"));
    }
    read_body(request.into_body(), BODY_BYTES_MAX).await
}

/// Unknown fields are ignored; a field of a wrong type is named.
pub(crate) fn parse_json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> ApiResult<T> {
    if let Ok(value) = serde_json::from_slice(body) {
        return Ok(value);
    }
    // Following the path costs as much again, so only what failed is parsed with it.
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        // A problem of the text itself belongs to no field.
        if cause.is_data() && path != "." {
            ApiError::field(&path, field_message(&cause))
        } else {
            ApiError::new(ProblemCode::InvalidJson, "the body is not a JSON object of the expected shape")
        }
    })?;
    json.end().map_err(|_| ApiError::new(ProblemCode::InvalidJson, "the body goes on after its JSON"))?;
    Ok(value)
}

/// serde's words without the position, which does not help a caller whose library built the JSON. The value that was
/// sent is not repeated: it may be personal.
fn field_message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let expected = text.split(", expected ").nth(1).map(|rest| rest.split(" at line ").next().unwrap_or(rest));
    match expected {
        Some(expected) => format!("expected {expected}"),
        None => "this value cannot be read".to_owned(),
    }
}
