//! What the edge sends back, before it becomes a response of the platform.

use domain::Timestamp;
use edge_protocol::{PROBLEM_CONTENT_TYPE, Problem, ProblemCode, headers};
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EdgeResponse {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// Seconds after which a client may try the origin again.
const ORIGIN_RETRY_SECONDS: &str = "2";

impl EdgeResponse {
    pub(crate) fn json<T: Serialize>(status: u16, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self::bytes(status, "application/json", body),
            // No type here fails to serialize. If one ever does, a panic would end all requests of the isolate.
            Err(_) => Self::bytes(500, PROBLEM_CONTENT_TYPE, Vec::new()),
        }
    }

    pub(crate) fn problem(problem: &Problem) -> Self {
        let response = Self {
            headers: vec![("content-type", PROBLEM_CONTENT_TYPE.to_owned())],
            ..Self::json(problem.status, problem)
        };
        match problem.code {
            ProblemCode::OriginUnavailable => response.with("retry-after", ORIGIN_RETRY_SECONDS),
            _ if problem.status == 401 => response.with("www-authenticate", "Bearer"),
            _ => response,
        }
    }

    pub(crate) fn bytes(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        Self { status, headers: vec![("content-type", content_type.to_owned())], body }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
    }

    /// Adds what every response has: the time, and `no-store` where no other caching is named. The cache in front of
    /// the Worker keeps a response without Cache-Control for hours.
    pub(crate) fn finished(self, now: Timestamp) -> Self {
        let response = self.with(headers::TIME, now.0.to_string());
        if response.header("cache-control").is_some() { response } else { response.with("cache-control", "no-store") }
    }
}

impl From<Problem> for EdgeResponse {
    fn from(problem: Problem) -> Self {
        Self::problem(&problem)
    }
}

pub(crate) fn origin_unavailable() -> Problem {
    Problem::new(ProblemCode::OriginUnavailable, "Try again in a moment. Repeating the request is safe.")
}

pub(crate) fn internal() -> Problem {
    Problem::new(ProblemCode::Internal, "The cause is in the server's log.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_cached_only_where_it_says_so() {
        let plain = EdgeResponse::empty(200).finished(Timestamp(1_790_000_000_123));
        assert_eq!(plain.header("cache-control"), Some("no-store"));
        assert_eq!(plain.header("dropgate-time"), Some("1790000000123"));
        let cached = EdgeResponse::empty(200).with("cache-control", "max-age=1").finished(Timestamp(0));
        assert_eq!(cached.header("cache-control"), Some("max-age=1"));
        assert_eq!(cached.headers.iter().filter(|(name, _)| *name == "cache-control").count(), 1);
    }

    #[test]
    fn a_problem_is_problem_json_with_its_status() {
        let response = EdgeResponse::problem(&origin_unavailable());
        assert_eq!(response.status, 503);
        assert_eq!(response.header("content-type"), Some("application/problem+json"));
        assert_eq!(response.header("retry-after"), Some("2"));
        let body: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(body["code"], "origin_unavailable");
    }
}
