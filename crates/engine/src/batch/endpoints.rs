//! Changes of the merchant's webhook endpoints.

use ledger::{EndpointStep, Entry, Fact};

use super::Batch;
use crate::{Endpoint, EndpointRefused, EndpointRequest, EndpointSecret, Records, WEBHOOK_ENDPOINTS_MAX};

impl<R: Records> Batch<'_, R> {
    /// Answers the number of the endpoint. What is so already changes nothing.
    pub(super) fn change_endpoint(
        &mut self,
        request: EndpointRequest,
        operator: String,
    ) -> Result<u8, EndpointRefused> {
        let (endpoint, step, secret) = match request {
            EndpointRequest::Add { url, events, personal, secret } => {
                let step = EndpointStep::Added { url, events, personal, secret_sha256: secret.sha256() };
                (self.free_endpoint()?, step, Some(secret))
            }
            EndpointRequest::Rotate { endpoint, secret } => {
                if self.endpoint(endpoint)?.old_secret.is_some() {
                    return Err(EndpointRefused::TwoSecrets);
                }
                (endpoint, EndpointStep::SecretRotated { secret_sha256: secret.sha256() }, Some(secret))
            }
            EndpointRequest::RetireSecret { endpoint } => {
                if self.endpoint(endpoint)?.old_secret.is_none() {
                    return Err(EndpointRefused::OneSecret);
                }
                (endpoint, EndpointStep::SecretRetired, None)
            }
            EndpointRequest::Disable { endpoint } => {
                if !self.endpoint(endpoint)?.is_enabled() {
                    return Ok(endpoint);
                }
                (endpoint, EndpointStep::Disabled { gone: false }, None)
            }
            EndpointRequest::Gone { endpoint, since } => {
                let known = self.endpoint(endpoint)?;
                if !known.is_enabled() || known.since != since {
                    return Ok(endpoint);
                }
                (endpoint, EndpointStep::Disabled { gone: true }, None)
            }
            EndpointRequest::Enable { endpoint } => {
                if self.endpoint(endpoint)?.is_enabled() {
                    return Ok(endpoint);
                }
                (endpoint, EndpointStep::Enabled, None)
            }
            EndpointRequest::Remove { endpoint } => {
                self.endpoint(endpoint)?;
                (endpoint, EndpointStep::Removed, None)
            }
        };
        self.take_step(endpoint, step, secret, operator);
        Ok(endpoint)
    }

    fn take_step(&mut self, endpoint: u8, step: EndpointStep, secret: Option<EndpointSecret>, operator: String) {
        let seq = self.seq_of(self.changes.entries.len());
        let before = self.sale.endpoints.remove(&endpoint);
        let after = Endpoint::after(before, &step, secret, seq);
        if let Some(after) = &after {
            self.sale.endpoints.insert(endpoint, after.clone());
        }
        self.changes.endpoints.insert(endpoint, after);
        self.changes.entries.push(Entry { drop: None, operator, fact: Fact::Endpoint { number: endpoint, step } });
    }

    fn endpoint(&self, number: u8) -> Result<&Endpoint<EndpointSecret>, EndpointRefused> {
        self.sale.endpoints.get(&number).ok_or(EndpointRefused::NoSuchEndpoint)
    }

    fn free_endpoint(&self) -> Result<u8, EndpointRefused> {
        let mut numbers = 1..=WEBHOOK_ENDPOINTS_MAX;
        numbers.find(|number| !self.sale.endpoints.contains_key(number)).ok_or(EndpointRefused::TooMany)
    }
}
