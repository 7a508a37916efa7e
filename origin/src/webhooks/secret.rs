//! Secrets of endpoints, and the signatures they make.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use engine::EndpointSecret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Standard Webhooks asks for 24 to 64.
const SECRET_BYTES: usize = 32;

pub(crate) fn new_secret() -> Result<EndpointSecret> {
    let mut bytes = vec![0; SECRET_BYTES];
    getrandom::fill(&mut bytes).context("the system gives no random bytes")?;
    Ok(EndpointSecret(bytes))
}

/// As the libraries of Standard Webhooks read it.
pub(crate) fn shown(secret: &EndpointSecret) -> String {
    format!("whsec_{}", BASE64.encode(&secret.0))
}

/// The value of `webhook-signature`: a signature of each secret, the newest first.
pub(super) fn signatures<'a>(
    secrets: impl IntoIterator<Item = &'a EndpointSecret>,
    id: &str,
    timestamp: i64,
    body: &[u8],
) -> String {
    let sign = |secret: &EndpointSecret| {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret.0).expect("HMAC takes any key");
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
    };
    secrets.into_iter().map(sign).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_specification() {
        // The example of Standard Webhooks' own libraries.
        let secret = EndpointSecret(BASE64.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        assert_eq!(shown(&secret), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", br#"{"test": 2432232314}"#);
        let one = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signatures([&secret], id, 1_614_265_330, body), one);
        let other = EndpointSecret(vec![7; 32]);
        let both = signatures([&other, &secret], id, 1_614_265_330, body);
        assert!(both.ends_with(one) && both.split(' ').count() == 2, "{both}");
    }
}
