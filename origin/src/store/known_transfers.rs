//! Every transfer that the ledger counts, to be compared with what banks and operators say.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use anyhow::{Context, Result};
use domain::{OrderCode, PaymentIdentity, RefundState, Timestamp, UnmatchedState, Vnd, reference_key, same_reference};
use engine::KnownPayment;
use libsql::Row;

use super::sqlite::{Db, whole};
use super::unmatched;
use crate::statement::KnownTransfer;

const COLUMNS: &str = "order_code, link, reference, amount, paid_at, recorded_at, seq, account";

/// Gives each transfer once. A disputed report is about a transfer that is already counted, so it is left out. Money
/// that an operator moved is counted at its new order.
pub(crate) fn all(db: &Db) -> Result<Vec<KnownTransfer>> {
    let select = db.prepare(&format!(
        "SELECT {COLUMNS} FROM payments WHERE state = 0
         UNION ALL SELECT {COLUMNS} FROM unmatched_payments WHERE state != 1"
    ))?;
    select.rows((), |row| {
        let (payment, has_own_time) = read(row)?;
        Ok(KnownTransfer {
            order: payment.order,
            reference: payment.identity.bank_reference().unwrap_or_default().to_owned(),
            amount: payment.amount.get(),
            at: payment.at,
            has_own_time,
            account: row.get(7)?,
        })
    })
}

/// Those of one reference, in any spelling, and disputed ones too: oldest first. Reads every payment there is, for no
/// index of references is on a table that the sale writes.
pub(crate) fn of_reference(db: &Db, reference: &str) -> Result<Vec<KnownPayment>> {
    let select = db.prepare(&format!(
        "SELECT {COLUMNS} FROM payments WHERE state != 2
         UNION ALL SELECT {COLUMNS} FROM unmatched_payments WHERE state != 1"
    ))?;
    let mut found = Vec::new();
    select.each((), |row| {
        let (payment, _) = read(row)?;
        if payment.identity.bank_reference().is_some_and(|known| same_reference(known, reference)) {
            found.push(payment);
        }
        Ok(())
    })?;
    found.sort_by_key(|payment| payment.seq);
    Ok(found)
}

/// A payment of a reference that the ledger knows more than once.
pub struct Referenced {
    pub payment: KnownPayment,
    pub has_own_time: bool,
    /// Where its money stands.
    pub stands: &'static str,
}

/// Payments by their reference, in any spelling, where there is more than one of it: at most `max` references, those that
/// came first.
pub(crate) fn more_than_once(db: &Db, max: usize) -> Result<Vec<Vec<Referenced>>> {
    let select = db.prepare(&format!(
        "SELECT {COLUMNS}, 0, state, 0, 0 FROM payments WHERE state != 2
         UNION ALL SELECT {COLUMNS}, 1, state, batch, attempt FROM unmatched_payments WHERE state != 1"
    ))?;
    let key = |payment: &KnownPayment| payment.identity.bank_reference().map(reference_key).unwrap_or_default();
    // Digests of them first: a sale has a million payments, and few references come twice.
    let (mut seen, mut again) = (HashSet::new(), HashSet::new());
    select.each((), |row| {
        let digest = digest(&key(&read(row)?.0));
        if !seen.insert(digest) {
            again.insert(digest);
        }
        Ok(())
    })?;
    let mut by_key: BTreeMap<String, Vec<Referenced>> = BTreeMap::new();
    select.each((), |row| {
        let (payment, has_own_time) = read(row)?;
        let key = key(&payment);
        if !key.is_empty() && again.contains(&digest(&key)) {
            by_key.entry(key).or_default().push(Referenced { payment, has_own_time, stands: stands(row)? });
        }
        Ok(())
    })?;
    let mut found: Vec<Vec<Referenced>> = by_key.into_values().filter(|payments| payments.len() > 1).collect();
    found.iter_mut().for_each(|payments| payments.sort_by_key(|known| known.payment.seq));
    found.sort_by_key(|payments| payments.first().map(|known| known.payment.seq));
    found.truncate(max);
    Ok(found)
}

fn digest(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

fn stands(row: &Row) -> Result<&'static str> {
    let (is_unmatched, state): (i64, i64) = (row.get(8)?, row.get(9)?);
    if is_unmatched == 0 {
        return Ok(if state == 0 { "counted" } else { "disputed" });
    }
    Ok(match unmatched::state_of(state, row.get(10)?, whole(row, 11)?)? {
        UnmatchedState::Open => "unmatched",
        UnmatchedState::Assigned => "given to an order",
        UnmatchedState::Dismissed => "dismissed",
        UnmatchedState::Refund(RefundState::Due | RefundState::Void) => "refund due",
        UnmatchedState::Refund(RefundState::Batched { .. }) => "refund on a list",
        UnmatchedState::Refund(RefundState::Paying { .. }) => "refund being paid out",
        UnmatchedState::Refund(RefundState::Doubted { .. }) => "payout in doubt",
        UnmatchedState::Refund(RefundState::Sent { .. }) => "refund sent",
        UnmatchedState::Refund(RefundState::Confirmed { .. }) => "refund confirmed",
    })
}

/// And whether its own time is known.
fn read(row: &Row) -> Result<(KnownPayment, bool)> {
    let (paid_at, recorded_at): (i64, i64) = (row.get(4)?, row.get(5)?);
    let has_own_time = paid_at != 0;
    let payment = KnownPayment {
        seq: row.get(6)?,
        order: OrderCode(row.get::<i64>(0)?.cast_unsigned()),
        identity: PaymentIdentity { link: row.get(1)?, reference: row.get(2)? },
        amount: Vnd::new(row.get(3)?).context("a stored amount is out of range")?,
        at: Timestamp(if has_own_time { paid_at } else { recorded_at }),
    };
    Ok((payment, has_own_time))
}
