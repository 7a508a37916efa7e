//! What a client is made of.

use std::fmt;
use std::time::Duration;

/// PayOS has no other address: no sandbox, no staging.
pub const BASE_URL: &str = "https://api-merchant.payos.vn";

/// PayOS answers within a second or two. After ten, the caller does better to ask again than to hold on to a
/// connection; it must treat the outcome as unknown either way.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// The keys of one payment channel, as the PayOS dashboard shows them, and how to reach PayOS.
#[derive(Clone)]
pub struct Config {
    pub client_id: String,
    pub api_key: String,
    pub checksum_key: String,
    /// [`BASE_URL`] unless set otherwise, for example to a stand-in.
    pub base_url: String,
    /// [`CALL_TIMEOUT`] unless set otherwise; counts from connecting to the last byte of the reply.
    pub call_timeout: Duration,
}

impl Config {
    pub fn new(client_id: impl Into<String>, api_key: impl Into<String>, checksum_key: impl Into<String>) -> Config {
        Config {
            client_id: client_id.into(),
            api_key: api_key.into(),
            checksum_key: checksum_key.into(),
            base_url: BASE_URL.into(),
            call_timeout: CALL_TIMEOUT,
        }
    }

    /// PayOS answers a key with a stray space as if the whole channel did not exist, so say it here.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        for (name, key) in
            [("client_id", &self.client_id), ("api_key", &self.api_key), ("checksum_key", &self.checksum_key)]
        {
            if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(ConfigError::BadKey(name));
            }
        }
        let host = self.base_url.strip_prefix("https://").or_else(|| self.base_url.strip_prefix("http://"));
        match host {
            Some(host) if !host.is_empty() && !host.contains(['?', '#', '@']) => Ok(()),
            _ => Err(ConfigError::BadBaseUrl),
        }
    }
}

/// Keys do not belong into logs.
impl fmt::Debug for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Config")
            .field("base_url", &self.base_url)
            .field("call_timeout", &self.call_timeout)
            .finish_non_exhaustive()
    }
}

/// Why no client can be made of a [`Config`].
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{0} is empty, or has a space or a character that is not ASCII")]
    BadKey(&'static str),
    #[error("base_url is not an http or https address")]
    BadBaseUrl,
    #[error("the HTTP client cannot be set up")]
    Http(#[from] reqwest::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_with_stray_spaces_are_refused() {
        for bad in ["", "key ", "key\n", "khóa"] {
            assert!(Config::new(bad, "key", "key").check().is_err());
            assert!(Config::new("key", bad, "key").check().is_err());
            assert!(Config::new("key", "key", bad).check().is_err());
        }
        assert!(Config::new("key", "key", "key").check().is_ok());
    }

    #[test]
    fn a_base_url_must_be_plain_http() {
        let mut config = Config::new("key", "key", "key");
        for bad in ["", "api.example", "ftp://api.example", "https://", "https://api.example?a=b"] {
            config.base_url = bad.into();
            assert!(config.check().is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_are_not_printed() {
        let printed = format!("{:?}", Config::new("the-id", "the-key", "the-sum"));
        for key in ["the-id", "the-key", "the-sum"] {
            assert!(!printed.contains(key), "{printed}");
        }
    }
}
