//! One order as the ledger tells it, with what is stored of it beside its record.

use anyhow::{Context, Result};
use domain::{Event, OrderCode, OrderRecord, PaymentIdentity, PaymentRecord, Timestamp, Vnd};
use engine::{Buyer, Payer, Salt};

use super::account::Account;
use crate::store::orders::OrderReader;
use crate::store::refunds::Destinations;
use crate::store::sqlite::{Db, Statement};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) record: OrderRecord,
    pub(super) beside: Beside,
}

/// What is stored of an order beside its record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Beside {
    pub(super) account: Account,
    /// The rows that recorded its payments, ascending.
    payments: Vec<PaymentRow>,
    /// When each refund became due, by number.
    refunds_due_at: Vec<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct PaymentRow {
    seq: i64,
    identity: PaymentIdentity,
    amount: Vnd,
    /// The row in which a signed read settled it.
    settled_by: Option<i64>,
}

impl Beside {
    /// Follows an event that the record follows too.
    pub(super) fn follow(&mut self, event: &Event, seq: i64, at: Timestamp) {
        match event {
            Event::PaymentReceived { payment, .. } | Event::PaymentDisputed { payment, .. } => {
                let (identity, amount) = (payment.identity.clone(), payment.amount);
                self.payments.push(PaymentRow { seq, identity, amount, settled_by: None });
            }
            Event::PaymentSettled { identity, .. } => {
                // The first report of an identity counts; later ones with another amount are disputed.
                let settled = self.payments.iter_mut().find(|payment| payment.identity == *identity);
                settled.into_iter().for_each(|payment| payment.settled_by = Some(seq));
            }
            Event::RefundDue { .. } => self.refunds_due_at.push(at),
            _ => {}
        }
    }
}

impl Order {
    pub(super) fn equals(&self, stored: &Self) -> bool {
        self.beside == stored.beside
            && same_payments(&self.record, &stored.record)
            && (self.record == stored.record || self.without_payments() == stored.without_payments())
    }

    /// The table in which the stored order differs.
    pub(super) fn differs_in(&self, stored: &Self) -> &'static str {
        let (told, found) = (&self.record, &stored.record);
        if self.beside.payments != stored.beside.payments || !same_payments(told, found) {
            "payments"
        } else if self.beside.refunds_due_at != stored.beside.refunds_due_at || told.refunds != found.refunds {
            "refunds"
        } else if self.beside.account != stored.beside.account {
            "refund_destinations"
        } else if told.link.facts() != found.link.facts() {
            "links"
        } else {
            "orders"
        }
    }

    fn without_payments(&self) -> OrderRecord {
        OrderRecord { payments: Vec::new(), ..self.record.clone() }
    }
}

/// Payments of one moment are in no fixed order.
fn same_payments(one: &OrderRecord, other: &OrderRecord) -> bool {
    one.payments == other.payments || sorted(one) == sorted(other)
}

fn sorted(order: &OrderRecord) -> Vec<&PaymentRecord> {
    let mut payments: Vec<&PaymentRecord> = order.payments.iter().collect();
    let key = |payment: &&PaymentRecord| {
        (payment.recorded_at, payment.identity.link.clone(), payment.identity.reference.clone(), payment.amount)
    };
    payments.sort_by_cached_key(key);
    payments
}

/// An order as it is stored, with what is kept of its buyer.
pub(super) struct StoredOrder {
    pub(super) order: Order,
    pub(super) buyer: Option<(Salt, Buyer)>,
}

/// Reads all that is stored of an order.
pub(super) struct OrderRows {
    orders: OrderReader,
    destinations: Destinations,
    payments: Statement,
    refunds: Statement,
}

impl OrderRows {
    pub(super) fn prepare(db: &Db) -> Result<Self> {
        Ok(Self {
            orders: OrderReader::prepare(db)?,
            destinations: Destinations::prepare(db)?,
            payments: db.prepare(
                "SELECT seq, link, reference, amount, settled_by FROM payments WHERE order_code = ? ORDER BY seq",
            )?,
            refunds: db.prepare("SELECT due_at FROM refunds WHERE order_code = ? ORDER BY number")?,
        })
    }

    pub(super) fn load(&self, code: OrderCode) -> Result<Option<StoredOrder>> {
        let cannot =
            || format!("order {code} cannot be read from orders, links, payments, refunds, refund_destinations");
        self.read(code).with_context(cannot)
    }

    fn read(&self, code: OrderCode) -> Result<Option<StoredOrder>> {
        let Some(engine::StoredOrder { record, buyer }) = self.orders.load(code)? else {
            return Ok(None);
        };
        let mut beside = Beside::default();
        let key = [code.0.cast_signed()];
        // Most orders have none, and a query for nothing takes as long as one for something.
        if !record.payments.is_empty() {
            beside.payments = self.payments.rows(key, |row| {
                let identity = PaymentIdentity { link: row.get(1)?, reference: row.get(2)? };
                let amount = Vnd::new(row.get(3)?).context("a stored amount is out of range")?;
                Ok(PaymentRow { seq: row.get(0)?, identity, amount, settled_by: row.get(4)? })
            })?;
            beside.account = Account::stored(&self.destinations, Payer::Order(code))?;
        }
        if !record.refunds.is_empty() {
            beside.refunds_due_at = self.refunds.rows(key, |row| Ok(Timestamp(row.get(0)?)))?;
        }
        Ok(Some(StoredOrder { order: Order { record, beside }, buyer }))
    }
}
