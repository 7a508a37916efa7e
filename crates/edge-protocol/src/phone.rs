//! Phones, normalised to E.164: a customer is a phone, so one phone has one spelling.

use std::fmt;

use crate::limits::PHONE_CHARS_MAX;

/// E.164's longest number, `+` included.
const PHONE_BYTES_MAX: usize = 16;

/// An E.164 number, `+` included. A Vietnamese one is a mobile number.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Phone {
    /// ASCII; zeroes behind it.
    text: [u8; PHONE_BYTES_MAX],
    length: usize,
}

/// Text that is no phone number, or none a shopper can be called on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a phone number is a Vietnamese mobile number of 10 digits, or + and a country code")]
pub struct PhoneError;

impl Phone {
    /// Takes `0912 345 678`, `+84 912 345 678`, `0084 912 345 678`, `84912345678`, `+84 (0) 912 345 678` and other
    /// countries with `+` or `00`, in ASCII or full-width digits. What divides digits or cannot be seen is left out:
    /// numbers copied from contacts, chats and web pages bring spaces, dashes and direction marks of all kinds along.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let (mut digits, mut count) = ([0; PHONE_CHARS_MAX], 0);
        let mut international = false;
        for (position, typed) in text.chars().enumerate() {
            if position == PHONE_CHARS_MAX {
                return Err(PhoneError);
            }
            match half_width(typed) {
                digit @ '0'..='9' => {
                    digits[count] = digit as u8;
                    count += 1;
                }
                '+' if count == 0 && !international => international = true,
                other if divides(other) || is_unseen(other) => {}
                _ => return Err(PhoneError),
            }
        }
        let mut digits = &digits[..count];
        if !international && let Some(rest) = digits.strip_prefix(b"00") {
            (digits, international) = (rest, true);
        }
        match digits.strip_prefix(b"84") {
            Some(rest) => vietnamese(rest.strip_prefix(b"0").unwrap_or(rest)),
            None if international => foreign(digits),
            None => vietnamese(digits.strip_prefix(b"0").ok_or(PhoneError)?),
        }
    }

    fn of(country: &[u8], digits: &[u8]) -> Self {
        let (mut text, mut length) = ([0; PHONE_BYTES_MAX], 0);
        for (to, from) in text.iter_mut().zip([b"+", country, digits].into_iter().flatten()) {
            *to = *from;
            length += 1;
        }
        Self { text, length }
    }

    /// In E.164, `+` included.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text[..self.length]).expect("digits and a plus are ASCII")
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Phone").field(&self.as_str()).finish()
    }
}

/// East Asian keyboards type ASCII's characters in a wide form of their own.
fn half_width(typed: char) -> char {
    match typed {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(typed as u32 - 0xfee0).unwrap_or(typed),
        _ => typed,
    }
}

fn divides(typed: char) -> bool {
    typed.is_whitespace() || matches!(typed, '.' | '-' | '(' | ')' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// Soft hyphens, joiners, marks of direction and the selectors that choose how a character is drawn.
fn is_unseen(typed: char) -> bool {
    matches!(
        typed,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0100}'..='\u{e01ef}'
    )
}

/// Nine digits after the trunk zero; mobile prefixes since 2018 are 03, 05, 07, 08 and 09.
fn vietnamese(subscriber: &[u8]) -> Result<Phone, PhoneError> {
    let is_mobile = matches!(subscriber, [b'3' | b'5' | b'7' | b'8' | b'9', rest @ ..] if rest.len() == 8);
    if is_mobile { Ok(Phone::of(b"84", subscriber)) } else { Err(PhoneError) }
}

/// E.164: at most 15 digits, no country code begins with 0. Nothing shorter than 7 reaches a person abroad.
fn foreign(digits: &[u8]) -> Result<Phone, PhoneError> {
    let fits = (7..PHONE_BYTES_MAX).contains(&digits.len()) && !digits.starts_with(b"0");
    if fits { Ok(Phone::of(b"", digits)) } else { Err(PhoneError) }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Case {
        text: String,
        phone: Option<String>,
    }

    /// The pages read phones by the same table.
    #[test]
    fn a_phone_is_read_as_the_table_of_cases_says() {
        let cases: Vec<Case> = serde_json::from_str(include_str!("../cases/phones.json")).unwrap();
        assert!(cases.len() > 50);
        for Case { text, phone } in cases {
            let read = Phone::parse(&text).ok().map(|phone| phone.as_str().to_owned());
            assert_eq!(read, phone, "{text:?}");
        }
    }
}
