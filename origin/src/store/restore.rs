//! What a start reads back: the orders that still count, and the tokens that may still be used.
//!
//! A million orders are read by one thread while another keeps what was read.

use std::path::Path;
use std::sync::mpsc::{self, SyncSender};
use std::thread;

use anyhow::{Context, Result, anyhow};
use domain::{DropId, DropState, Jti, OrderCode, OrderRecord, Pending, Sub, Timestamp};
use ledger::Listing;
use libsql::Row;

use super::drops;
use super::ledger::first_since;
use super::orders::{FACTS, first_placed_from, placed_as};
use super::sqlite::Db;

/// Orders handed over at once: enough to make handing over cheap.
const CHUNK: usize = 1_024;
/// Chunks that may wait to be kept. More would only hold memory that a start gives back late.
const CHUNKS_AHEAD: usize = 8;

/// Every drop. The orders of a drop that is done with stay on disk. `token` gets the token of each order that was placed
/// since `tokens_since`, by ascending code, so that a token used before a restart is known after it.
pub(crate) fn drops(
    db: &Db,
    file: &Path,
    now: Timestamp,
    tokens_since: Timestamp,
    mut token: impl FnMut(Jti, OrderCode),
) -> Result<Vec<(Listing, DropState)>> {
    let mut drops: Vec<(Listing, DropState)> = Vec::new();
    for stored in drops::all(db)? {
        let terms = stored.listing.terms.clone();
        drops.push((stored.listing, DropState::restored(terms, stored.status, stored.stock, now)));
    }
    let mut live: Vec<_> = drops.iter_mut().filter(|(_, state)| !state.is_done(now)).collect();
    let first_live = live.iter().map(|(listing, _)| listing.first_order_code).min();
    let recent = first_since(db, tokens_since)?;
    let first = first_live.into_iter().chain(first_placed_from(db, recent)?).min();
    let Some(first) = first else { return Ok(drops) };
    thread::scope(|scope| {
        let (chunks, read) = mpsc::sync_channel::<Vec<Known>>(CHUNKS_AHEAD);
        let reading = scope.spawn(move || orders(&Db::open_for_read(file)?, first, recent, &chunks));
        read.into_iter().flatten().for_each(|order| order.restore(&mut live, &mut token));
        reading.join().map_err(|_| anyhow!("the thread that read orders panicked"))?
    })?;
    Ok(drops)
}

/// An order that counts, or whose token does.
struct Known {
    drop: DropId,
    sub: Sub,
    token: Option<(Jti, OrderCode)>,
    is: Is,
}

enum Is {
    Pending(Pending),
    Bought(u32),
    Over,
}

impl Known {
    fn read(row: &Row, recent: i64) -> Result<Self> {
        let order = OrderCode(row.get::<i64>(0)?.cast_unsigned());
        let OrderRecord { drop, sub, sid, jti, quantity, .. } = placed_as(order, row, 5)?;
        let is = match row.get::<i64>(2)? {
            0 => {
                let mut pending = Pending::new(order, sid, quantity, Timestamp(row.get(4)?));
                pending.money_applied = row.get::<i64>(3)? > 0;
                Is::Pending(pending)
            }
            1 | 2 => Is::Bought(quantity),
            _ => Is::Over,
        };
        let token = (row.get::<i64>(1)? >= recent).then_some((jti, order));
        Ok(Self { drop, sub, token, is })
    }

    /// Into its drop, if that is among the live ones, which are by id.
    fn restore(self, live: &mut [&mut (Listing, DropState)], token: &mut impl FnMut(Jti, OrderCode)) {
        if let Some((jti, order)) = self.token {
            token(jti, order);
        }
        let Ok(index) = live.binary_search_by_key(&self.drop, |(_, state)| state.id()) else {
            return;
        };
        let state = &mut live[index].1;
        match self.is {
            Is::Pending(pending) => state.restore_pending(self.sub, pending),
            Is::Bought(quantity) => state.restore_bought(self.sub, quantity),
            Is::Over => {}
        }
    }
}

/// Sends the orders from the code `first` on, ascending: pending or paid ones, and whichever the ledger's row `recent` or a
/// later one placed.
fn orders(db: &Db, first: OrderCode, recent: i64, chunks: &SyncSender<Vec<Known>>) -> Result<()> {
    // Both tables ascend: with the orders outside, the ledger is read from one row to the next.
    let select = db.prepare(&format!(
        "SELECT order_code, placed, state, applied, pay_by, {FACTS}
         FROM orders CROSS JOIN ledger ON ledger.seq = orders.placed
         WHERE order_code >= ? AND (state <= 2 OR placed >= ?) ORDER BY order_code"
    ))?;
    let mut chunk = Vec::with_capacity(CHUNK);
    let send = |chunk| chunks.send(chunk).context("the thread that keeps orders panicked");
    select.each((first.0.cast_signed(), recent), |row| {
        chunk.push(Known::read(row, recent)?);
        if chunk.len() == CHUNK {
            send(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK)))?;
        }
        Ok(())
    })?;
    send(chunk)
}

pub(crate) fn last_order_code(db: &Db) -> Result<Option<i64>> {
    let last = db.prepare("SELECT order_code FROM orders ORDER BY order_code DESC LIMIT 1")?;
    last.first((), |row| Ok(row.get(0)?))
}
