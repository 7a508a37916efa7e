//! Every transfer that the ledger counts, to be compared with what banks and operators say.

use anyhow::{Context, Result};
use domain::{OrderCode, PaymentIdentity, Timestamp, Vnd, same_reference};
use engine::KnownPayment;
use libsql::Row;

use super::sqlite::Db;
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
