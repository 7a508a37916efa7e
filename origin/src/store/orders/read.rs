use anyhow::{Context, Result, bail, ensure};
use domain::{
    BankTransferDetails, LinkFacts, OrderCode, OrderRecord, PaymentIdentity, PaymentRecord, Refund, Timestamp, Vnd,
};
use engine::{Address, Buyer, Salt, StoredOrder};
use libsql::Row;

use super::codes::{language_of, link_of, payment_of, reason_of, refund_of, state_of};
use super::facts::{FACTS, placed_as};
use crate::store::sqlite::{Db, Statement, bytes, whole};

/// Loads one order by its code, with its link, payments and refunds.
pub(crate) struct OrderReader {
    order: Statement,
    link: Statement,
    payments: Statement,
    refunds: Statement,
}

impl OrderReader {
    pub(crate) fn prepare(db: &Db) -> Result<Self> {
        Ok(Self {
            order: db.prepare(&format!(
                "SELECT state, superseded_by, settling, link_state, applied, pay_by, ended_at,
                   salt, name, phone, email, province_code, address_line, language, {FACTS}
                 FROM orders JOIN ledger ON ledger.seq = orders.placed WHERE order_code = ?"
            ))?,
            link: db.prepare(
                "SELECT link_id, checkout_url, qr_code, bank_bin, account_number, account_name, memo
                 FROM links WHERE order_code = ?",
            )?,
            payments: db.prepare(
                "SELECT link, reference, amount, paid_at, recorded_at, state, settled, account
                 FROM payments WHERE order_code = ? ORDER BY recorded_at, link, reference, amount",
            )?,
            refunds: db.prepare(
                "SELECT number, amount, reason, state, batch, attempt FROM refunds WHERE order_code = ? ORDER BY number",
            )?,
        })
    }

    pub(crate) fn load(&self, order: OrderCode) -> Result<Option<StoredOrder>> {
        let code = order.0.cast_signed();
        let link = self.link.first([code], read_link)?;
        let Some(mut stored) = self.order.first([code], |row| read_order(row, order, link))? else {
            return Ok(None);
        };
        stored.record.payments = self.payments.rows([code], read_payment)?;
        stored.record.refunds = self.refunds.rows([code], read_refund)?;
        Ok(Some(stored))
    }
}

fn read_order(row: &Row, order: OrderCode, link: Option<LinkFacts>) -> Result<StoredOrder> {
    let record = OrderRecord {
        pay_by: Timestamp(row.get(5)?),
        state: state_of(row.get(0)?, row.get(1)?)?,
        settling: row.get(2)?,
        ended_at: row.get::<Option<i64>>(6)?.map(Timestamp),
        applied: vnd(row, 4)?,
        link: link_of(row.get(3)?, link)?,
        ..placed_as(order, row, 14)?
    };
    Ok(StoredOrder { record, buyer: read_buyer(row)? })
}

fn read_buyer(row: &Row) -> Result<Option<(Salt, Buyer)>> {
    if row.get::<Option<Vec<u8>>>(7)?.is_none() {
        return Ok(None);
    }
    let address = match (row.get(11)?, row.get(12)?) {
        (Some(province_code), Some(line)) => Some(Address { province_code, line }),
        (None, None) => None,
        _ => bail!("a stored address is not whole"),
    };
    let buyer = Buyer {
        name: row.get(8)?,
        phone: row.get(9)?,
        email: row.get(10)?,
        address,
        language: language_of(row.get(13)?)?,
    };
    Ok(Some((Salt(bytes(row, 7)?), buyer)))
}

fn read_link(row: &Row) -> Result<LinkFacts> {
    let qr_code: Option<String> = row.get(2)?;
    let bank_transfer = match qr_code {
        None => {
            for column in 3..=6 {
                ensure!(row.get::<Option<String>>(column)?.is_none(), "the details of a stored link are not whole");
            }
            None
        }
        Some(qr_code) => Some(BankTransferDetails {
            qr_code,
            bank_bin: row.get(3)?,
            account_number: row.get(4)?,
            account_name: row.get(5)?,
            memo: row.get(6)?,
        }),
    };
    Ok(LinkFacts { id: row.get(0)?, checkout_url: row.get(1)?, bank_transfer })
}

fn read_payment(row: &Row) -> Result<PaymentRecord> {
    Ok(PaymentRecord {
        identity: PaymentIdentity { link: row.get(0)?, reference: row.get(1)? },
        amount: vnd(row, 2)?,
        paid_at: Timestamp(row.get(3)?),
        recorded_at: Timestamp(row.get(4)?),
        state: payment_of(row.get(5)?)?,
        settled: row.get(6)?,
        account: row.get(7)?,
    })
}

fn read_refund(row: &Row) -> Result<Refund> {
    Ok(Refund {
        number: whole(row, 0)?,
        amount: vnd(row, 1)?,
        reason: reason_of(row.get(2)?)?,
        state: refund_of(row.get(3)?, whole(row, 4)?, whole(row, 5)?)?,
    })
}

fn vnd(row: &Row, index: i32) -> Result<Vnd> {
    Vnd::new(row.get(index)?).context("a stored amount is out of range")
}
