//! Asks PayOS to pay refunds out whose intention is on disk, and follows each until it is decided.

use std::sync::Arc;

use anyhow::Result;
use domain::{Event, RefundStep, UnmatchedStep};
use engine::RefundId;
use ledger::{Fact, LedgerRow};

use super::channel::{Channel, Patience, Settings};
use crate::delivery::Delivery;
use crate::payos::Payouts;
use crate::store::outbox::{PAYOUT_CHECKS, PAYOUTS};

const DAY_MS: i64 = 24 * 3_600_000;

pub(super) struct PayoutsOfRefunds(pub(super) Arc<Payouts>);

impl Channel for PayoutsOfRefunds {
    type Effect = (RefundId, u32);

    fn settings(&self) -> Settings {
        // PayOS publishes no rate, and a payout that waits a minute hurts less than one that is turned away.
        let (name, rows) = (PAYOUTS.name, PAYOUTS.rows);
        // A payout that is not decided within a day goes to a person; until that is recorded it is followed.
        let patience = Patience { tries: 360, ms: 2 * DAY_MS };
        Settings { name, rows, delay_ms: 0, shoppers_wait: false, at_once: 4, retry_ms_max: 300_000, patience }
    }

    fn owed(&self, row: &LedgerRow) -> Option<(RefundId, u32)> {
        match &row.entry.fact {
            Fact::Sale(Event::RefundPaying { order, number, attempt, .. }) => {
                Some((RefundId::Order(*order, *number), *attempt))
            }
            Fact::Unmatched { payment, step: UnmatchedStep::Refund(RefundStep::Pay { attempt, .. }) } => {
                Some((RefundId::Unmatched(*payment), *attempt))
            }
            _ => None,
        }
    }

    async fn deliver(&self, (refund, attempt): (RefundId, u32)) -> Result<Delivery> {
        self.0.follow(refund, attempt).await
    }
}

/// Looks again a day later at what was paid out.
pub(super) struct PayoutChecks(pub(super) Arc<Payouts>);

impl Channel for PayoutChecks {
    type Effect = RefundId;

    fn settings(&self) -> Settings {
        let (name, rows) = (PAYOUT_CHECKS.name, PAYOUT_CHECKS.rows);
        Settings {
            name,
            rows,
            delay_ms: DAY_MS,
            shoppers_wait: false,
            at_once: 4,
            retry_ms_max: 3_600_000,
            patience: Patience::MANY_TRIES,
        }
    }

    fn owed(&self, row: &LedgerRow) -> Option<RefundId> {
        match &row.entry.fact {
            Fact::Sale(Event::RefundSent { order, number, .. }) => Some(RefundId::Order(*order, *number)),
            Fact::Unmatched { payment, step: UnmatchedStep::Refund(RefundStep::Sent { .. }) } => {
                Some(RefundId::Unmatched(*payment))
            }
            _ => None,
        }
    }

    async fn deliver(&self, refund: RefundId) -> Result<Delivery> {
        self.0.check_sent(refund).await
    }
}
