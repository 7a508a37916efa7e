//! Reading a request's body within its limits of size and time.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header;
use edge_protocol::ProblemCode;
use edge_protocol::json::Object;
use edge_protocol::limits::BODY_BYTES_MAX;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::problem::{ApiError, ApiResult};

/// The edge sends bodies of a few kilobytes from memory: slower than this is a stuck or hostile sender.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The whole body, if it comes within its limits of size and time.
pub(crate) async fn read_body(body: Body, bytes_max: usize) -> ApiResult<Bytes> {
    let too_large = || ApiError::new(ProblemCode::BodyTooLarge, format!("the body is longer than {bytes_max} bytes"));
    // The length that the head announces: what is too long is not waited for.
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(too_large());
    }
    let mut reading = pin!(axum::body::to_bytes(body, bytes_max));
    let read = match asked_twice(reading.as_mut()).await {
        Some(read) => read,
        None => tokio::time::timeout(BODY_TIMEOUT, reading)
            .await
            .map_err(|_| ApiError::new(ProblemCode::InvalidJson, "the body did not arrive in time"))?,
    };
    read.map_err(|_| too_large())
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
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    if !media_type.trim().eq_ignore_ascii_case("application/json") {
        return Err(ApiError::new(ProblemCode::UnsupportedMediaType, "the body must be application/json"));
    }
    read_body(request.into_body(), BODY_BYTES_MAX).await
}

/// A JSON object. Unknown fields are ignored; a field of a wrong type is named.
pub(crate) fn parse_json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> ApiResult<T> {
    if let Ok(Object(value)) = serde_json::from_slice(body) {
        return Ok(value);
    }
    // Following the path costs as much again, so only what failed is parsed with it.
    let mut json = serde_json::Deserializer::from_slice(body);
    let Object(value) = serde_path_to_error::deserialize(&mut json).map_err(|error| {
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

/// What JSON belongs there. The value that was sent is not repeated: it may be personal.
fn field_message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let expected = text.split(", expected ").nth(1).map(|rest| rest.split(" at line ").next().unwrap_or(rest));
    match expected.and_then(in_words_of_json) {
        Some(expected) => format!("expected {expected}"),
        None => "this value is of another kind than expected".to_owned(),
    }
}

/// serde speaks of Rust's types, which a caller need not know.
fn in_words_of_json(expected: &str) -> Option<&'static str> {
    Some(match expected {
        "a string" => "a string",
        "a boolean" => "true or false",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" => "a whole number, 0 or more",
        "i64" => "a whole number",
        "a JSON object" => "a JSON object",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only how it is refused matters")]
    struct Body {
        units: Option<u32>,
        amount: Option<i64>,
        code: Option<u64>,
        name: Option<String>,
        restock: Option<bool>,
        inner: Option<Object<Inner>>,
        list: Option<Vec<u32>>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only how it is refused matters")]
    struct Inner {
        line: Option<String>,
    }

    #[test]
    fn a_refusal_names_the_field_and_speaks_of_json() {
        for (json, field, expected) in [
            (r#"{"units": "1"}"#, "units", "expected a whole number from 0 to 4294967295"),
            (r#"{"units": -1}"#, "units", "expected a whole number from 0 to 4294967295"),
            (r#"{"units": 1.5}"#, "units", "expected a whole number from 0 to 4294967295"),
            (r#"{"units": 99999999999}"#, "units", "expected a whole number from 0 to 4294967295"),
            (r#"{"amount": "450.000"}"#, "amount", "expected a whole number"),
            (r#"{"amount": 1e30}"#, "amount", "expected a whole number"),
            (r#"{"code": -7}"#, "code", "expected a whole number, 0 or more"),
            (r#"{"name": 7}"#, "name", "expected a string"),
            (r#"{"name": ["An"]}"#, "name", "expected a string"),
            (r#"{"restock": "yes"}"#, "restock", "expected true or false"),
            (r#"{"inner": "x"}"#, "inner", "expected a JSON object"),
            (r#"{"inner": ["x"]}"#, "inner", "expected a JSON object"),
            (r#"{"inner": {"line": 7}}"#, "inner.line", "expected a string"),
            (r#"{"list": 7}"#, "list", "this value is of another kind than expected"),
        ] {
            let refused = parse_json::<Body>(json.as_bytes()).unwrap_err();
            let problem = refused.problem();
            assert_eq!((problem.field.as_deref(), &*problem.detail), (Some(field), expected), "{json}");
        }
    }

    #[test]
    fn only_an_object_is_taken_for_one() {
        for json in
            ["[]", "[1, 2, 3, \"An\", true, null, null]", "null", "7", "\"x\"", "", "{", "{} {}", "{\"units\": 1e999}"]
        {
            let refused = parse_json::<Body>(json.as_bytes()).unwrap_err();
            assert_eq!((refused.code(), &refused.problem().field), (ProblemCode::InvalidJson, &None), "{json}");
        }
        parse_json::<Body>(b"{\"more\": []}").unwrap();
    }
}
