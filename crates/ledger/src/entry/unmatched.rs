//! Version 1 of what operators decide about unmatched payments, with a kind of row for each step. Released: do not
//! edit, add a version.

use anyhow::{Context, Result};
use domain::{Doubt, OrderCode, PayoutCommit, RefundStep, UnmatchedStep};
use serde::{Deserialize, Serialize};

use super::stored::{DoubtV1, OrderCodeV1, PayoutCommitV1};
use crate::row_kind::RowKind;

/// Every kind that [`kind`] can give.
pub(super) const KINDS: [RowKind; 9] = [
    RowKind::UnmatchedAssigned,
    RowKind::UnmatchedDismissed,
    RowKind::UnmatchedRefundDue,
    RowKind::UnmatchedRefundBatched,
    RowKind::UnmatchedRefundPaying,
    RowKind::UnmatchedRefundDoubted,
    RowKind::UnmatchedRefundSent,
    RowKind::UnmatchedRefundConfirmed,
    RowKind::UnmatchedRefundFailed,
];

pub(super) fn kind(step: &UnmatchedStep) -> RowKind {
    match step {
        UnmatchedStep::Assign { .. } => RowKind::UnmatchedAssigned,
        UnmatchedStep::Dismiss { .. } => RowKind::UnmatchedDismissed,
        UnmatchedStep::OweBack => RowKind::UnmatchedRefundDue,
        UnmatchedStep::Refund(step) => match step {
            RefundStep::Batch { .. } => RowKind::UnmatchedRefundBatched,
            RefundStep::Pay { .. } => RowKind::UnmatchedRefundPaying,
            RefundStep::Doubt(_) => RowKind::UnmatchedRefundDoubted,
            RefundStep::Sent { .. } => RowKind::UnmatchedRefundSent,
            RefundStep::Confirm => RowKind::UnmatchedRefundConfirmed,
            RefundStep::Fail { .. } => RowKind::UnmatchedRefundFailed,
        },
    }
}

#[derive(Serialize, Deserialize)]
enum StepV1 {
    #[serde(rename = "unmatched_assigned")]
    Assigned {
        payment: i64,
        #[serde(with = "OrderCodeV1")]
        order: OrderCode,
    },
    #[serde(rename = "unmatched_dismissed")]
    Dismissed { payment: i64, reason: String },
    #[serde(rename = "unmatched_refund_due")]
    RefundDue { payment: i64 },
    #[serde(rename = "unmatched_refund_batched")]
    RefundBatched { payment: i64, batch: u64 },
    #[serde(rename = "unmatched_refund_paying")]
    RefundPaying {
        payment: i64,
        attempt: u32,
        #[serde(with = "PayoutCommitV1")]
        payout: PayoutCommit,
    },
    #[serde(rename = "unmatched_refund_doubted")]
    RefundDoubted {
        payment: i64,
        #[serde(with = "DoubtV1")]
        doubt: Doubt,
    },
    #[serde(rename = "unmatched_refund_sent")]
    RefundSent { payment: i64, bank_reference: String },
    #[serde(rename = "unmatched_refund_confirmed")]
    RefundConfirmed { payment: i64 },
    #[serde(rename = "unmatched_refund_failed")]
    RefundFailed { payment: i64, reason: String },
}

pub(super) fn write(payment: i64, step: &UnmatchedStep) -> Result<Vec<u8>> {
    let stored = match step.clone() {
        UnmatchedStep::Assign { order } => StepV1::Assigned { payment, order },
        UnmatchedStep::Dismiss { reason } => StepV1::Dismissed { payment, reason },
        UnmatchedStep::OweBack => StepV1::RefundDue { payment },
        UnmatchedStep::Refund(step) => match step {
            RefundStep::Batch { batch } => StepV1::RefundBatched { payment, batch },
            RefundStep::Pay { attempt, payout } => StepV1::RefundPaying { payment, attempt, payout },
            RefundStep::Doubt(doubt) => StepV1::RefundDoubted { payment, doubt },
            RefundStep::Sent { bank_reference } => StepV1::RefundSent { payment, bank_reference },
            RefundStep::Confirm => StepV1::RefundConfirmed { payment },
            RefundStep::Fail { reason } => StepV1::RefundFailed { payment, reason },
        },
    };
    serde_json::to_vec(&stored).context("an entry cannot be written as JSON")
}

pub(super) fn read(payload: &[u8]) -> Result<(i64, UnmatchedStep)> {
    let refund = UnmatchedStep::Refund;
    Ok(match serde_json::from_slice(payload)? {
        StepV1::Assigned { payment, order } => (payment, UnmatchedStep::Assign { order }),
        StepV1::Dismissed { payment, reason } => (payment, UnmatchedStep::Dismiss { reason }),
        StepV1::RefundDue { payment } => (payment, UnmatchedStep::OweBack),
        StepV1::RefundBatched { payment, batch } => (payment, refund(RefundStep::Batch { batch })),
        StepV1::RefundPaying { payment, attempt, payout } => (payment, refund(RefundStep::Pay { attempt, payout })),
        StepV1::RefundDoubted { payment, doubt } => (payment, refund(RefundStep::Doubt(doubt))),
        StepV1::RefundSent { payment, bank_reference } => (payment, refund(RefundStep::Sent { bank_reference })),
        StepV1::RefundConfirmed { payment } => (payment, refund(RefundStep::Confirm)),
        StepV1::RefundFailed { payment, reason } => (payment, refund(RefundStep::Fail { reason })),
    })
}
