//! Fields of JSON: how they are read, with the field named when it is wrong, and how they are shown.

use domain::Timestamp;
use edge_protocol::rfc3339;

use super::problem::{ApiError, ApiResult};

pub(crate) fn required<T>(field: &str, value: Option<T>) -> ApiResult<T> {
    value.ok_or_else(|| ApiError::field(field, "this is missing"))
}

pub(crate) fn moment(field: &str, value: &str) -> ApiResult<Timestamp> {
    rfc3339::parse(value).map_err(|error| ApiError::field(field, error.to_string()))
}

/// One line of text that a person typed.
pub(crate) fn text(field: &str, value: Option<String>, chars_max: usize) -> ApiResult<String> {
    line(field, value.as_deref().unwrap_or_default(), chars_max).map(str::to_owned)
}

pub(crate) fn line<'a>(field: &str, value: &'a str, chars_max: usize) -> ApiResult<&'a str> {
    let value = value.trim();
    if value.is_empty() {
        return Err(ApiError::field(field, "this is missing"));
    }
    if value.len() > chars_max && value.chars().count() > chars_max {
        return Err(ApiError::field(field, format!("this is longer than {chars_max} characters")));
    }
    if value.chars().any(char::is_control) {
        return Err(ApiError::field(field, "this holds characters that cannot be printed"));
    }
    Ok(value)
}

pub(crate) fn optional_text(field: &str, value: Option<String>, chars_max: usize) -> ApiResult<String> {
    match value.filter(|value| !value.trim().is_empty()) {
        None => Ok(String::new()),
        value => text(field, value, chars_max),
    }
}

#[cfg(test)]
mod tests {
    use edge_protocol::ProblemCode;

    use super::*;

    #[test]
    fn text_is_trimmed_bounded_and_printable() {
        assert_eq!(text("f", Some("  An  ".into()), 2).unwrap(), "An");
        for bad in [None, Some(" ".into()), Some("Anh".into()), Some("A\n".repeat(2))] {
            assert_eq!(text("f", bad, 2).unwrap_err().code(), ProblemCode::InvalidField);
        }
    }
}
