//! Version 1 of what is recorded about the merchant's webhook endpoints. Released: do not edit, add a version.

use serde::{Deserialize, Serialize};

use crate::row_kind::RowKind;

/// A change of one endpoint. A secret is never in the ledger: its SHA-256, in hex, stands for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndpointStep {
    Added {
        url: String,
        /// Names of events, or patterns like `refund.*`.
        events: Vec<String>,
        /// Whether its deliveries hold what the order keeps of its buyer.
        personal: bool,
        secret_sha256: String,
    },
    /// A new secret signs beside the one before.
    SecretRotated {
        secret_sha256: String,
    },
    /// The older secret signs no more.
    SecretRetired,
    Disabled {
        /// The endpoint itself answered 410 Gone.
        gone: bool,
    },
    Enabled,
    Removed,
}

pub(super) fn kind(step: &EndpointStep) -> RowKind {
    match step {
        EndpointStep::Added { .. } => RowKind::EndpointAdded,
        EndpointStep::SecretRotated { .. } => RowKind::EndpointSecretRotated,
        EndpointStep::SecretRetired => RowKind::EndpointSecretRetired,
        EndpointStep::Disabled { .. } => RowKind::EndpointDisabled,
        EndpointStep::Enabled => RowKind::EndpointEnabled,
        EndpointStep::Removed => RowKind::EndpointRemoved,
    }
}
