//! Secret keys, and what is computed with them. No type here prints a secret.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{DropId, OrderCode, Sub};
use jsonwebtoken::{DecodingKey, EncodingKey};
use subtle::ConstantTimeEq;

use crate::crypto::{Keyed, install_crypto};
use crate::phone::Phone;

/// Two keys: the one that signs, and the one being rotated in or out.
const KEYS_MAX: usize = 2;

/// As long as the output of SHA-256; a shorter key weakens the MAC.
const SECRET_BYTES_MIN: usize = 32;

/// Why the text of a key was refused. No message repeats the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("one or two keys are needed, separated by a comma")]
    Count,
    #[error("a key is an id, a dot and a secret")]
    Shape,
    #[error("a key id of this ring is '{0}' and 1 to 15 of a-z, 0-9")]
    Kid(char),
    #[error("a key version is one of 0-9, a-z")]
    Version,
    #[error("two keys have the same id")]
    Duplicate,
    #[error("a secret is base64url without padding, of at least 32 bytes")]
    Secret,
}

/// Which keys may sign which scopes. The first letter of a key id names the ring, so that a start with a key in the
/// wrong variable fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ring {
    Edge,
    Admin,
}

impl Ring {
    fn letter(self) -> char {
        match self {
            Self::Edge => 'e',
            Self::Admin => 'a',
        }
    }
}

/// The one or two keys of a ring. The first signs, both verify.
pub struct KeyRing {
    ring: Ring,
    signing: TokenKey,
    retiring: Option<TokenKey>,
}

pub(crate) struct TokenKey {
    pub(crate) kid: String,
    pub(crate) encoding: EncodingKey,
    pub(crate) decoding: DecodingKey,
    /// The header of every token this key has signed, as it is on the wire.
    pub(crate) header: String,
    pub(crate) mac: Keyed,
}

impl KeyRing {
    /// From `<key id>.<secret>[,<key id>.<secret>]`, as in `e2.<secret>,e1.<secret>`. A key id is the ring's letter
    /// (`e` edge, `a` admin) and 1 to 15 of a-z and 0-9; a secret is as [`parse_secret`] reads it.
    pub fn parse(ring: Ring, text: &str) -> Result<Self, KeyError> {
        install_crypto();
        let mut keys = split_keys(text)?.into_iter().map(|(kid, secret)| {
            if !is_kid(ring, kid) {
                return Err(KeyError::Kid(ring.letter()));
            }
            Ok(TokenKey {
                kid: kid.to_owned(),
                encoding: EncodingKey::from_secret(&secret),
                decoding: DecodingKey::from_secret(&secret),
                header: URL_SAFE_NO_PAD.encode(format!(r#"{{"typ":"JWT","alg":"HS256","kid":"{kid}"}}"#)),
                mac: Keyed::new(&secret),
            })
        });
        let signing = keys.next().ok_or(KeyError::Count)??;
        let retiring = keys.next().transpose()?;
        Ok(Self { ring, signing, retiring })
    }

    pub fn ring(&self) -> Ring {
        self.ring
    }

    pub(crate) fn signing(&self) -> &TokenKey {
        &self.signing
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &TokenKey> {
        std::iter::once(&self.signing).chain(&self.retiring)
    }

    pub(crate) fn find(&self, kid: &str) -> Option<&TokenKey> {
        self.keys().find(|key| key.kid == kid)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let retiring = self.retiring.as_ref().map(|key| &key.kid);
        f.debug_struct("KeyRing")
            .field("ring", &self.ring)
            .field("signing", &self.signing.kid)
            .field("retiring", &retiring)
            .finish()
    }
}

/// Makes and checks order keys: `version ‖ base64url(first 16 bytes of HMAC(secret, order_code))`, 23 characters.
#[derive(Clone)]
pub struct OrderKeys {
    keys: Vec<(char, Keyed)>,
}

impl OrderKeys {
    /// From `<version>.<secret>[,<version>.<secret>]`. A version is one of 0-9 and a-z; a secret is as [`parse_secret`]
    /// reads it. The first makes keys, both verify.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut keys = Vec::with_capacity(KEYS_MAX);
        for (version, secret) in split_keys(text)? {
            match version.as_bytes() {
                &[byte @ (b'0'..=b'9' | b'a'..=b'z')] => keys.push((char::from(byte), Keyed::new(&secret))),
                _ => return Err(KeyError::Version),
            }
        }
        Ok(Self { keys })
    }

    /// The key of an order, equal on every call while the first secret stays.
    pub fn key(&self, order: OrderCode) -> String {
        // `split_keys` refuses an empty list.
        let (version, secret) = &self.keys[0];
        order_key(*version, secret, order)
    }

    /// Whether `key` is the key of this order. The time it takes depends on the version alone, which is no secret.
    pub fn verify(&self, order: OrderCode, key: &str) -> bool {
        let Some((version, secret)) = self.keys.iter().find(|(version, _)| key.starts_with(*version)) else {
            return false;
        };
        let expected = order_key(*version, secret, order);
        expected.as_bytes().ct_eq(key.as_bytes()).into()
    }
}

impl fmt::Debug for OrderKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let versions: String = self.keys.iter().map(|(version, _)| *version).collect();
        f.debug_struct("OrderKeys").field("versions", &versions).finish()
    }
}

/// Computes the customer that a phone is within one drop. Without the secret a customer cannot be traced to a phone.
pub struct CustomerSecret(Keyed);

impl CustomerSecret {
    /// From a secret as [`parse_secret`] reads it.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        parse_secret(text).map(|secret| Self(Keyed::new(&secret)))
    }

    /// The first 16 bytes of HMAC-SHA256(secret, drop ‖ phone): `drop` as four bytes, most significant first.
    pub fn sub(&self, drop: DropId, phone: &Phone) -> Sub {
        let mac = self.0.mac(&[&drop.0.to_be_bytes(), phone.as_str().as_bytes()]);
        Sub(first_half(mac))
    }
}

impl fmt::Debug for CustomerSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomerSecret(…)")
    }
}

/// The bytes of a secret, from base64url without padding. [`KeyError::Secret`] when there are fewer than 32.
pub fn parse_secret(text: &str) -> Result<Vec<u8>, KeyError> {
    let secret = URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::Secret)?;
    if secret.len() < SECRET_BYTES_MIN {
        return Err(KeyError::Secret);
    }
    Ok(secret)
}

fn split_keys(text: &str) -> Result<Vec<(&str, Vec<u8>)>, KeyError> {
    let mut keys: Vec<(&str, Vec<u8>)> = Vec::with_capacity(KEYS_MAX);
    for part in text.split(',').map(str::trim) {
        if part.is_empty() || keys.len() == KEYS_MAX {
            return Err(KeyError::Count);
        }
        let (id, secret) = part.split_once('.').ok_or(KeyError::Shape)?;
        if keys.iter().any(|(other, _)| *other == id) {
            return Err(KeyError::Duplicate);
        }
        keys.push((id, parse_secret(secret)?));
    }
    Ok(keys)
}

fn is_kid(ring: Ring, kid: &str) -> bool {
    let Some(rest) = kid.strip_prefix(ring.letter()) else {
        return false;
    };
    (1..=15).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn order_key(version: char, secret: &Keyed, order: OrderCode) -> String {
    let mac = secret.mac(&[&order.0.to_be_bytes()]);
    let mut key = String::from(version);
    URL_SAFE_NO_PAD.encode_string(first_half(mac), &mut key);
    key
}

fn first_half(mac: [u8; 32]) -> [u8; 16] {
    let [first, _] = mac.as_chunks::<16>().0 else { unreachable!("32 bytes are two chunks of 16") };
    *first
}

#[cfg(test)]
mod tests {
    use super::*;

    // base64url of 32 bytes of 0x00, 0x01 and 0x02.
    const ZEROS: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const ONES: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
    const TWOS: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI";

    #[test]
    fn a_ring_takes_only_keys_of_its_own_letter() {
        assert!(KeyRing::parse(Ring::Edge, &format!("e1.{ZEROS}")).is_ok());
        assert!(KeyRing::parse(Ring::Edge, &format!("e1.{ZEROS},e2.{ONES}")).is_ok());
        let refused = [
            (String::new(), KeyError::Count),
            (format!("e1.{ZEROS},"), KeyError::Count),
            (format!("e1.{ZEROS},e2.{ONES},e3.{TWOS}"), KeyError::Count),
            ("e1".to_owned(), KeyError::Shape),
            (format!("a1.{ZEROS}"), KeyError::Kid('e')),
            (format!("e.{ZEROS}"), KeyError::Kid('e')),
            (format!("eA.{ZEROS}"), KeyError::Kid('e')),
            (format!("e123456789012345x.{ZEROS}"), KeyError::Kid('e')),
            (format!("e1.{ZEROS},p1.{ONES}"), KeyError::Kid('e')),
            (format!("e1.{ZEROS},e1.{ONES}"), KeyError::Duplicate),
            ("e1.AAAA".to_owned(), KeyError::Secret),
            (format!("e1.{ZEROS}="), KeyError::Secret),
            (format!("e1.{}", ZEROS.replacen('A', "+", 1)), KeyError::Secret),
        ];
        for (text, error) in refused {
            assert_eq!(KeyRing::parse(Ring::Edge, &text).err(), Some(error), "{text}");
        }
    }

    #[test]
    fn printing_keys_shows_no_secret() {
        let ring = KeyRing::parse(Ring::Admin, &format!("a1.{ONES}")).unwrap();
        let order_keys = OrderKeys::parse(&format!("0.{ONES}")).unwrap();
        let customer = CustomerSecret::parse(ONES).unwrap();
        let printed = format!("{ring:?} {order_keys:?} {customer:?}");
        assert_eq!(
            printed,
            "KeyRing { ring: Admin, signing: \"a1\", retiring: None } OrderKeys { versions: \"0\" } CustomerSecret(…)"
        );
    }

    #[test]
    fn order_keys_match_vectors_made_by_another_program() {
        let keys = OrderKeys::parse(&format!("0.{ZEROS}")).unwrap();
        assert_eq!(keys.key(OrderCode(100_000_000_000_001)), ORDER_KEY_ZEROS);
        let keys = OrderKeys::parse(&format!("z.{ONES}")).unwrap();
        assert_eq!(keys.key(OrderCode(8_999_999_999_999_999)), ORDER_KEY_ONES);
    }

    const ORDER_KEY_ZEROS: &str = "0R0HJuBJL4KNyo4Zq_mq08g";
    const ORDER_KEY_ONES: &str = "zUPVr_LWMwjjAjDsLEBY_sQ";

    #[test]
    fn an_order_key_opens_its_order_and_no_other() {
        let keys = OrderKeys::parse(&format!("1.{ONES},0.{ZEROS}")).unwrap();
        let retiring = OrderKeys::parse(&format!("0.{ZEROS}")).unwrap();
        let key = keys.key(OrderCode(7));
        assert_eq!(key.len(), 23);
        assert!(keys.verify(OrderCode(7), &key));
        assert!(keys.verify(OrderCode(7), &retiring.key(OrderCode(7))), "a retiring secret still opens");
        assert!(!keys.verify(OrderCode(8), &key));
        assert!(!retiring.verify(OrderCode(7), &key), "an unknown version opens nothing");
        // The same MAC under another version's letter is another key.
        assert!(!keys.verify(OrderCode(7), &key.replacen('1', "0", 1)));
        for broken in ["", "1", &key[..22], &format!("{key}A"), &format!("{key}="), &key.to_uppercase()] {
            assert!(!keys.verify(OrderCode(7), broken), "{broken}");
        }
    }

    #[test]
    fn a_customer_is_one_phone_within_one_drop() {
        let secret = CustomerSecret::parse(ONES).unwrap();
        let phone = Phone::parse("0912 345 678").unwrap();
        assert_eq!(secret.sub(DropId(42), &phone).to_string(), SUB_ONES);
        assert_eq!(secret.sub(DropId(42), &phone), secret.sub(DropId(42), &Phone::parse("+84 912-345-678").unwrap()));
        assert_ne!(secret.sub(DropId(42), &phone), secret.sub(DropId(43), &phone));
        assert_ne!(secret.sub(DropId(42), &phone), CustomerSecret::parse(ZEROS).unwrap().sub(DropId(42), &phone));
    }

    const SUB_ONES: &str = "e9fce19ee1c31fc33267b249518b5927";
}
