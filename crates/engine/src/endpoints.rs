//! The merchant's webhook endpoints: where each is, which events it wants, and the secrets that sign for it.

use std::collections::BTreeMap;

use ledger::EndpointStep;
use sha2::{Digest, Sha256};

/// Each endpoint has a channel of the outbox to itself, and those are named in the code.
pub const WEBHOOK_ENDPOINTS_MAX: u8 = 8;

/// The endpoints by their numbers, from 1.
pub type Endpoints = BTreeMap<u8, Endpoint<EndpointSecret>>;

/// An endpoint, with its secrets or with what stands for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint<S> {
    pub url: String,
    /// Names of events, or patterns like `refund.*`.
    pub events: Vec<String>,
    /// Whether its deliveries hold what the order keeps of its buyer.
    pub personal: bool,
    pub state: EndpointState,
    /// Signs first.
    pub secret: S,
    /// Signs too, until the merchant's programs have the newer one.
    pub old_secret: Option<S>,
    /// The ledger row that added it. Earlier rows never owe it anything.
    pub added: i64,
    /// The ledger row since which it is enabled. What came before is sent only where an operator asks for it.
    pub since: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointState {
    Enabled,
    DisabledByOperator,
    /// It answered 410.
    Gone,
}

/// The key of an endpoint's signatures.
#[derive(Clone, PartialEq, Eq)]
pub struct EndpointSecret(pub Vec<u8>);

impl EndpointSecret {
    /// What stands for it in the ledger.
    pub fn sha256(&self) -> String {
        Sha256::digest(&self.0).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl std::fmt::Debug for EndpointSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EndpointSecret(…)")
    }
}

impl Endpoint<EndpointSecret> {
    /// The same with what the ledger knows of its secrets.
    pub fn with_digests(&self) -> Endpoint<String> {
        let Self { url, events, personal, state, secret, old_secret, added, since } = self.clone();
        let (secret, old_secret) = (secret.sha256(), old_secret.map(|secret| secret.sha256()));
        Endpoint { url, events, personal, state, secret, old_secret, added, since }
    }
}

impl<S> Endpoint<S> {
    pub fn is_enabled(&self) -> bool {
        self.state == EndpointState::Enabled
    }

    /// The endpoint after a step that the ledger row `seq` records; `secret` is the one that the step brings. `None`
    /// when there is no endpoint any more, or the step brings no secret that it needs.
    pub fn after(this: Option<Self>, step: &EndpointStep, secret: Option<S>, seq: i64) -> Option<Self> {
        Some(match (step, this) {
            (EndpointStep::Added { url, events, personal, .. }, _) => Self {
                url: url.clone(),
                events: events.clone(),
                personal: *personal,
                state: EndpointState::Enabled,
                secret: secret?,
                old_secret: None,
                added: seq,
                since: seq,
            },
            (EndpointStep::Removed, _) | (_, None) => return None,
            (EndpointStep::SecretRotated { .. }, Some(this)) => {
                Self { old_secret: Some(this.secret), secret: secret?, ..this }
            }
            (EndpointStep::SecretRetired, Some(this)) => Self { old_secret: None, ..this },
            (EndpointStep::Disabled { gone: true }, Some(this)) => Self { state: EndpointState::Gone, ..this },
            (EndpointStep::Disabled { gone: false }, Some(this)) => {
                Self { state: EndpointState::DisabledByOperator, ..this }
            }
            (EndpointStep::Enabled, Some(this)) => Self { state: EndpointState::Enabled, since: seq, ..this },
        })
    }
}

/// What an operator, or an endpoint that is gone, asks.
#[derive(Clone, Debug)]
pub enum EndpointRequest {
    Add {
        url: String,
        events: Vec<String>,
        personal: bool,
        secret: EndpointSecret,
    },
    Rotate {
        endpoint: u8,
        secret: EndpointSecret,
    },
    RetireSecret {
        endpoint: u8,
    },
    Disable {
        endpoint: u8,
    },
    /// The endpoint that was enabled at the ledger row `since` has answered 410 Gone. Another one may have its number now.
    Gone {
        endpoint: u8,
        since: i64,
    },
    Enable {
        endpoint: u8,
    },
    Remove {
        endpoint: u8,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointRefused {
    NoSuchEndpoint,
    /// There are [`WEBHOOK_ENDPOINTS_MAX`].
    TooMany,
    /// The older secret must be retired before another one comes.
    TwoSecrets,
    /// The only secret cannot be retired.
    OneSecret,
}
