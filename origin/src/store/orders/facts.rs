//! What never changes of an order. Its row does not repeat it: the ledger row that placed it has it.

use anyhow::{Result, bail, ensure};
use domain::{BuyerCommit, DropId, Event, Jti, Millis, OrderCode, RegionCode, Sid, Sub, Vnd};
use libsql::Row;

use crate::store::entry::{Entry, Fact, ORDER_PLACED};

/// The columns of the ledger that [`Facts::read`] reads, in its order.
pub(crate) const FACTS: &str = "ledger.at, ledger.drop_id, ledger.version, ledger.payload";

pub(crate) struct Facts {
    pub(crate) drop: DropId,
    pub(crate) order: OrderCode,
    pub(crate) sub: Sub,
    pub(crate) sid: Sid,
    pub(crate) jti: Jti,
    pub(crate) quantity: u32,
    pub(crate) amount: Vnd,
    pub(crate) region: RegionCode,
    pub(crate) buyer_commit: BuyerCommit,
    pub(crate) ordered_at: Millis,
}

impl Facts {
    /// From a row whose columns from `first` on are [`FACTS`].
    pub(crate) fn read(row: &Row, first: i32) -> Result<Self> {
        let (drop, version): (i64, i64) = (row.get(first + 1)?, row.get(first + 2)?);
        let payload: Vec<u8> = row.get(first + 3)?;
        let entry = Entry::read(drop, ORDER_PLACED, version, String::new(), &payload)?;
        let (Some(drop), Fact::Sale(event)) = (entry.drop, entry.fact) else {
            bail!("the row that placed an order is of no drop");
        };
        let Event::OrderPlaced { order, sub, sid, jti, quantity, amount, region, buyer_commit, .. } = event else {
            bail!("the row that placed an order holds a {event:?}");
        };
        let ordered_at = Millis(row.get(first)?);
        Ok(Self { drop, order, sub, sid, jti, quantity, amount, region, buyer_commit, ordered_at })
    }

    /// These, if they are of this order: a row may have been made to name another's.
    pub(crate) fn of(self, order: OrderCode) -> Result<Self> {
        ensure!(self.order == order, "the row of order {order} names the facts of order {}", self.order);
        Ok(self)
    }
}
