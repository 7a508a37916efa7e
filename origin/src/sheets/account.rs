//! A service account of Google's, as the key file holds it that Google makes: what it signs is exchanged for an access
//! token.

use anyhow::{Context, Result};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::json;

use super::safe_address::is_safe_address;

const SCOPE: &str = "https://www.googleapis.com/auth/spreadsheets";

/// The longest life that Google grants, of an assertion and of the access token for it.
const ASSERTION_SECONDS: i64 = 3_600;

pub(crate) struct ServiceAccount {
    email: String,
    key_id: String,
    key: KeyPair,
    pub(super) token_uri: String,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyFileError {
    #[error("it is not the JSON key of a service account")]
    Account,
    #[error("its private_key is not an RSA key of 2048 bits or more")]
    Key,
    #[error("its token_uri is not an address that begins with https://")]
    TokenAddress,
}

#[derive(Deserialize)]
struct KeyFile {
    #[serde(rename = "type")]
    kind: String,
    client_email: String,
    private_key_id: String,
    private_key: String,
    token_uri: String,
}

impl ServiceAccount {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, KeyFileError> {
        let file: KeyFile = serde_json::from_slice(json).map_err(|_| KeyFileError::Account)?;
        if file.kind != "service_account" || file.client_email.is_empty() {
            return Err(KeyFileError::Account);
        }
        let der = PrivatePkcs8KeyDer::from_pem_slice(file.private_key.as_bytes()).map_err(|_| KeyFileError::Key)?;
        let key = KeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| KeyFileError::Key)?;
        if !is_safe_address(&file.token_uri) {
            return Err(KeyFileError::TokenAddress);
        }
        Ok(Self { email: file.client_email, key_id: file.private_key_id, key, token_uri: file.token_uri })
    }

    /// The address that a sheet is shared with.
    pub(crate) fn email(&self) -> &str {
        &self.email
    }

    /// A JWT that asks for an access token. `now` is wall time, as Google's servers have it.
    // jsonwebtoken signs by one provider for the whole process, and that one knows the HS256 of the tokens alone.
    pub(super) fn assertion(&self, now: Timestamp) -> Result<String> {
        let issued_at = now.0 / 1000;
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": self.key_id });
        let claims = json!({
            "iss": self.email,
            "scope": SCOPE,
            "aud": self.token_uri,
            "iat": issued_at,
            "exp": issued_at + ASSERTION_SECONDS,
        });
        let encoded = |part: &serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", encoded(&header), encoded(&claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        let signed = self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature);
        signed.ok().context("the key of the service account signs nothing")?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_read_as_google_makes_it_and_each_mistake_is_named() {
        let file = |changes: serde_json::Value| {
            let mut file = json!({
                "type": "service_account",
                "client_email": "shop@project.iam.gserviceaccount.com",
                "private_key_id": "1",
                "private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                "token_uri": "https://oauth2.googleapis.com/token",
            });
            file.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            ServiceAccount::parse(file.to_string().as_bytes()).err()
        };
        assert_eq!(ServiceAccount::parse(b"{}").err(), Some(KeyFileError::Account));
        assert_eq!(file(json!({ "type": "authorized_user" })), Some(KeyFileError::Account));
        assert_eq!(file(json!({ "client_email": "" })), Some(KeyFileError::Account));
        assert_eq!(file(json!({})), Some(KeyFileError::Key));
        assert_eq!(file(json!({ "private_key": "MIIE" })), Some(KeyFileError::Key));
    }
}
