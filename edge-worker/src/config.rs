//! Variables and secrets, parsed once an isolate. While one is missing or malformed, every request gets a 500 and the log
//! names it.

use std::fmt;

use edge_protocol::{CustomerSecret, KeyError, KeyRing, OrderKeys, Ring};
use subtle::ConstantTimeEq;

use crate::cookie::CookieSecret;

const SITEVERIFY: &str = "https://challenges.cloudflare.com/turnstile/v0/siteverify";

/// 16 characters of base64url are 96 bits: the webhook's path cannot be found by trying.
const WEBHOOK_SECRET_CHARS_MIN: usize = 16;

pub(crate) struct Config {
    pub(crate) origin: String,
    pub(crate) edge_keys: KeyRing,
    pub(crate) order_keys: OrderKeys,
    pub(crate) customer_secret: CustomerSecret,
    pub(crate) cookie_secret: CookieSecret,
    pub(crate) webhook_secret: WebhookSecret,
    pub(crate) turnstile: Option<Turnstile>,
}

pub(crate) struct Turnstile {
    pub(crate) site_key: String,
    pub(crate) secret: String,
    pub(crate) verify_url: String,
}

pub(crate) struct WebhookSecret(String);

impl WebhookSecret {
    pub(crate) fn is(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ConfigError {
    name: &'static str,
    reason: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "configuration: {} {}", self.name, self.reason)
    }
}

impl Config {
    pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let optional = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let required = |name| optional(name).ok_or_else(|| error(name, "is missing"));
        Ok(Self {
            origin: origin(&required("ORIGIN")?)?,
            edge_keys: keys("DROPGATE_EDGE_KEYS", &required, |text| KeyRing::parse(Ring::Edge, text))?,
            order_keys: keys("DROPGATE_ORDER_KEYS", &required, OrderKeys::parse)?,
            customer_secret: keys("DROPGATE_CUSTOMER_SECRET", &required, CustomerSecret::parse)?,
            cookie_secret: keys("DROPGATE_COOKIE_SECRET", &required, CookieSecret::parse)?,
            webhook_secret: webhook_secret(required("DROPGATE_WEBHOOK_SECRET")?)?,
            turnstile: turnstile(optional)?,
        })
    }
}

fn keys<T>(
    name: &'static str,
    required: &impl Fn(&'static str) -> Result<String, ConfigError>,
    parse: impl Fn(&str) -> Result<T, KeyError>,
) -> Result<T, ConfigError> {
    parse(&required(name)?).map_err(|reason| error(name, &format!("is refused: {reason}")))
}

fn origin(text: &str) -> Result<String, ConfigError> {
    if !text.starts_with("https://") && !text.starts_with("http://") {
        return Err(error("ORIGIN", "is not an http or https URL"));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn webhook_secret(text: String) -> Result<WebhookSecret, ConfigError> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if plain && text.len() >= WEBHOOK_SECRET_CHARS_MIN {
        Ok(WebhookSecret(text))
    } else {
        Err(error("DROPGATE_WEBHOOK_SECRET", "is refused: at least 16 of A-Z, a-z, 0-9, - and _ are needed"))
    }
}

/// A site key alone would show shoppers a check that nothing verifies; a secret alone would refuse every shopper.
fn turnstile(optional: impl Fn(&str) -> Option<String>) -> Result<Option<Turnstile>, ConfigError> {
    match (optional("DROPGATE_TURNSTILE_SITE_KEY"), optional("DROPGATE_TURNSTILE_SECRET")) {
        (None, None) => Ok(None),
        (Some(site_key), Some(secret)) => {
            let verify_url = optional("DROPGATE_TURNSTILE_URL").unwrap_or_else(|| SITEVERIFY.to_owned());
            Ok(Some(Turnstile { site_key, secret, verify_url }))
        }
        (Some(_), None) => Err(error("DROPGATE_TURNSTILE_SECRET", "is missing, though there is a site key")),
        (None, Some(_)) => Err(error("DROPGATE_TURNSTILE_SITE_KEY", "is missing, though there is a secret")),
    }
}

fn error(name: &'static str, reason: &str) -> ConfigError {
    ConfigError { name, reason: reason.to_owned() }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const SECRET: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn complete(name: &str) -> Option<String> {
        Some(match name {
            "ORIGIN" => "http://127.0.0.1:8080/".to_owned(),
            "DROPGATE_EDGE_KEYS" => format!("e1.{SECRET}"),
            "DROPGATE_ORDER_KEYS" => format!("0.{SECRET}"),
            "DROPGATE_CUSTOMER_SECRET" | "DROPGATE_COOKIE_SECRET" => SECRET.to_owned(),
            "DROPGATE_WEBHOOK_SECRET" => "sixteen-letters_".to_owned(),
            _ => return None,
        })
    }

    pub(crate) fn config() -> Config {
        Config::read(complete).unwrap_or_else(|error| panic!("{error}"))
    }

    fn with(changed: &'static str, value: &'static str) -> Result<Config, ConfigError> {
        Config::read(|name| if name == changed { Some(value.to_owned()) } else { complete(name) })
    }

    #[test]
    fn a_complete_configuration_is_read() {
        let config = config();
        assert_eq!(config.origin, "http://127.0.0.1:8080");
        assert!(config.webhook_secret.is("sixteen-letters_"));
        assert!(!config.webhook_secret.is("sixteen-letters-"));
        assert!(!config.webhook_secret.is(""));
        assert!(config.turnstile.is_none());
    }

    #[test]
    fn what_is_missing_or_malformed_is_named() {
        for (name, bad) in [
            ("ORIGIN", "127.0.0.1:8080"),
            ("DROPGATE_EDGE_KEYS", "a1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            ("DROPGATE_ORDER_KEYS", "00.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            ("DROPGATE_CUSTOMER_SECRET", "AAAA"),
            ("DROPGATE_COOKIE_SECRET", "not base64"),
            ("DROPGATE_WEBHOOK_SECRET", "fifteen-letters"),
            ("DROPGATE_WEBHOOK_SECRET", "slash/is/no/good"),
        ] {
            for value in ["", bad] {
                let error = with(name, value).err().expect(name);
                assert_eq!(error.name, name);
                let printed = error.to_string();
                assert!(value.is_empty() || !printed.contains(value), "a secret is never printed: {printed}");
            }
        }
    }

    #[test]
    fn half_a_challenge_is_refused() {
        assert_eq!(with("DROPGATE_TURNSTILE_SECRET", "x").err().unwrap().name, "DROPGATE_TURNSTILE_SITE_KEY");
        assert_eq!(with("DROPGATE_TURNSTILE_SITE_KEY", "x").err().unwrap().name, "DROPGATE_TURNSTILE_SECRET");
        let both = Config::read(|name| match name {
            "DROPGATE_TURNSTILE_SECRET" | "DROPGATE_TURNSTILE_SITE_KEY" => Some("x".to_owned()),
            _ => complete(name),
        });
        assert_eq!(both.ok().unwrap().turnstile.unwrap().verify_url, SITEVERIFY);
    }
}
