//! What paid orders brought, by the month in Vietnam in which they were ordered, by region and drop.

use anyhow::Result;
use domain::{DropId, OrderRecord, Region};
use edge_protocol::vietnam_time;
use libsql::{Value, params};

use super::ViewStore;
use super::order::Money;
use crate::store::sqlite::{Db, Statement};

/// Where an order is counted, for good.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    pub year: i64,
    pub month: i64,
    pub region: String,
    pub drop: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub orders: i64,
    pub units: i64,
    pub gross: i64,
    pub refunded: i64,
}

/// What is asked for; everything where nothing is said.
#[derive(Clone, Copy, Default)]
pub(crate) struct RevenueQuery {
    pub year: Option<i64>,
    pub region: Option<Region>,
    pub drop: Option<DropId>,
}

impl Line {
    pub(super) fn of(record: &OrderRecord) -> Self {
        let (year, month) = vietnam_time::month(record.ordered_at);
        Self { year, month, region: record.region.as_str().to_owned(), drop: i64::from(record.drop.0) }
    }
}

impl Sums {
    /// What one order counts for.
    pub(super) fn of(state: &str, quantity: i64, money: Money) -> Self {
        match state {
            "paid" => Self { orders: 1, units: quantity, gross: money.gross, refunded: money.refunded },
            _ => Self::default(),
        }
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self {
            orders: self.orders - other.orders,
            units: self.units - other.units,
            gross: self.gross - other.gross,
            refunded: self.refunded - other.refunded,
        }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        self.minus(Self::default().minus(other))
    }
}

pub(super) struct Lines {
    add: Statement,
    begin: Statement,
    end: Statement,
}

impl Lines {
    pub(super) fn prepare(db: &Db) -> Result<Self> {
        Ok(Self {
            add: db.prepare(
                "UPDATE revenue SET orders = orders + ?, units = units + ?, gross = gross + ?, refunded = refunded + ?
                 WHERE year = ? AND month = ? AND region = ? AND drop_id = ?",
            )?,
            begin: db.prepare("INSERT INTO revenue VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?,
            end: db.prepare(
                "DELETE FROM revenue WHERE year = ? AND month = ? AND region = ? AND drop_id = ? AND orders = 0",
            )?,
        })
    }

    pub(super) fn add(&self, line: &Line, change: Sums) -> Result<()> {
        if change == Sums::default() {
            return Ok(());
        }
        let Line { year, month, region, drop } = line;
        let Sums { orders, units, gross, refunded } = change;
        let (year, month, drop) = (*year, *month, *drop);
        let region = region.as_str();
        if self.add.execute(params![orders, units, gross, refunded, year, month, region, drop])? == 0 {
            self.begin.execute(params![year, month, region, drop, orders, units, gross, refunded])?;
        } else if orders < 0 {
            self.end.execute(params![year, month, region, drop])?;
        }
        Ok(())
    }
}

impl ViewStore {
    /// By year, month, region and drop, at most `max` lines.
    pub(crate) fn revenue(&self, query: RevenueQuery, max: u32) -> Result<Vec<(Line, Sums)>> {
        lines(&self.db, query, max)
    }
}

pub(super) fn lines(db: &Db, query: RevenueQuery, max: u32) -> Result<Vec<(Line, Sums)>> {
    let (mut conditions, mut values) = (String::new(), Vec::new());
    let region = query.region.map(|region| Value::from(region.as_str().to_owned()));
    let drop = query.drop.map(|drop| Value::from(i64::from(drop.0)));
    for (column, value) in [("year", query.year.map(Value::from)), ("region", region), ("drop_id", drop)] {
        if let Some(value) = value {
            conditions.push_str(if values.is_empty() { "WHERE " } else { " AND " });
            conditions.push_str(&format!("{column} = ?"));
            values.push(value);
        }
    }
    values.push(Value::from(i64::from(max)));
    let select = db.prepare(&format!(
        "SELECT year, month, region, drop_id, orders, units, gross, refunded FROM revenue {conditions}
         ORDER BY year, month, region, drop_id LIMIT ?"
    ))?;
    select.rows(values, |row| {
        let line = Line { year: row.get(0)?, month: row.get(1)?, region: row.get(2)?, drop: row.get(3)? };
        let sums = Sums { orders: row.get(4)?, units: row.get(5)?, gross: row.get(6)?, refunded: row.get(7)? };
        Ok((line, sums))
    })
}
