//! What a start reads back: the pending and paid orders of live drops, and the tokens that shoppers may still use.
//!
//! One thread reads the orders while another puts them into their drops: there may be a million.

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

/// Orders that one thread hands to the other at once: enough to make that cheap.
const CHUNK: usize = 1_024;
/// Chunks that may wait for the second thread. More would hold memory for no gain.
const CHUNKS_AHEAD: usize = 8;

/// Reads every drop. The orders of a drop that is past its late-payment window stay on disk. `token` gets the token of
/// each order that was placed since `tokens_since`, by ascending code, so that the writer knows after a restart which
/// tokens were used before it.
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
        let (chunks, read) = mpsc::sync_channel::<Vec<RestoredOrder>>(CHUNKS_AHEAD);
        let reading = scope.spawn(move || orders(&Db::open_for_read(file)?, first, recent, &chunks));
        read.into_iter().flatten().for_each(|order| order.restore(&mut live, &mut token));
        reading.join().map_err(|_| anyhow!("the thread that read orders panicked"))?
    })?;
    Ok(drops)
}

/// An order that a drop counts, or whose token may still be used.
struct RestoredOrder {
    drop: DropId,
    sub: Sub,
    token: Option<(Jti, OrderCode)>,
    state: RestoredState,
}

enum RestoredState {
    Pending(Pending),
    Bought(u32),
    Ended,
}

impl RestoredOrder {
    fn read(row: &Row, recent: i64) -> Result<Self> {
        let order = OrderCode(row.get::<i64>(0)?.cast_unsigned());
        let OrderRecord { drop, sub, sid, jti, quantity, .. } = placed_as(order, row, 5)?;
        let state = match row.get::<i64>(2)? {
            0 => {
                let mut pending = Pending::new(order, sid, quantity, Timestamp(row.get(4)?));
                pending.money_applied = row.get::<i64>(3)? > 0;
                RestoredState::Pending(pending)
            }
            1 | 2 => RestoredState::Bought(quantity),
            _ => RestoredState::Ended,
        };
        let token = (row.get::<i64>(1)? >= recent).then_some((jti, order));
        Ok(Self { drop, sub, token, state })
    }

    /// Puts the order into its drop, if that is among the live ones. `live` ascends by drop id.
    fn restore(self, live: &mut [&mut (Listing, DropState)], token: &mut impl FnMut(Jti, OrderCode)) {
        if let Some((jti, order)) = self.token {
            token(jti, order);
        }
        let Ok(index) = live.binary_search_by_key(&self.drop, |(_, state)| state.id()) else {
            return;
        };
        let drop = &mut live[index].1;
        match self.state {
            RestoredState::Pending(pending) => drop.restore_pending(self.sub, pending),
            RestoredState::Bought(quantity) => drop.restore_bought(self.sub, quantity),
            RestoredState::Ended => {}
        }
    }
}

/// Sends orders by ascending code from `first` on: pending and paid orders, and every order that the ledger row
/// `recent` or a later row placed.
fn orders(db: &Db, first: OrderCode, recent: i64, chunks: &SyncSender<Vec<RestoredOrder>>) -> Result<()> {
    // Both tables ascend. With the orders in the outer loop, SQLite reads the ledger from one row to the next.
    let select = db.prepare(&format!(
        "SELECT order_code, placed, state, applied, pay_by, {FACTS}
         FROM orders CROSS JOIN ledger ON ledger.seq = orders.placed
         WHERE order_code >= ? AND (state <= 2 OR placed >= ?) ORDER BY order_code"
    ))?;
    let mut chunk = Vec::with_capacity(CHUNK);
    let send = |chunk| chunks.send(chunk).context("the thread that puts orders into drops panicked");
    select.each((first.0.cast_signed(), recent), |row| {
        chunk.push(RestoredOrder::read(row, recent)?);
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
