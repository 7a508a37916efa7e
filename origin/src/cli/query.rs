//! The part of an address that names what is asked for.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The fields that have a value, as `?name=value&…`; nothing when there are none.
pub(super) fn query<'a>(fields: impl IntoIterator<Item = (&'a str, Option<String>)>) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        let Some(value) = value else { continue };
        text.push(if text.is_empty() { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        text.push_str(&encoded(&value));
    }
    text
}

/// As one part of a path or a query.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_asked_for_stays_one_field() {
        let text = query([("name", Some("Đ&a=%".to_owned())), ("state", None), ("limit", Some("5".to_owned()))]);
        assert_eq!(text, "?name=%C4%90%26a%3D%25&limit=5");
        assert_eq!(query([("name", None)]), "");
        assert_eq!(encoded("../x?y"), "%2E%2E%2Fx%3Fy");
    }
}
