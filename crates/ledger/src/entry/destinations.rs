//! Version 2 of rows that say where refunds go: with a digest that binds the stored account to the chain, and the time
//! from which it may be used. Released: do not edit, add a version. Version 1 said only that an account was given.

use anyhow::{Context, Result};
use domain::{OrderCode, Timestamp};
use serde::{Deserialize, Serialize};

use super::stored::{OrderCodeV1, TimestampV1, base64url};

pub(super) const VERSION: i64 = 2;

/// What stands for an account in the ledger: a digest under a salt that is stored beside the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountCommit(#[serde(with = "base64url")] pub [u8; 32]);

/// An account that was given, and from when on it may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenAccount {
    pub commit: AccountCommit,
    pub usable_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct OfOrderV2 {
    #[serde(with = "OrderCodeV1")]
    order: OrderCode,
    commit: AccountCommit,
    #[serde(with = "TimestampV1")]
    usable_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct OfUnmatchedV2 {
    payment: i64,
    commit: AccountCommit,
    #[serde(with = "TimestampV1")]
    usable_at: Timestamp,
}

pub(super) fn write_of_order(order: OrderCode, GivenAccount { commit, usable_at }: GivenAccount) -> Result<Vec<u8>> {
    serde_json::to_vec(&OfOrderV2 { order, commit, usable_at }).context("an entry cannot be written as JSON")
}

pub(super) fn read_of_order(payload: &[u8]) -> Result<(OrderCode, GivenAccount)> {
    let OfOrderV2 { order, commit, usable_at } = serde_json::from_slice(payload)?;
    Ok((order, GivenAccount { commit, usable_at }))
}

pub(super) fn write_of_unmatched(payment: i64, GivenAccount { commit, usable_at }: GivenAccount) -> Result<Vec<u8>> {
    serde_json::to_vec(&OfUnmatchedV2 { payment, commit, usable_at }).context("an entry cannot be written as JSON")
}

pub(super) fn read_of_unmatched(payload: &[u8]) -> Result<(i64, GivenAccount)> {
    let OfUnmatchedV2 { payment, commit, usable_at } = serde_json::from_slice(payload)?;
    Ok((payment, GivenAccount { commit, usable_at }))
}
