//! What stands behind the `?` of an address.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;

use super::app::App;
use super::problem::{ApiError, ApiResult};

/// Longer than anything that is looked for.
const VALUE_CHARS_MAX: usize = 300;

/// Fields by name, each at most once. [`Query::end`] refuses those that nothing has taken.
pub(crate) struct Query(Vec<(String, String)>);

impl FromRequestParts<Arc<App>> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> ApiResult<Self> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

impl Query {
    fn parse(text: &str) -> ApiResult<Self> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let name = decoded(name).filter(|name| name.len() <= VALUE_CHARS_MAX);
            let name = name.ok_or_else(|| ApiError::field("query", "the name of a field is not text, or too long"))?;
            let value = decoded(value).ok_or_else(|| ApiError::field(&name, "this is not UTF-8"))?;
            if value.chars().count() > VALUE_CHARS_MAX {
                return Err(ApiError::field(&name, format!("this is longer than {VALUE_CHARS_MAX} characters")));
            }
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(ApiError::field(&name, "this is given twice"));
            }
            fields.push((name, value));
        }
        Ok(Self(fields))
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let index = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(index).1)
    }

    /// A whole number within these bounds.
    pub(crate) fn number(&mut self, name: &str, min: i64, max: i64) -> ApiResult<Option<i64>> {
        let Some(text) = self.take(name) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| (min..=max).contains(number));
        let number =
            number.ok_or_else(|| ApiError::field(name, format!("expected a whole number from {min} to {max}")));
        number.map(Some)
    }

    pub(crate) fn end(self) -> ApiResult<()> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(ApiError::field(name, "there is no such field")),
        }
    }
}

/// `None` for bytes that are no text, as half of a surrogate pair is.
fn decoded(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<T>(result: ApiResult<T>) -> (String, String) {
        let error = result.err().unwrap();
        (error.problem().field.clone().unwrap_or_default(), error.problem().detail.to_string())
    }

    #[test]
    fn fields_are_decoded_once() {
        let mut query = Query::parse("name=%C4%90%C3%A0o+%2541&state=paid&&amount=5&empty=").unwrap();
        assert_eq!(query.take("name").as_deref(), Some("Đào %41"));
        assert_eq!(query.number("amount", 0, 5).unwrap(), Some(5));
        assert_eq!(query.number("absent", 0, 5).unwrap(), None);
        assert_eq!((query.take("state").as_deref(), query.take("empty").as_deref()), (Some("paid"), Some("")));
        query.end().unwrap();
    }

    #[test]
    fn what_is_no_field_is_refused_by_its_name() {
        for (text, field, said) in [
            ("a=1&a=2", "a", "given twice"),
            ("name=%ED%A0%80", "name", "not UTF-8"),
            ("%FF=1", "query", "not text"),
            (&format!("name={}", "a".repeat(10_240)), "name", "longer than 300"),
        ] {
            let (at, detail) = refused(Query::parse(text));
            assert!(at == field && detail.contains(said), "{text}: {at} {detail}");
        }
        let mut query = Query::parse("a=1&limit=1e3").unwrap();
        assert_eq!(refused(query.number("limit", 1, 100)).1, "expected a whole number from 1 to 100");
        assert_eq!(refused(query.end()).0, "a");
    }
}
