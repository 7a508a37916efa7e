//! Refunds that PayOS pays out. `plan` decides which due refunds begin; `follow` asks PayOS for one that was begun, and
//! records what becomes of it.

mod follow;
mod plan;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use domain::Timestamp;
use engine::{PayoutLimits, RefundId};
use payos::payouts::Client;

pub(crate) use self::plan::Verdict;
use crate::ports::Ports;

/// A payout channel at PayOS and what may be paid out through it.
pub struct PayoutSettings {
    pub channel: payos::Config,
    pub limits: PayoutLimits,
}

pub(crate) struct Payouts {
    ports: Ports,
    client: Client,
    checksum_key: String,
    limits: PayoutLimits,
    /// An attempt that was begun later was begun by this process.
    started_at: Timestamp,
    /// When this process last asked PayOS for an attempt that is not decided yet.
    asked: Mutex<HashMap<(RefundId, u32), Timestamp>>,
}

impl Payouts {
    pub(crate) fn new(ports: Ports, settings: PayoutSettings) -> Result<Self> {
        let PayoutSettings { channel, limits } = settings;
        let (started_at, checksum_key) = (ports.clock.now(), channel.checksum_key.clone());
        let client = Client::new(channel).context("the settings of the payout channel cannot be used")?;
        Ok(Self { ports, client, checksum_key, limits, started_at, asked: Mutex::default() })
    }

    fn asked(&self) -> MutexGuard<'_, HashMap<(RefundId, u32), Timestamp>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn limits(&self) -> PayoutLimits {
        self.limits
    }

    /// What the payout account holds, as PayOS says.
    pub(crate) async fn balance(&self) -> Result<i64> {
        let account = self.client.balance().await.context("PayOS does not say what the payout account holds")?;
        self.ports.metrics.payout_balance.set(account.balance);
        Ok(account.balance)
    }
}
