//! Every transfer that the ledger counts, for the comparison with bank statements.

use anyhow::Result;
use domain::{OrderCode, PaymentIdentity, Timestamp};

use super::sqlite::Db;
use crate::statement::KnownTransfer;

/// Gives each transfer once. A disputed report is about a transfer that is already counted, so it is left out. Money
/// that an operator moved is counted at its new order.
pub(crate) fn all(db: &Db) -> Result<Vec<KnownTransfer>> {
    let select = db.prepare(
        "SELECT order_code, link, reference, amount, paid_at, recorded_at FROM payments WHERE state = 0
         UNION ALL
         SELECT order_code, link, reference, amount, paid_at, recorded_at FROM unmatched_payments WHERE state != 1",
    )?;
    select.rows((), |row| {
        let identity = PaymentIdentity { link: row.get(1)?, reference: row.get(2)? };
        let (paid_at, recorded_at) = (row.get(4)?, row.get(5)?);
        let has_own_time = paid_at != 0;
        Ok(KnownTransfer {
            order: OrderCode(row.get::<i64>(0)?.cast_unsigned()),
            reference: identity.bank_reference().unwrap_or_default().to_owned(),
            amount: row.get(3)?,
            at: Timestamp(if has_own_time { paid_at } else { recorded_at }),
            has_own_time,
            account: None,
        })
    })
}
