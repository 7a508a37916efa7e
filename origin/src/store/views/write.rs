//! Taking a page of the ledger into the view.

use anyhow::{Context, Result};
use domain::{OrderCode, OrderRecord};
use engine::StoredOrder;
use ledger::{Fact, Listing};
use libsql::params;

use super::order::{Money, SeenBuyer, SeenOrder};
use super::page::{Page, Place};
use super::revenue::{Line, Lines, Sums};
use crate::store::sqlite::{Db, Statement};

pub(super) struct PageWriter {
    place: Statement,
    drop: Statement,
    product: Statement,
    row: Statement,
    operator: Statement,
    seen: Statement,
    insert: Statement,
    update: Statement,
    names: Names,
    lines: Lines,
}

struct Names {
    insert: Statement,
    delete: Statement,
    count: Statement,
    last: Statement,
    discount: Statement,
}

impl PageWriter {
    pub(super) fn prepare(db: &Db) -> Result<Self> {
        Ok(Self {
            place: db.prepare("UPDATE fed SET seq = ?, at = ?, hash = ?")?,
            drop: db.prepare("INSERT INTO drops VALUES (?, ?)")?,
            product: db.prepare("SELECT product_id FROM drops WHERE drop_id = ?")?,
            row: db.prepare("INSERT INTO order_rows VALUES (?, ?)")?,
            operator: db.prepare("INSERT INTO operator_rows VALUES (?, ?)")?,
            seen: db.prepare("SELECT state, gross, refunded, phone, email, name FROM orders WHERE order_code = ?")?,
            insert: db.prepare("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?,
            update: db.prepare(
                "UPDATE orders SET state = ?, gross = ?, refunded = ?, phone = ?, email = ?, name = ?
                 WHERE order_code = ?",
            )?,
            lines: Lines::prepare(db)?,
            names: Names {
                insert: db.prepare("INSERT INTO names (rowid, name) VALUES (?, ?)")?,
                delete: db.prepare("INSERT INTO names (names, rowid, name) VALUES ('delete', ?, ?)")?,
                count: db
                    .prepare("INSERT INTO words VALUES (?, 1) ON CONFLICT (word) DO UPDATE SET orders = orders + 1")?,
                last: db.prepare("DELETE FROM words WHERE word = ? AND orders = 1")?,
                discount: db.prepare("UPDATE words SET orders = orders - 1 WHERE word = ?")?,
            },
        })
    }

    /// Within a transaction of the caller.
    pub(super) fn write(&self, page: &Page) -> Result<()> {
        for (row, orders) in &page.rows {
            if let Fact::DropCreated(listing) = &row.entry.fact {
                self.listing(listing)?;
            }
            for order in orders {
                self.row.execute((order.0.cast_signed(), row.seq))?;
            }
            if !row.entry.operator.is_empty() {
                self.operator.execute((row.seq, row.entry.operator.as_str()))?;
            }
        }
        for stored in page.orders.values() {
            self.order(stored).with_context(|| format!("order {} cannot be taken in", stored.record.order))?;
        }
        let Place { seq, at, hash } = page.end;
        self.place.execute(params![seq, at.0, hash.to_vec()])?;
        Ok(())
    }

    fn listing(&self, listing: &Listing) -> Result<()> {
        self.drop.execute((i64::from(listing.terms.drop.0), listing.product.id))?;
        Ok(())
    }

    fn order(&self, stored: &StoredOrder) -> Result<()> {
        let order = stored.record.order;
        let now = SeenOrder::of(stored);
        let seen = self.seen.first([order.0.cast_signed()], |row| {
            let state: String = row.get(0)?;
            let money = Money { gross: row.get(1)?, refunded: row.get(2)? };
            Ok((state, money, SeenBuyer { phone: row.get(3)?, email: row.get(4)?, name: row.get(5)? }))
        })?;
        match seen {
            None => self.insert(&stored.record, &now),
            Some((state, money, buyer)) if state == now.state && money == now.money && buyer == now.buyer => Ok(()),
            Some((state, money, buyer)) => {
                let quantity = i64::from(stored.record.quantity);
                let counted = Sums::of(&state, quantity, money);
                self.lines.add(&Line::of(&stored.record), Sums::of(now.state, quantity, now.money).minus(counted))?;
                self.update(order, &buyer, &now)
            }
        }
    }

    fn insert(&self, record: &OrderRecord, now: &SeenOrder) -> Result<()> {
        let drop = i64::from(record.drop.0);
        let product: Option<i64> = self.product.first([drop], |row| Ok(row.get(0)?))?;
        let product = product.context("no row of the ledger has created its drop")?;
        self.insert.execute(params![
            record.order.0.cast_signed(),
            drop,
            product,
            now.state,
            record.region.as_str(),
            record.quantity,
            record.amount.get(),
            record.ordered_at.0,
            now.money.gross,
            now.money.refunded,
            now.buyer.phone.as_deref(),
            now.buyer.email.as_deref(),
            now.buyer.name.as_deref(),
        ])?;
        let counts = Sums::of(now.state, i64::from(record.quantity), now.money);
        self.lines.add(&Line::of(record), counts)?;
        self.names.change(record.order, None, now.buyer.name.as_deref())
    }

    /// After an erasure the order has no buyer: then this forgets what was known of them.
    fn update(&self, order: OrderCode, before: &SeenBuyer, now: &SeenOrder) -> Result<()> {
        self.update.execute(params![
            now.state,
            now.money.gross,
            now.money.refunded,
            now.buyer.phone.as_deref(),
            now.buyer.email.as_deref(),
            now.buyer.name.as_deref(),
            order.0.cast_signed(),
        ])?;
        self.names.change(order, before.name.as_deref(), now.buyer.name.as_deref())
    }
}

impl Names {
    fn change(&self, order: OrderCode, before: Option<&str>, now: Option<&str>) -> Result<()> {
        if before == now {
            return Ok(());
        }
        let order = order.0.cast_signed();
        if let Some(name) = before {
            self.delete.execute((order, name))?;
            for word in name.split(' ') {
                if self.last.execute([word])? == 0 {
                    self.discount.execute([word])?;
                }
            }
        }
        if let Some(name) = now {
            self.insert.execute((order, name))?;
            for word in name.split(' ') {
                self.count.execute([word])?;
            }
        }
        Ok(())
    }
}
