//! Webhook endpoints: what the ledger tells of them and of their secrets.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use engine::{Endpoint, WEBHOOK_ENDPOINTS_MAX};
use ledger::EndpointStep;

use crate::store::endpoints;
use crate::store::sqlite::Db;

#[derive(Default)]
pub(super) struct Endpoints(BTreeMap<u8, Endpoint<String>>);

impl Endpoints {
    pub(super) fn step(&mut self, number: u8, step: &EndpointStep, seq: i64) -> Result<()> {
        ensure!((1..=WEBHOOK_ENDPOINTS_MAX).contains(&number), "there is no webhook endpoint {number}");
        let before = self.0.remove(&number);
        let added = matches!(step, EndpointStep::Added { .. });
        ensure!(before.is_some() != added, "webhook endpoint {number} is added twice, or changed before it is added");
        let secret = match step {
            EndpointStep::Added { secret_sha256, .. } | EndpointStep::SecretRotated { secret_sha256 } => {
                Some(secret_sha256.clone())
            }
            _ => None,
        };
        if let Some(after) = Endpoint::after(before, step, secret, seq) {
            self.0.insert(number, after);
        }
        Ok(())
    }

    pub(super) fn compare(&self, db: &Db) -> Result<()> {
        let stored = endpoints::all(db).context("webhook_endpoints cannot be read")?;
        for (number, endpoint) in &stored {
            let equal = self.0.get(number) == Some(&endpoint.with_digests());
            ensure!(equal, "webhook_endpoints: endpoint {number} is stored otherwise than the ledger says");
        }
        let missing = self.0.keys().find(|number| !stored.contains_key(number));
        ensure!(missing.is_none(), "webhook_endpoints: an endpoint of the ledger is not stored");
        Ok(())
    }
}
