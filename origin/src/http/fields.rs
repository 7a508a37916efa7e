//! Fields of JSON: how they are read, with the field named when it is wrong, and how they are shown.

use std::borrow::Cow;

use domain::Timestamp;
use domain::text::TextError;
use edge_protocol::rfc3339;
use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::problem::{ApiError, ApiResult};

pub(crate) fn required<T>(field: &str, value: Option<T>) -> ApiResult<T> {
    value.ok_or_else(|| ApiError::field(field, "this is missing"))
}

pub(crate) fn moment(field: &str, value: &str) -> ApiResult<Timestamp> {
    rfc3339::parse(value).map_err(|error| ApiError::field(field, error.to_string()))
}

/// One line of text that somebody typed.
pub(crate) fn text(field: &str, value: Option<String>, chars_max: usize) -> ApiResult<String> {
    line(field, value.as_deref().unwrap_or_default(), chars_max).map(Cow::into_owned)
}

/// One spelling for what looks the same: keyboards type `ế` as one character or as three, and a name must be found by
/// either.
pub(crate) fn line<'a>(field: &str, value: &'a str, chars_max: usize) -> ApiResult<Cow<'a, str>> {
    let line = if value.is_ascii() || is_nfc(value) {
        domain::text::line(value, chars_max)
    } else {
        let composed: String = value.nfc().collect();
        domain::text::line(&composed, chars_max).map(|line| Cow::Owned(line.into_owned()))
    };
    line.map_err(|error| match error {
        TextError::Missing => ApiError::field(field, "this is missing, or holds nothing that can be seen"),
        TextError::TooLong => ApiError::field(field, format!("this is longer than {chars_max} characters")),
        TextError::Unprintable => ApiError::field(field, "this holds characters that cannot be printed"),
    })
}

pub(crate) fn optional_text(field: &str, value: Option<String>, chars_max: usize) -> ApiResult<String> {
    match value.filter(|value| !value.trim().is_empty()) {
        None => Ok(String::new()),
        value => text(field, value, chars_max),
    }
}

/// Text of several lines, each as [`line`] takes one. Line breaks are kept, in one spelling.
pub(crate) fn paragraphs(field: &str, value: Option<String>, chars_max: usize) -> ApiResult<String> {
    let value = value.unwrap_or_default().replace("\r\n", "\n").replace('\r', "\n");
    let mut lines = Vec::new();
    for typed in value.trim().split('\n') {
        lines.push(if typed.trim().is_empty() { Cow::Borrowed("") } else { line(field, typed, chars_max)? });
    }
    let text = lines.join("\n");
    if text.chars().count() > chars_max {
        return Err(ApiError::field(field, format!("this is longer than {chars_max} characters")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use edge_protocol::ProblemCode;

    use super::*;

    #[test]
    fn text_has_one_spelling_however_it_was_typed() {
        for typed in ["Hi\u{1ebf}u", "Hi\u{ea}\u{301}u", "Hie\u{302}\u{301}u"] {
            assert_eq!(line("f", typed, 4).unwrap().as_bytes(), [0x48, 0x69, 0xe1, 0xba, 0xbf, 0x75], "{typed:?}");
        }
    }

    #[test]
    fn paragraphs_keep_their_line_breaks_and_nothing_that_cannot_be_printed() {
        let read = |text: &str| paragraphs("f", Some(text.to_owned()), 30);
        assert_eq!(read(" Giấy dó\r\n\r\nKhổ A4 \rIn lụa\n").unwrap(), "Giấy dó\n\nKhổ A4\nIn lụa");
        assert_eq!(paragraphs("f", None, 20).unwrap(), "");
        for bad in ["a\u{1b}[2Jb", "a\tb", "a\n\u{202e}b", &"dòng\n".repeat(7)] {
            assert_eq!(read(bad).unwrap_err().code(), ProblemCode::InvalidField, "{bad:?}");
        }
    }

    #[test]
    fn text_is_trimmed_bounded_and_printable() {
        assert_eq!(text("f", Some("  An  ".into()), 2).unwrap(), "An");
        for bad in [None, Some(" ".into()), Some("Anh".into()), Some("A\n".repeat(2))] {
            assert_eq!(text("f", bad, 2).unwrap_err().code(), ProblemCode::InvalidField);
        }
    }
}
