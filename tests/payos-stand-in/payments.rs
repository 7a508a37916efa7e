//! Money for a link: what the payer does, and how PayOS reports it.

use std::time::Duration;

use serde::Deserialize;

/// Each is a post at the same moment; more would exhaust ports rather than prove anything.
pub(crate) const TIMES_MAX: u32 = 1_000;

/// A payment by a test. A missing field has its usual value: the rest of the amount, a new reference, now, one webhook.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayRequest {
    pub(crate) amount: Option<i64>,
    pub(crate) reference: Option<String>,
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) counter_account: CounterAccount,
    pub(crate) at_ms: Option<i64>,
    pub(crate) when: Option<When>,
    times: Option<u32>,
    webhook: Option<bool>,
    #[serde(default)]
    pub(crate) forged: bool,
    delay_ms: Option<u64>,
}

/// The payer's account, which most banks do not report.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CounterAccount {
    pub(crate) bank_id: Option<String>,
    pub(crate) bank_name: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) number: Option<String>,
}

/// The two sides of a cancellation between which a merchant cannot look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum When {
    /// The next cancel call has arrived and is not decided.
    BeforeCancel,
    /// The next cancel call is decided and its reply is written.
    AfterCancel,
}

/// Money that has arrived.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    pub(crate) reference: String,
    pub(crate) amount: i64,
    /// The memo as the bank passed it on.
    pub(crate) description: String,
    pub(crate) counter_account: CounterAccount,
    pub(crate) at_ms: i64,
}

impl PayRequest {
    /// How often the webhook goes out, all at the same time.
    pub(crate) fn webhooks(&self) -> u32 {
        if self.webhook == Some(false) { 0 } else { self.times.unwrap_or(1) }
    }

    pub(crate) fn webhook_delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms.unwrap_or(0))
    }
}
