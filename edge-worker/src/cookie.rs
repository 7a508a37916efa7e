//! The shopper cookie: `dropgate_sid=<sid>.<mac>`. It tells one browser from another and nothing else. The signature
//! keeps a shopper from using another browser's.

use domain::Sid;
use edge_protocol::{KeyError, parse_secret};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

const NAME: &str = "dropgate_sid";

/// An order ends within the hour; a month also lets a shopper find it again from the page of the drop.
const LIFE_SECONDS: u32 = 30 * 24 * 60 * 60;

pub(crate) struct CookieSecret(Hmac<Sha256>);

impl CookieSecret {
    pub(crate) fn parse(text: &str) -> Result<Self, KeyError> {
        let secret = parse_secret(text)?;
        Hmac::new_from_slice(&secret).map(Self).map_err(|_| KeyError::Secret)
    }

    /// The first shopper cookie in a Cookie header whose signature is good.
    pub(crate) fn find(&self, cookie_header: Option<&str>) -> Option<Sid> {
        cookie_header?.split(';').find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            if name == NAME { self.open(value) } else { None }
        })
    }

    /// A Set-Cookie header. `Secure` would make browsers drop the cookie on a plain-http development host.
    pub(crate) fn set_cookie(&self, sid: Sid, over_https: bool) -> String {
        let secure = if over_https { "; Secure" } else { "" };
        let mac = self.mac(sid);
        format!("{NAME}={sid}.{mac}; HttpOnly; SameSite=Lax; Path=/; Max-Age={LIFE_SECONDS}{secure}")
    }

    fn open(&self, value: &str) -> Option<Sid> {
        let (sid, mac) = value.split_once('.')?;
        let sid = sid.parse().ok()?;
        let expected = self.mac(sid);
        bool::from(expected.as_bytes().ct_eq(mac.as_bytes())).then_some(sid)
    }

    fn mac(&self, sid: Sid) -> String {
        let mut mac = self.0.clone();
        mac.update(&sid.0);
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(letter: char) -> CookieSecret {
        CookieSecret::parse(&letter.to_string().repeat(43).replace('B', "E")).unwrap()
    }

    fn value(set_cookie: &str) -> String {
        set_cookie.split(';').next().unwrap().to_owned()
    }

    #[test]
    fn a_signed_cookie_is_found_again() {
        let (secret, sid) = (secret('A'), Sid([7; 16]));
        let header = secret.set_cookie(sid, true);
        assert!(header.ends_with("; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000; Secure"), "{header}");
        assert!(!secret.set_cookie(sid, false).contains("Secure"));
        let pair = value(&header);
        for cookies in
            [pair.clone(), format!("a=b; {pair}"), format!("dropgate_sid=x; {pair};c=d"), format!(" {pair} ")]
        {
            assert_eq!(secret.find(Some(&cookies)), Some(sid), "{cookies}");
        }
    }

    #[test]
    fn a_cookie_without_its_signature_names_no_browser() {
        let sid = Sid([7; 16]);
        let pair = value(&secret('A').set_cookie(sid, true));
        let theirs = Sid([8; 16]).to_string();
        let stolen = pair.replacen(&sid.to_string(), &theirs, 1);
        for cookies in [
            String::new(),
            "dropgate_sid".to_owned(),
            "dropgate_sid=".to_owned(),
            format!("dropgate_sid={sid}"),
            format!("dropgate_sid={sid}."),
            stolen,
            pair[..pair.len() - 1].to_owned(),
            format!("{pair}0"),
            format!("x{pair}"),
            value(&secret('E').set_cookie(sid, true)),
        ] {
            assert_eq!(secret('A').find(Some(&cookies)), None, "{cookies}");
        }
        assert_eq!(secret('A').find(None), None);
    }
}
