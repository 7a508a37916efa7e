//! Finding orders. A search walks one index, the newest orders first, and looks at a bounded number of them: whatever is
//! asked, an answer takes milliseconds, and a page that ends early says where to go on.

use std::ops::ControlFlow;

use anyhow::Result;
use domain::{DropId, OrderCode, Region, Timestamp};
use libsql::Value;

use super::ViewStore;
use crate::store::sqlite::Db;

/// Orders looked at for one page, and counted at most.
pub(crate) const LOOKED_MAX: u32 = 10_000;
/// Different words with one beginning. More are too little to go by.
const WORDS_MAX: usize = 200;

/// What is looked for. Every part that is given must fit.
#[derive(Clone, Default)]
pub(crate) struct OrderQuery {
    pub order: Option<OrderCode>,
    /// E.164.
    pub phone: Option<String>,
    /// As [`super::email_key`] writes it.
    pub email: Option<String>,
    /// As [`super::words`] folds them: each begins a word of the name.
    pub name: Vec<String>,
    pub drop: Option<DropId>,
    pub product: Option<i64>,
    /// As [`domain::OrderState::as_str`] says it.
    pub state: Option<&'static str>,
    pub region: Option<Region>,
    pub amount_min: Option<i64>,
    pub amount_max: Option<i64>,
    pub from: Option<Timestamp>,
    /// Orders of before this moment.
    pub to: Option<Timestamp>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The newest first.
    pub orders: Vec<OrderCode>,
    /// Where the next page begins: orders of before this one. `None` when there are no more.
    pub next: Option<OrderCode>,
    /// Only with a first page.
    pub total: Option<Total>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Total {
    pub count: u32,
    /// There may be more: only so many orders are looked at.
    pub or_more: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SearchRefused {
    /// Too many words begin with this one.
    TooShort(String),
}

impl OrderQuery {
    /// Whether it asks by what a buyer entered.
    pub(crate) fn is_personal(&self) -> bool {
        self.phone.is_some() || self.email.is_some() || !self.name.is_empty()
    }
}

impl ViewStore {
    /// Orders of before `before`, at most `max`.
    pub(crate) fn find(
        &self,
        query: &OrderQuery,
        before: Option<OrderCode>,
        max: u32,
    ) -> Result<Result<Found, SearchRefused>> {
        let none = |total| Ok(Ok(Found { orders: Vec::new(), next: None, total }));
        let nothing = before.is_none().then_some(Total { count: 0, or_more: false });
        let walk = match Walk::of(&self.db, query)? {
            Planned::Walk(walk) => walk,
            Planned::Nothing => return none(nothing),
            Planned::Refused(refused) => return Ok(Err(refused)),
        };
        let (orders, next) = walk.page(&self.db, before, max)?;
        let total = match (before, next) {
            (Some(_), _) => None,
            // The page ended before all was looked at, so that the rest has to be counted.
            (None, Some(_)) if orders.len() == max as usize => Some(walk.total(&self.db)?),
            (None, next) => Some(Total { count: u32::try_from(orders.len())?, or_more: next.is_some() }),
        };
        Ok(Ok(Found { orders, next, total }))
    }

    /// How SQLite would carry a search out.
    #[cfg(test)]
    pub(crate) fn plan(&self, query: &OrderQuery) -> Result<Vec<String>> {
        let Planned::Walk(walk) = Walk::of(&self.db, query)? else { return Ok(Vec::new()) };
        let (mut lines, last) = (Vec::new(), Value::from(i64::MAX));
        for sql in [walk.page_sql(), walk.total_sql()] {
            let plan = self.db.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            lines.extend(plan.rows(walk.values_before(last.clone()), |row| Ok(row.get::<String>(3)?))?);
        }
        Ok(lines)
    }
}

enum Planned {
    Walk(Walk),
    Nothing,
    Refused(SearchRefused),
}

/// One index and what is asked of each order in it. `?1` is the order code below which it begins, `?2` the lowest one.
struct Walk {
    from: &'static str,
    /// The column of `from` that is the order code.
    code: &'static str,
    /// What the index answers.
    seeks: Vec<String>,
    /// What each order is asked.
    tests: Vec<String>,
    /// From `?2` on.
    values: Vec<Value>,
    below: i64,
}

impl Walk {
    fn of(db: &Db, query: &OrderQuery) -> Result<Planned> {
        let Some((lowest, below)) = codes_between(db, query)? else { return Ok(Planned::Nothing) };
        let mut walk = Self {
            from: "orders",
            code: "orders.order_code",
            seeks: Vec::new(),
            tests: Vec::new(),
            values: vec![Value::from(lowest)],
            below,
        };
        let by_name = query.order.is_none() && query.phone.is_none() && query.email.is_none();
        if by_name && !query.name.is_empty() {
            match names_that_begin(db, &query.name)? {
                Ok(Some(matched)) => {
                    let place = walk.value(matched);
                    (walk.from, walk.code) = ("names CROSS JOIN orders", "names.rowid");
                    walk.seeks.push(format!("names MATCH {place} AND orders.order_code = names.rowid"));
                }
                Ok(None) => return Ok(Planned::Nothing),
                Err(refused) => return Ok(Planned::Refused(refused)),
            }
        } else {
            for word in &query.name {
                let place = walk.value(format!(" {word}"));
                walk.tests.push(format!("instr(' ' || orders.name, {place}) > 0"));
            }
        }
        walk.add_columns(query);
        Ok(Planned::Walk(walk))
    }

    /// The first of these columns that is asked for leads, unless a name does; the others are asked of each order.
    fn add_columns(&mut self, query: &OrderQuery) {
        let exact = query.amount_min.filter(|_| query.amount_min == query.amount_max);
        let text = |text: &str| Value::from(text.to_owned());
        let columns = [
            ("orders", "order_code", query.order.map(|order| Value::from(order.0.cast_signed()))),
            ("orders INDEXED BY orders_by_phone", "phone", query.phone.as_deref().map(text)),
            ("orders INDEXED BY orders_by_email", "email", query.email.as_deref().map(text)),
            ("orders INDEXED BY orders_by_amount", "amount", exact.map(Value::from)),
            ("orders INDEXED BY orders_by_drop", "drop_id", query.drop.map(|drop| Value::from(i64::from(drop.0)))),
            ("orders INDEXED BY orders_by_product", "product_id", query.product.map(Value::from)),
            ("orders INDEXED BY orders_by_state", "state", query.state.map(text)),
            ("orders INDEXED BY orders_by_region", "region", query.region.map(|region| text(region.as_str()))),
        ];
        for (from, column, value) in columns {
            let Some(value) = value else { continue };
            let place = self.value(value);
            let condition = format!("orders.{column} = {place}");
            if self.seeks.is_empty() {
                self.from = from;
                self.seeks.push(condition);
            } else {
                self.tests.push(condition);
            }
        }
        if exact.is_none() {
            for (comparison, amount) in [(">=", query.amount_min), ("<=", query.amount_max)] {
                if let Some(amount) = amount {
                    let place = self.value(amount);
                    self.tests.push(format!("orders.amount {comparison} {place}"));
                }
            }
        }
    }

    /// Its place in the statement.
    fn value(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len() + 1)
    }

    fn values_before(&self, below: Value) -> Vec<Value> {
        [below].into_iter().chain(self.values.iter().cloned()).collect()
    }

    fn fits(&self) -> String {
        if self.tests.is_empty() { "1".to_owned() } else { format!("coalesce({}, 0)", self.tests.join(" AND ")) }
    }

    fn walked(&self, max: u32) -> String {
        let Self { from, code, seeks, .. } = self;
        let seeks: String = seeks.iter().map(|seek| format!("{seek} AND ")).collect();
        format!("FROM {from} WHERE {seeks}{code} < ?1 AND {code} >= ?2 ORDER BY {code} DESC LIMIT {max}")
    }

    fn page_sql(&self) -> String {
        format!("SELECT {}, {} {}", self.code, self.fits(), self.walked(LOOKED_MAX))
    }

    fn total_sql(&self) -> String {
        let (fits, walked) = (self.fits(), self.walked(LOOKED_MAX + 1));
        format!("SELECT count(*), coalesce(sum(fits), 0) FROM (SELECT {fits} AS fits {walked})")
    }

    fn page(&self, db: &Db, before: Option<OrderCode>, max: u32) -> Result<(Vec<OrderCode>, Option<OrderCode>)> {
        let below = before.map_or(self.below, |before| self.below.min(before.0.cast_signed()));
        let (mut orders, mut looked, mut next) = (Vec::new(), 0, None);
        let select = db.prepare(&self.page_sql())?;
        select.each_until(self.values_before(Value::from(below)), |row| {
            let order = OrderCode(row.get::<i64>(0)?.cast_unsigned());
            if row.get::<i64>(1)? != 0 {
                if orders.len() == max as usize {
                    next = orders.last().copied();
                    return Ok(ControlFlow::Break(()));
                }
                orders.push(order);
            }
            looked += 1;
            next = (looked == LOOKED_MAX).then_some(order);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok((orders, next))
    }

    fn total(&self, db: &Db) -> Result<Total> {
        let select = db.prepare(&self.total_sql())?;
        let counted = select
            .first(self.values_before(Value::from(self.below)), |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)))?;
        let (looked, fit) = counted.unwrap_or_default();
        let or_more = looked > i64::from(LOOKED_MAX);
        Ok(Total { count: u32::try_from(fit)?.min(LOOKED_MAX), or_more })
    }
}

/// The lowest code of the time that is asked for, and the one below which it ends; `None` when it has no order. Codes
/// ascend with time.
fn codes_between(db: &Db, query: &OrderQuery) -> Result<Option<(i64, i64)>> {
    let first = db.prepare(
        "SELECT order_code FROM orders INDEXED BY orders_by_time WHERE ordered_at >= ? ORDER BY ordered_at, order_code
         LIMIT 1",
    )?;
    let first_from = |at: Timestamp| first.first([at.0], |row| Ok(row.get::<i64>(0)?));
    let lowest = match query.from {
        None => 0,
        Some(from) => match first_from(from)? {
            None => return Ok(None),
            Some(lowest) => lowest,
        },
    };
    let below = match query.to {
        None => i64::MAX,
        Some(to) => first_from(to)?.unwrap_or(i64::MAX),
    };
    Ok(Some((lowest, below)))
}

/// What the index of names is asked for: for each of `beginnings` one of the words that begin with it. Whole words give
/// their orders by age; the index would have to collect all orders of a beginning first. `None` when no name fits.
fn names_that_begin(db: &Db, beginnings: &[String]) -> Result<Result<Option<String>, SearchRefused>> {
    let words = db.prepare("SELECT word FROM words WHERE word >= ? AND word < ? ORDER BY word LIMIT ?")?;
    let mut all = Vec::new();
    for beginning in beginnings {
        let end = format!("{beginning}{}", char::MAX);
        let max = WORDS_MAX as i64 + 1;
        let found: Vec<String> = words.rows((beginning.as_str(), end, max), |row| Ok(row.get(0)?))?;
        if found.is_empty() {
            return Ok(Ok(None));
        }
        if found.len() > WORDS_MAX {
            return Ok(Err(SearchRefused::TooShort(beginning.clone())));
        }
        // Words are letters and digits alone, so none ends its quotes.
        let found: Vec<String> = found.iter().map(|word| format!("\"{word}\"")).collect();
        all.push(format!("({})", found.join(" OR ")));
    }
    Ok(Ok(Some(all.join(" AND "))))
}
