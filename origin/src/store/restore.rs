//! What a start reads back: the orders that still count, and the tokens that may still be used.
//!
//! A million orders are read by two connections at once, because reading a row costs more than keeping it.

use std::path::Path;
use std::thread;

use anyhow::{Result, anyhow};
use domain::{DropId, DropState, Jti, Millis, OrderCode, Pending, Sid, Sub};
use libsql::Row;

use super::drops;
use super::entry::Listing;
use super::sqlite::{Db, bytes};

/// Every drop. The orders of a drop that is done with stay on disk.
pub(crate) fn drops(db: &Db, file: &Path, now: Millis) -> Result<Vec<(Listing, DropState)>> {
    let mut drops: Vec<(Listing, DropState)> = Vec::new();
    for stored in drops::all(db)? {
        let terms = stored.listing.terms.clone();
        drops.push((stored.listing, DropState::restored(terms, stored.status, stored.stock, now)));
    }
    let mut live: Vec<_> = drops.iter_mut().filter(|(_, state)| !state.is_done(now)).collect();
    let first = live.iter().map(|(listing, _)| listing.first_order_code.0.cast_signed()).min();
    if let (Some(first), Some(last)) = (first, last_order_code(db)?) {
        let middle = first + (last - first).max(0) / 2;
        thread::scope(|scope| {
            let later = scope.spawn(|| {
                let (db, mut later) = (Db::open_for_read(file)?, Vec::new());
                orders(&db, middle, i64::MAX, |order| later.push(order))?;
                Ok::<_, anyhow::Error>(later)
            });
            orders(db, first, middle, |order| order.restore(&mut live))?;
            let later = later.join().map_err(|_| anyhow!("the thread that read orders panicked"))??;
            later.into_iter().for_each(|order| order.restore(&mut live));
            Ok::<_, anyhow::Error>(())
        })?;
    }
    Ok(drops)
}

/// An order that counts: pending, or paid for.
struct Counting {
    drop: DropId,
    sub: Sub,
    is: Is,
}

enum Is {
    Pending(Pending),
    Bought(u32),
}

impl Counting {
    fn read(row: &Row) -> Result<Self> {
        let (drop, sub, quantity) = (DropId(row.get(1)?), Sub(bytes(row, 6)?), row.get(3)?);
        if row.get::<i64>(2)? != 0 {
            return Ok(Self { drop, sub, is: Is::Bought(quantity) });
        }
        let order = OrderCode(row.get::<i64>(0)?.cast_unsigned());
        let mut pending = Pending::new(order, Sid(bytes(row, 7)?), quantity, Millis(row.get(5)?));
        pending.money_applied = row.get::<i64>(4)? > 0;
        Ok(Self { drop, sub, is: Is::Pending(pending) })
    }

    /// Into its drop, if that is among the live ones, which are by id.
    fn restore(self, live: &mut [&mut (Listing, DropState)]) {
        let Ok(index) = live.binary_search_by_key(&self.drop, |(_, state)| state.id()) else {
            return;
        };
        let state = &mut live[index].1;
        match self.is {
            Is::Pending(pending) => state.restore_pending(self.sub, pending),
            Is::Bought(quantity) => state.restore_bought(self.sub, quantity),
        }
    }
}

/// Pending and paid orders from the code `from` to before `to`, ascending.
fn orders(db: &Db, from: i64, to: i64, mut each: impl FnMut(Counting)) -> Result<()> {
    let select = db.prepare(
        "SELECT order_code, drop_id, state, quantity, applied, pay_by, sub, sid FROM orders
         WHERE order_code >= ? AND order_code < ? AND state <= 2 ORDER BY order_code",
    )?;
    select.each((from, to), |row| {
        each(Counting::read(row)?);
        Ok(())
    })
}

pub(crate) fn last_order_code(db: &Db) -> Result<Option<i64>> {
    let last = db.prepare("SELECT order_code FROM orders ORDER BY order_code DESC LIMIT 1")?;
    last.first((), |row| Ok(row.get(0)?))
}

/// Gives the tokens of orders placed since `since`, by ascending code, so that a token used before a restart is known
/// after it.
pub(crate) fn tokens(file: &Path, since: Millis, mut each: impl FnMut(Jti, OrderCode)) -> Result<()> {
    let db = Db::open_for_read(file)?;
    let Some(first) = first_order_since(&db, since)? else {
        return Ok(());
    };
    let select = db.prepare("SELECT order_code, jti FROM orders WHERE order_code >= ? ORDER BY order_code")?;
    select.each([first], |row| {
        each(Jti(bytes(row, 1)?), OrderCode(row.get::<i64>(0)?.cast_unsigned()));
        Ok(())
    })
}

/// Codes ascend with time, so halving the range of codes finds the place without an index.
fn first_order_since(db: &Db, since: Millis) -> Result<Option<i64>> {
    let next =
        db.prepare("SELECT order_code, ordered_at FROM orders WHERE order_code >= ? ORDER BY order_code LIMIT 1")?;
    let next = |code: i64| next.first([code], |row| Ok((row.get::<i64>(0)?, Millis(row.get(1)?))));
    let (mut from, mut to) = (0, last_order_code(db)?.map_or(0, |last| last + 1));
    while from < to {
        let middle = from + (to - from) / 2;
        match next(middle)? {
            Some((code, ordered_at)) if ordered_at < since => from = code + 1,
            Some(_) | None => to = middle,
        }
    }
    Ok(next(from)?.map(|(code, _)| code))
}
