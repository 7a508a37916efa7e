//! Webhooks that report no money which could be recorded.

use anyhow::Result;
use ledger::{Entry, Fact};

use super::Batch;
use crate::{KeptWebhook, Records, UnreadableWebhook, WebhookKept};

/// PayOS signs each, so one is a fault of PayOS, and a thousand are the same fault. The alarm came with the first.
/// With the limit of a webhook they take 64 MiB at most.
const UNREADABLE_WEBHOOKS_MAX: usize = 1_000;

impl<R: Records> Batch<'_, R> {
    /// The same bytes are kept once: PayOS repeats what it got no answer to.
    pub(super) fn keep_webhook(&mut self, webhook: UnreadableWebhook) -> Result<WebhookKept> {
        let UnreadableWebhook { digest, body } = webhook;
        let (stored, is_stored) = self.records.webhooks_kept(digest)?;
        let in_batch = |entry: &Entry| entry.fact == Fact::WebhookUnreadable { digest };
        if is_stored || self.changes.entries.iter().any(in_batch) {
            return Ok(WebhookKept::Already);
        }
        if stored + self.changes.webhooks.len() >= UNREADABLE_WEBHOOKS_MAX {
            return Ok(WebhookKept::TooMany);
        }
        self.changes.webhooks.push(KeptWebhook { seq: self.seq_of(self.changes.entries.len()), body });
        let fact = Fact::WebhookUnreadable { digest };
        self.changes.entries.push(Entry { drop: None, operator: String::new(), fact });
        Ok(WebhookKept::New)
    }
}
