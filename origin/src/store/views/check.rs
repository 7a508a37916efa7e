//! Holds the view against the ledger and the sale's tables: each order is replayed from its rows of the ledger, and every
//! sum is made again. Memory does not grow with the orders.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use domain::{OrderCode, OrderRecord};
use ledger::Fact;

use super::order::Money;
use super::page::orders_of;
use super::revenue::{Line, RevenueQuery, Sums, lines};
use super::views_file;
use crate::store::ReadStore;
use crate::store::migrate::{self, VIEWS};
use crate::store::sqlite::{Db, Statement, bytes};

const PAGE_ROWS: u32 = 1_000;
/// Orders that rows after the view's last changed are kept in memory. A view further behind is still being filled.
const BEHIND_ROWS_MAX: i64 = 1_000_000;

pub struct Checked {
    pub orders: u64,
    /// Rows that the view has read.
    pub rows: i64,
    /// Orders that later rows changed: their own figures are not compared.
    pub behind: usize,
    pub differences: u64,
}

/// Gives each difference to `tell`.
pub fn check_history(folder: &Path, tell: &mut dyn FnMut(&str)) -> Result<Checked> {
    let file = views_file(folder);
    let views = Db::open_for_read(&file)?;
    migrate::require_current(&views, VIEWS).with_context(|| format!("{} cannot be compared", file.display()))?;
    // The view first: what it has read, the sale has then, too.
    let end = views.prepare("END")?;
    views.batch("BEGIN")?;
    let place = views.prepare("SELECT seq, hash FROM fed")?;
    let place = place.first((), |row| Ok((row.get::<i64>(0)?, bytes::<32>(row, 1)?)))?;
    let (place, hash) = place.context("the view does not say how far it has read")?;
    let sale = ReadStore::open(folder)?;
    let checked = sale.at_one_moment(|sale| {
        ensure!(
            place == 0 || sale.ledger_hash(place)? == Some(hash),
            "the view has read another ledger: start `dropgate serve` once, which makes it anew"
        );
        let mut differences = 0;
        let mut tell = |difference: String| {
            differences += 1;
            tell(&difference);
        };
        let behind = check_rows(&views, sale, place, &mut tell)?;
        let (orders, sums) = Orders::prepare(&views)?.check(sale, &behind, &mut tell)?;
        check_sums(&views, sums, &mut tell)?;
        Ok(Checked { orders, rows: place, behind: behind.len(), differences })
    });
    end.execute(())?;
    checked
}

/// Every row of the ledger stands with its orders, and nothing else does. The orders that later rows changed.
fn check_rows(views: &Db, sale: &ReadStore, place: i64, tell: &mut impl FnMut(String)) -> Result<BTreeSet<OrderCode>> {
    let stands = views.prepare("SELECT 1 FROM order_rows WHERE order_code = ? AND seq = ?")?;
    let order_is_there = views.prepare("SELECT 1 FROM orders WHERE order_code = ?")?;
    let (mut after, mut count, mut behind) = (0, 0, BTreeSet::new());
    loop {
        let rows = sale.ledger_after(after, PAGE_ROWS)?;
        let Some(last) = rows.last() else { break };
        after = last.seq;
        ensure!(after - place <= BEHIND_ROWS_MAX, "the view is too far behind: `dropgate views show` tells how far");
        for row in rows {
            for order in orders_of(sale, &row.entry.fact)? {
                let code = order.0.cast_signed();
                if row.seq > place {
                    behind.insert(order);
                    continue;
                }
                count += 1;
                if stands.first((code, row.seq), |_| Ok(()))?.is_none() {
                    tell(format!("order {order}: the view lacks row {} of the ledger", row.seq));
                }
                let placed = matches!(row.entry.fact, Fact::Sale(domain::Event::OrderPlaced { .. }));
                if placed && order_is_there.first([code], |_| Ok(()))?.is_none() {
                    tell(format!("order {order}: the view lacks it"));
                }
            }
        }
    }
    let stored: i64 = views.value("SELECT count(*) FROM order_rows")?;
    if stored != count {
        tell(format!("the view has {stored} rows of orders, and the ledger {count}"));
    }
    Ok(behind)
}

type AllSums = BTreeMap<Line, Sums>;

struct Orders {
    page: Statement,
    rows: Statement,
}

/// An order as the view has it.
struct Seen {
    order: OrderCode,
    line: Line,
    state: String,
    quantity: i64,
    amount: i64,
    money: Money,
}

impl Orders {
    fn prepare(views: &Db) -> Result<Self> {
        Ok(Self {
            page: views.prepare(
                "SELECT order_code, ordered_at, region, drop_id, state, quantity, amount, gross, refunded FROM orders
                 WHERE order_code > ? ORDER BY order_code LIMIT ?",
            )?,
            rows: views.prepare("SELECT seq FROM order_rows WHERE order_code = ? ORDER BY seq")?,
        })
    }

    /// Compares every order, and sums up what they count for by the ledger.
    fn check(
        &self,
        sale: &ReadStore,
        behind: &BTreeSet<OrderCode>,
        tell: &mut impl FnMut(String),
    ) -> Result<(u64, AllSums)> {
        let (mut count, mut after, mut all) = (0, -1, AllSums::new());
        loop {
            let page = self.page.rows((after, PAGE_ROWS), |row| {
                let (year, month) = edge_protocol::vietnam_time::month(domain::Timestamp(row.get(1)?));
                Ok(Seen {
                    order: OrderCode(row.get::<i64>(0)?.cast_unsigned()),
                    line: Line { year, month, region: row.get(2)?, drop: row.get(3)? },
                    state: row.get(4)?,
                    quantity: row.get(5)?,
                    amount: row.get(6)?,
                    money: Money { gross: row.get(7)?, refunded: row.get(8)? },
                })
            })?;
            let Some(last) = page.last() else { return Ok((count, all)) };
            after = last.order.0.cast_signed();
            for seen in page {
                count += 1;
                let (line, sums) = if behind.contains(&seen.order) {
                    let sums = Sums::of(&seen.state, seen.quantity, seen.money);
                    (seen.line, sums)
                } else {
                    let Some(record) = self.replayed(sale, seen.order)? else {
                        tell(format!("order {}: no row of the ledger placed it", seen.order));
                        continue;
                    };
                    compare(&seen, &record, "the ledger", tell);
                    match sale.load_order(seen.order)? {
                        Some(stored) => compare(&seen, &stored.record, "sale.db", tell),
                        None => tell(format!("order {}: sale.db lacks it", seen.order)),
                    }
                    let quantity = i64::from(record.quantity);
                    (Line::of(&record), Sums::of(record.state.as_str(), quantity, Money::of(&record)))
                };
                if sums != Sums::default() {
                    let total = all.entry(line).or_default();
                    *total = total.plus(sums);
                }
            }
        }
    }

    /// The order as its rows of the ledger make it.
    fn replayed(&self, sale: &ReadStore, order: OrderCode) -> Result<Option<OrderRecord>> {
        let mut record: Option<OrderRecord> = None;
        for seq in self.rows.rows([order.0.cast_signed()], |row| Ok(row.get::<i64>(0)?))? {
            let Some(row) = sale.ledger_after(seq - 1, 1)?.into_iter().next() else { continue };
            let (Fact::Sale(event), Some(drop)) = (&row.entry.fact, row.entry.drop) else { continue };
            match &mut record {
                Some(record) => record.evolve(event, row.at),
                None => record = OrderRecord::placed(drop, event, row.at).filter(|record| record.order == order),
            }
        }
        Ok(record)
    }
}

fn compare(seen: &Seen, record: &OrderRecord, whose: &str, tell: &mut impl FnMut(String)) {
    let Line { year, month, region, drop } = Line::of(record);
    let (money, order) = (Money::of(record), seen.order);
    for (what, in_view, elsewhere) in [
        ("gross", seen.money.gross, money.gross),
        ("refunded", seen.money.refunded, money.refunded),
        ("amount", seen.amount, record.amount.get()),
        ("quantity", seen.quantity, i64::from(record.quantity)),
        ("drop", seen.line.drop, drop),
        ("year", seen.line.year, year),
        ("month", seen.line.month, month),
    ] {
        if in_view != elsewhere {
            tell(format!("order {order}: {what} is {in_view} in the view and {elsewhere} in {whose}"));
        }
    }
    for (what, in_view, elsewhere) in
        [("state", &*seen.state, record.state.as_str()), ("region", &*seen.line.region, &*region)]
    {
        if in_view != elsewhere {
            tell(format!("order {order}: {what} is {in_view} in the view and {elsewhere} in {whose}"));
        }
    }
}

fn check_sums(views: &Db, mut expected: AllSums, tell: &mut impl FnMut(String)) -> Result<()> {
    for (line, stored) in lines(views, RevenueQuery::default(), u32::MAX)? {
        let computed = expected.remove(&line).unwrap_or_default();
        compare_sums(&line, stored, computed, tell);
    }
    for (line, computed) in expected {
        compare_sums(&line, Sums::default(), computed, tell);
    }
    Ok(())
}

fn compare_sums(line: &Line, stored: Sums, computed: Sums, tell: &mut impl FnMut(String)) {
    let Line { year, month, region, drop } = line;
    for (what, stored, computed) in [
        ("orders are", stored.orders, computed.orders),
        ("units are", stored.units, computed.units),
        ("gross is", stored.gross, computed.gross),
        ("refunded is", stored.refunded, computed.refunded),
    ] {
        if stored != computed {
            tell(format!(
                "{year}-{month:02} {region} drop {drop}: {what} {stored} in the view and {computed} computed"
            ));
        }
    }
}
