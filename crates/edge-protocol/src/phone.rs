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
    /// Takes `0912 345 678`, `+84 912 345 678`, `84912345678`, `+84 (0) 912 345 678` and other countries with `+`.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        if text.len() > PHONE_CHARS_MAX {
            return Err(PhoneError);
        }
        let (mut digits, mut count) = ([0; PHONE_CHARS_MAX], 0);
        let mut international = false;
        for byte in text.bytes() {
            match byte {
                b'0'..=b'9' => {
                    digits[count] = byte;
                    count += 1;
                }
                b'+' if count == 0 && !international => international = true,
                b' ' | b'.' | b'-' | b'(' | b')' => {}
                _ => return Err(PhoneError),
            }
        }
        let digits = &digits[..count];
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
    use super::*;

    #[test]
    fn every_way_to_write_a_number_gives_one_phone() {
        for text in [
            "0912345678",
            "0912 345 678",
            "0912.345.678",
            "0912-345-678",
            "(0912) 345 678",
            " 0912345678 ",
            "+84912345678",
            "+84 912 345 678",
            "(+84) 912 345 678",
            "+84 (0) 912 345 678",
            "84912345678",
            "840912345678",
        ] {
            assert_eq!(
                Phone::parse(text).map(|phone| phone.as_str().to_owned()),
                Ok("+84912345678".to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn foreign_numbers_need_their_plus() {
        for (text, phone) in [
            ("+1 (415) 555-2671", "+14155552671"),
            ("+65 8123 4567", "+6581234567"),
            ("+8613812345678", "+8613812345678"),
            ("+49 1512 3456789", "+4915123456789"),
        ] {
            assert_eq!(Phone::parse(text).map(|phone| phone.as_str().to_owned()), Ok(phone.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_mobile_phone_is_refused() {
        for text in [
            "",
            "+",
            "0",
            "hello",
            "912345678",
            "091234567",
            "09123456789",
            "0112345678",
            "0212345678",
            "02438251234",
            "+8491234567",
            "+849123456789",
            "+84 24 3825 1234",
            "+084912345678",
            "++84912345678",
            "09+12345678",
            "0912345678x",
            "0912/345/678",
            "0912\u{a0}345\u{a0}678",
            "٠٩١٢٣٤٥٦٧٨",
            "+0123456789",
            "+123456",
            "+1234567890123456",
            "1234567890",
            "0912345678                                 ",
            "0912345678\n",
        ] {
            assert_eq!(Phone::parse(text), Err(PhoneError), "{text}");
        }
    }
}
