//! Passing on the origin's response: its status, content type, retry time and body, and no other header.

use edge_protocol::PROBLEM_CONTENT_TYPE;

use crate::response::{EdgeResponse, origin_unavailable};

#[derive(Debug)]
pub(crate) struct OriginResponse {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl OriginResponse {
    /// The origin either succeeds or sends problem+json. Any other response comes from something in between, such as a
    /// tunnel or a login page, and means that the origin was not reached.
    pub(crate) fn is_the_origins(&self) -> bool {
        let content_type = self.content_type.as_deref().unwrap_or_default();
        (200..300).contains(&self.status) || content_type.starts_with(PROBLEM_CONTENT_TYPE)
    }
}

pub(crate) fn relay(response: OriginResponse) -> EdgeResponse {
    if !response.is_the_origins() {
        return origin_unavailable().into();
    }
    let mut relayed = EdgeResponse { body: response.body, ..EdgeResponse::empty(response.status) };
    if let Some(content_type) = response.content_type {
        relayed = relayed.with("content-type", content_type);
    }
    match response.retry_after {
        Some(seconds) => relayed.with("retry-after", seconds),
        None => relayed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_origin(status: u16, content_type: Option<&str>) -> OriginResponse {
        let content_type = content_type.map(str::to_owned);
        OriginResponse { status, content_type, retry_after: Some("1".to_owned()), body: b"bytes".to_vec() }
    }

    #[test]
    fn a_response_of_the_origin_is_passed_on_unchanged() {
        for (status, content_type) in [
            (201, Some("application/json")),
            (200, None),
            (409, Some("application/problem+json")),
            (503, Some("application/problem+json; charset=utf-8")),
        ] {
            let response = relay(from_origin(status, content_type));
            assert_eq!((response.status, response.body.as_slice()), (status, b"bytes".as_slice()));
            assert_eq!((response.header("content-type"), response.header("retry-after")), (content_type, Some("1")));
        }
    }

    #[test]
    fn a_response_of_something_in_between_is_an_unreachable_origin() {
        for (status, content_type) in
            [(502, Some("text/html")), (530, None), (302, Some("text/html")), (404, Some("text/plain")), (401, None)]
        {
            let response = relay(from_origin(status, content_type));
            assert_eq!((response.status, response.header("retry-after")), (503, Some("2")), "{status}");
        }
    }
}
