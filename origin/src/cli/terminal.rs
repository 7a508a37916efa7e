//! What commands show. Webhooks, bank files and shoppers bring text in which a control byte would move the cursor, hide a
//! line or turn its direction.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value;

/// The text with every character that a terminal obeys written as its code.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_obeyed(letter) {
            // Writing to a String cannot fail.
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(letter));
        } else {
            shown.push(letter);
        }
    }
    Cow::Owned(shown)
}

/// Every text of an answer, made printable.
pub(super) fn make_printable(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(shown) = printable(text) {
                *text = shown;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(make_printable),
        Value::Object(fields) => fields.values_mut().for_each(make_printable),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Controls, and marks that turn or hide the text after them. A line break is the one control that commands mean.
fn is_obeyed(letter: char) -> bool {
    letter != '\n' && letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_of_others_cannot_steer_a_terminal() {
        for (text, shown) in [
            ("FT26329 Chuyển tiền", "FT26329 Chuyển tiền"),
            ("a\u{1b}[2Jb", r"a\u{1b}[2Jb"),
            ("a\u{9b}31mb\u{7}", r"a\u{9b}31mb\u{7}"),
            ("a\rb\tc", r"a\u{d}b\u{9}c"),
            ("gnp\u{202e}exe\u{2066}", r"gnp\u{202e}exe\u{2066}"),
            ("two\nlines", "two\nlines"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }

    #[test]
    fn every_text_of_an_answer_is_made_printable() {
        let mut answer = json!([{ "reference": "FT\u{1b}[31m", "more": { "texts": ["\u{202e}"], "amount": 5 } }, null]);
        make_printable(&mut answer);
        assert_eq!(
            answer,
            json!([{ "reference": r"FT\u{1b}[31m", "more": { "texts": [r"\u{202e}"], "amount": 5 } }, null])
        );
    }
}
