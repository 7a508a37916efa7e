//! Products, drops and their counters, and the state of a drop read back from disk.

use anyhow::{Context, Result, bail};
use domain::{DropId, DropStatus, Format, OrderCode, Stock, Terms, Timestamp, Vnd};
use engine::DropCounters;
use ledger::{Listing, Product};
use libsql::{Row, params};

use super::sqlite::{Db, Statement, whole};

/// Writes drops. Only the writer holds one.
pub(crate) struct DropWriter {
    insert_product: Statement,
    insert_drop: Statement,
    put_counters: Statement,
}

impl DropWriter {
    pub(crate) fn prepare(db: &Db) -> Result<Self> {
        Ok(Self {
            insert_product: db.prepare("INSERT INTO products VALUES (?, ?, ?, ?)")?,
            insert_drop: db.prepare("INSERT INTO drops VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?,
            put_counters: db.prepare("INSERT OR REPLACE INTO drop_counters VALUES (?, ?, ?, ?, ?, ?, ?)")?,
        })
    }

    pub(crate) fn product(&self, product: &Product) -> Result<()> {
        let Product { id, name, description, image_url } = product;
        self.insert_product.execute(params![*id, name.as_str(), description.as_str(), image_url.as_str()])?;
        Ok(())
    }

    pub(crate) fn listing(&self, listing: &Listing) -> Result<()> {
        let terms = &listing.terms;
        self.insert_drop.execute(params![
            terms.drop.0,
            listing.slug.as_str(),
            listing.product.id,
            format_code(terms.format),
            terms.size,
            terms.price.get(),
            terms.opens_at.0,
            terms.closes_at.map(|at| at.0),
            terms.limit_per_customer,
            terms.hold_seconds,
            terms.late_payment_seconds,
            listing.first_order_code.0.cast_signed()
        ])?;
        Ok(())
    }

    /// Writes the drop's counters: one row, once a batch, however much happened in it.
    pub(crate) fn counters(&self, counters: &DropCounters) -> Result<()> {
        let Stock { available, held, sold, withdrawn } = counters.stock;
        let (status, killed_at) = status_code(counters.status);
        self.put_counters.execute(params![counters.drop.0, status, available, held, sold, withdrawn, killed_at])?;
        Ok(())
    }
}

/// A drop as stored, without its orders.
pub(crate) struct StoredDrop {
    pub(crate) listing: Listing,
    pub(crate) status: DropStatus,
    pub(crate) stock: Stock,
}

pub(crate) fn all(db: &Db) -> Result<Vec<StoredDrop>> {
    let select = db.prepare(
        "SELECT d.drop_id, d.format, d.size, d.price, d.opens_at, d.closes_at, d.limit_per_customer, d.hold_seconds,
           d.late_payment_seconds, d.slug, d.first_order_code, p.product_id, p.name, p.description, p.image_url,
           c.status, c.available, c.held, c.sold, c.withdrawn, c.killed_at
         FROM drops d JOIN products p USING (product_id) JOIN drop_counters c USING (drop_id)
         ORDER BY d.drop_id",
    )?;
    select.rows((), read_drop)
}

pub(crate) fn products(db: &Db) -> Result<Vec<Product>> {
    let select = db.prepare("SELECT product_id, name, description, image_url FROM products ORDER BY product_id")?;
    select.rows((), |row| {
        Ok(Product { id: row.get(0)?, name: row.get(1)?, description: row.get(2)?, image_url: row.get(3)? })
    })
}

fn read_drop(row: &Row) -> Result<StoredDrop> {
    let terms = Terms {
        drop: DropId(whole(row, 0)?),
        format: format_of(row.get(1)?)?,
        size: whole(row, 2)?,
        price: Vnd::new(row.get(3)?).context("a stored price is out of range")?,
        opens_at: Timestamp(row.get(4)?),
        closes_at: row.get::<Option<i64>>(5)?.map(Timestamp),
        limit_per_customer: whole(row, 6)?,
        hold_seconds: whole(row, 7)?,
        late_payment_seconds: whole(row, 8)?,
    };
    let product = Product { id: row.get(11)?, name: row.get(12)?, description: row.get(13)?, image_url: row.get(14)? };
    let first_order_code = OrderCode(row.get::<i64>(10)?.cast_unsigned());
    Ok(StoredDrop {
        listing: Listing { terms, slug: row.get(9)?, product, first_order_code },
        status: status_of(row.get(15)?, row.get::<Option<i64>>(20)?.map(Timestamp))?,
        stock: Stock {
            available: whole(row, 16)?,
            held: whole(row, 17)?,
            sold: whole(row, 18)?,
            withdrawn: whole(row, 19)?,
        },
    })
}

/// The code of the status, and the time at which the drop was killed.
fn status_code(status: DropStatus) -> (i64, Option<i64>) {
    match status {
        DropStatus::Live => (0, None),
        DropStatus::Paused => (1, None),
        DropStatus::Killed { at } => (2, Some(at.0)),
    }
}

fn status_of(code: i64, killed_at: Option<Timestamp>) -> Result<DropStatus> {
    Ok(match (code, killed_at) {
        (0, None) => DropStatus::Live,
        (1, None) => DropStatus::Paused,
        (2, Some(at)) => DropStatus::Killed { at },
        _ => bail!("drop status {code} with killed_at {killed_at:?} is not known"),
    })
}

fn format_code(format: Format) -> i64 {
    match format {
        Format::FirstCome => 0,
    }
}

fn format_of(code: i64) -> Result<Format> {
    Ok(match code {
        0 => Format::FirstCome,
        _ => bail!("drop format {code} is not known"),
    })
}
