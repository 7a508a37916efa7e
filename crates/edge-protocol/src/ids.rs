//! The three 16-byte identities. Text form is 32 lower-case hex digits, and no other text parses, so that one identity
//! has one spelling.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is 32 lower-case hex digits")]
pub struct IdError;

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 16]);

        impl $name {
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            pub fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            pub fn parse(text: &str) -> Result<Self, IdError> {
                parse_hex(text.as_bytes().try_into().map_err(|_| IdError)?).map(Self).ok_or(IdError)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(HexVisitor).and_then(|bytes| bytes.map(Self).ok_or_else(|| de::Error::custom(IdError)))
            }
        }
    };
}

id_type!(
    /// The customer: one phone within one drop.
    Sub
);
id_type!(
    /// The shopper cookie: one browser.
    Sid
);
id_type!(
    /// One token: a purchase repeated with it is the same purchase.
    Jti
);

/// Every digit is read before any is judged: digits are random, and a processor that guesses at each guesses wrong.
pub(crate) fn parse_hex(digits: &[u8; 32]) -> Option<[u8; 16]> {
    let nibbles = digits.map(nibble);
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(nibbles.as_chunks::<2>().0) {
        *byte = pair[0] << 4 | pair[1];
    }
    nibbles.iter().all(|nibble| *nibble != NO_DIGIT).then_some(bytes)
}

/// Reads the digits where they stand: a token's claims hold three ids, and every request reads them.
struct HexVisitor;

impl de::Visitor<'_> for HexVisitor {
    type Value = Option<[u8; 16]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("32 lower-case hex digits")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(text.as_bytes().try_into().ok().and_then(parse_hex))
    }
}

const NO_DIGIT: u8 = u8::MAX;

fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => NO_DIGIT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text_and_its_json() {
        let sid = Sid::from_bytes([0x00, 1, 2, 0x7f, 0x80, 0xff, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        assert_eq!(sid.to_string(), "0001027f80ff060708090a0b0c0d0e0f");
        assert_eq!(Sid::parse(&sid.to_string()), Ok(sid));
        let json = serde_json::to_string(&sid).unwrap();
        assert_eq!(json, "\"0001027f80ff060708090a0b0c0d0e0f\"");
        assert_eq!(serde_json::from_str::<Sid>(&json).unwrap(), sid);
    }

    #[test]
    fn an_id_has_one_spelling() {
        for text in [
            "",
            "00",
            "0001027F80FF060708090A0B0C0D0E0F",
            "0001027f80ff060708090a0b0c0d0e0",
            "0x01027f80ff060708090a0b0c0d0e0f",
            "0001027f80ff060708090a0b0c0d0e0f0",
            "é001027f80ff060708090a0b0c0d0e0",
        ] {
            assert_eq!(Jti::parse(text), Err(IdError), "{text}");
        }
    }

    #[test]
    fn any_other_byte_at_any_place_is_no_id() {
        let text = *b"0123456789abcdef0123456789abcdef";
        assert_eq!(
            parse_hex(&text),
            Some([0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef].repeat(2).try_into().unwrap())
        );
        for place in 0..text.len() {
            for byte in 0..=u8::MAX {
                let mut changed = text;
                changed[place] = byte;
                let is_digit = matches!(byte, b'0'..=b'9' | b'a'..=b'f');
                assert_eq!(parse_hex(&changed).is_some(), is_digit, "{byte} at {place}");
            }
        }
    }
}
