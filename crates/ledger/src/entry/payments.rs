//! Version 2 of rows that record a payment: with the account that received it. Released: do not edit, add a version. A
//! payment whose account is not known is still written in version 1.

use anyhow::{Context, Result};
use domain::{OrderCode, Payment, Vnd};
use serde::{Deserialize, Serialize};

use super::stored::{OrderCodeV1, PaymentV1};
use crate::row_kind::RowKind;

pub(super) const VERSION: i64 = 2;

pub(super) const KINDS: [RowKind; 3] = [RowKind::PaymentReceived, RowKind::PaymentDisputed, RowKind::PaymentUnmatched];

#[derive(Serialize, Deserialize)]
struct PaymentRowV2 {
    #[serde(with = "OrderCodeV1")]
    order: OrderCode,
    #[serde(with = "PaymentV1")]
    payment: Payment,
    account: String,
    /// Of a payment that was received for an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    applied: Option<i64>,
}

/// `None` when the account is not known.
pub(super) fn write(order: OrderCode, payment: &Payment, applied: Option<Vnd>) -> Option<Result<Vec<u8>>> {
    let account = payment.account.clone()?;
    let row = PaymentRowV2 { order, payment: payment.clone(), account, applied: applied.map(Vnd::get) };
    Some(serde_json::to_vec(&row).context("an entry cannot be written as JSON"))
}

/// And what was applied of it, for a payment that was received for an order.
pub(super) fn read(payload: &[u8]) -> Result<(OrderCode, Payment, Option<Vnd>)> {
    let PaymentRowV2 { order, payment, account, applied } = serde_json::from_slice(payload)?;
    let applied = applied.map(|applied| Vnd::new(applied).context("an amount is out of range")).transpose()?;
    Ok((order, Payment { account: Some(account), ..payment }, applied))
}
