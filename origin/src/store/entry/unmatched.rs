//! Version 1 of what operators decide about unmatched money: one kind of row for each step. Released: do not edit, add
//! a version.

use anyhow::{Context, Result};
use domain::{OrderCode, RefundStep, UnmatchedStep};
use serde::{Deserialize, Serialize};

use super::stored::OrderCodeV1;

/// Every kind that [`kind`] can give.
pub(super) const KINDS: [&str; 7] = [
    "unmatched_assigned",
    "unmatched_dismissed",
    "unmatched_refund_due",
    "unmatched_refund_batched",
    "unmatched_refund_sent",
    "unmatched_refund_confirmed",
    "unmatched_refund_failed",
];

pub(super) fn kind(step: &UnmatchedStep) -> &'static str {
    match step {
        UnmatchedStep::Assign { .. } => "unmatched_assigned",
        UnmatchedStep::Dismiss { .. } => "unmatched_dismissed",
        UnmatchedStep::OweBack => "unmatched_refund_due",
        UnmatchedStep::Refund(step) => match step {
            RefundStep::Batch { .. } => "unmatched_refund_batched",
            RefundStep::Sent { .. } => "unmatched_refund_sent",
            RefundStep::Confirm => "unmatched_refund_confirmed",
            RefundStep::Fail { .. } => "unmatched_refund_failed",
        },
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StepV1 {
    UnmatchedAssigned {
        payment: i64,
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
    },
    UnmatchedDismissed {
        payment: i64,
        reason: String,
    },
    UnmatchedRefundDue {
        payment: i64,
    },
    UnmatchedRefundBatched {
        payment: i64,
        batch: u64,
    },
    UnmatchedRefundSent {
        payment: i64,
        bank_reference: String,
    },
    UnmatchedRefundConfirmed {
        payment: i64,
    },
    UnmatchedRefundFailed {
        payment: i64,
        reason: String,
    },
}

pub(super) fn write(payment: i64, step: &UnmatchedStep) -> Result<Vec<u8>> {
    let stored = match step.clone() {
        UnmatchedStep::Assign { order } => StepV1::UnmatchedAssigned { payment, order },
        UnmatchedStep::Dismiss { reason } => StepV1::UnmatchedDismissed { payment, reason },
        UnmatchedStep::OweBack => StepV1::UnmatchedRefundDue { payment },
        UnmatchedStep::Refund(step) => match step {
            RefundStep::Batch { batch } => StepV1::UnmatchedRefundBatched { payment, batch },
            RefundStep::Sent { bank_reference } => StepV1::UnmatchedRefundSent { payment, bank_reference },
            RefundStep::Confirm => StepV1::UnmatchedRefundConfirmed { payment },
            RefundStep::Fail { reason } => StepV1::UnmatchedRefundFailed { payment, reason },
        },
    };
    serde_json::to_vec(&stored).context("an entry cannot be written as JSON")
}

pub(super) fn read(payload: &[u8]) -> Result<(i64, UnmatchedStep)> {
    let refund = UnmatchedStep::Refund;
    Ok(match serde_json::from_slice(payload)? {
        StepV1::UnmatchedAssigned { payment, order } => (payment, UnmatchedStep::Assign { order }),
        StepV1::UnmatchedDismissed { payment, reason } => (payment, UnmatchedStep::Dismiss { reason }),
        StepV1::UnmatchedRefundDue { payment } => (payment, UnmatchedStep::OweBack),
        StepV1::UnmatchedRefundBatched { payment, batch } => (payment, refund(RefundStep::Batch { batch })),
        StepV1::UnmatchedRefundSent { payment, bank_reference } => {
            (payment, refund(RefundStep::Sent { bank_reference }))
        }
        StepV1::UnmatchedRefundConfirmed { payment } => (payment, refund(RefundStep::Confirm)),
        StepV1::UnmatchedRefundFailed { payment, reason } => (payment, refund(RefundStep::Fail { reason })),
    })
}
