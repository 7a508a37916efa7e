//! Compares replayed orders with the stored ones while the ledger is read. An order that has become what is stored
//! leaves memory, and is read back if a later event names it. So millions of orders need the memory of the few that
//! still change.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use domain::{DropId, Event, OrderCode, OrderState};

use super::order::{Order, OrderRows};
use crate::store::sqlite::Db;

/// As many orders are in memory before they are compared: some tens of megabytes. Unit tests compare from the first on.
const COMPARED_AT: usize = if cfg!(test) { 1 } else { 65_536 };

pub(super) struct Orders {
    stored: OrderRows,
    /// The orders in memory, by code, so that comparing them reads the file from one end to the other.
    open: BTreeMap<OrderCode, Order>,
    compared_at: usize,
    /// The last order that was placed.
    last: Option<OrderCode>,
    compared: Sums,
}

/// Counts and units of orders that are as stored.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub(super) orders: i64,
    pub(super) links: i64,
    pub(super) payments: i64,
    pub(super) refunds: i64,
    pub(super) destinations: i64,
    units: BTreeMap<DropId, Units>,
}

/// The units of a drop that its orders keep from being sold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Units {
    pub(super) held: i64,
    pub(super) sold: i64,
    pub(super) withdrawn: i64,
}

impl Orders {
    pub(super) fn new(db: &Db) -> Result<Self> {
        let (open, compared) = (BTreeMap::new(), Sums::default());
        Ok(Self { stored: OrderRows::prepare(db)?, open, compared_at: COMPARED_AT, last: None, compared })
    }

    /// The order of an event, as it was before the event. `None` where the event places the order or names none.
    pub(super) fn take(&mut self, event: &Event) -> Result<Option<Order>> {
        match event {
            Event::OrderPlaced { order, .. } => {
                ensure!(self.last < Some(*order), "order {order} is placed after one with a higher code");
                self.last = Some(*order);
                Ok(None)
            }
            _ => event.order().map(|order| self.find(order)).transpose(),
        }
    }

    pub(super) fn put(&mut self, order: Order) {
        self.open.insert(order.record.order, order);
    }

    /// Compares the orders in memory once there are many.
    pub(super) fn compare_when_many(&mut self) -> Result<()> {
        if self.open.len() >= self.compared_at {
            self.compare()?;
            // Where most orders still change, the next comparison waits for twice as many.
            self.compared_at = COMPARED_AT.max(2 * self.open.len());
        }
        Ok(())
    }

    /// Ends the replay: the counts and units of all orders.
    pub(super) fn end(mut self) -> Result<Sums> {
        self.compare()?;
        let Some((code, order)) = self.open.pop_first() else {
            return Ok(self.compared);
        };
        let table = self.stored.load(code)?.map_or("orders", |stored| order.differs_in(&stored.order));
        bail!("{table}: order {code} is stored otherwise than the ledger says")
    }

    /// An order as the ledger has told it so far. It must be [put](Self::put) back.
    pub(super) fn find(&mut self, order: OrderCode) -> Result<Order> {
        if let Some(open) = self.open.remove(&order) {
            return Ok(open);
        }
        let found = self.read_back(order)?;
        self.compared.count(&found, -1);
        Ok(found)
    }

    /// An order that is not in memory was as stored when it left. Codes ascend, so the ledger has placed every stored
    /// order whose code is not above the last.
    fn read_back(&self, order: OrderCode) -> Result<Order> {
        let stored = if self.last >= Some(order) { self.stored.load(order)? } else { None };
        Ok(stored.with_context(|| format!("the row names order {order}, which was never placed"))?.order)
    }

    /// Compares the orders in memory with the stored ones. Those that are equal leave memory.
    fn compare(&mut self) -> Result<()> {
        for (code, order) in std::mem::take(&mut self.open) {
            let stored = self.stored.load(code)?;
            let stored = stored.with_context(|| format!("orders: order {code} is in the ledger and not stored"))?;
            if !order.equals(&stored.order) {
                self.open.insert(code, order);
                continue;
            }
            ensure!(order.record.money_adds_up(), "payments: the money of order {code} does not add up");
            let Some((salt, buyer)) = stored.buyer else {
                bail!("orders: the buyer of order {code} is not stored, and no row of the ledger erased it")
            };
            let committed = buyer.commit(salt) == order.record.buyer_commit;
            ensure!(committed, "orders: the buyer of order {code} is not the one that the ledger committed to");
            self.compared.count(&order, 1);
        }
        Ok(())
    }
}

impl Sums {
    pub(super) fn units(&self, drop: DropId) -> Units {
        self.units.get(&drop).copied().unwrap_or_default()
    }

    fn count(&mut self, order: &Order, times: i64) {
        let record = &order.record;
        self.orders += times;
        self.links += times * i64::from(record.link.facts().is_some());
        self.payments += times * record.payments.len() as i64;
        self.refunds += times * record.refunds.len() as i64;
        self.destinations += times * i64::from(order.beside.account.is_known());
        let units = self.units.entry(record.drop).or_default();
        let part = match record.state {
            OrderState::Pending => &mut units.held,
            OrderState::Paid { .. } => &mut units.sold,
            OrderState::Withdrawn => &mut units.withdrawn,
            OrderState::Expired(_) | OrderState::Cancelled(_) => return,
        };
        *part += times * i64::from(record.quantity);
    }
}

#[cfg(test)]
mod tests {
    use domain::{BuyerCommit, Jti, OrderRecord, Region, Sid, Sub, Timestamp, Vnd};
    use engine::{Buyer, Changes, PlacedOrder, Salt};
    use ledger::{Entry, Fact};

    use super::super::order::Beside;
    use super::*;
    use crate::store::{WriteStore, sale_file};

    #[test]
    fn an_order_is_placed_once_before_its_other_events_and_with_a_higher_code_than_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = WriteStore::open(folder.path(), 1, 1, Timestamp(0)).unwrap();
        let (salt, buyer) = (
            Salt([0; 16]),
            Buyer {
                name: "An".into(),
                phone: "+84".into(),
                email: "a@b.vn".into(),
                address: None,
                language: engine::Language::Vietnamese,
            },
        );
        let record = OrderRecord::placed(DropId(1), &placed(7), Timestamp(0)).unwrap();
        let entries = vec![Entry { drop: Some(DropId(1)), operator: String::new(), fact: Fact::Sale(placed(7)) }];
        let placed_order = PlacedOrder { record, salt, buyer };
        let changes = Changes { entries, placed: vec![placed_order], ..Changes::default() };
        store.commit(Timestamp(0), &changes).unwrap();
        let mut orders = Orders::new(&Db::open_for_read(&sale_file(folder.path())).unwrap()).unwrap();
        refuses(&mut orders, &settling(5), "never placed");
        let record = OrderRecord::placed(DropId(1), &placed(5), Timestamp(0)).unwrap();
        let order = Order { record, beside: Beside::default() };
        assert_eq!(orders.take(&placed(5)).unwrap(), None);
        orders.put(order.clone());
        refuses(&mut orders, &placed(5), "higher code");
        refuses(&mut orders, &placed(4), "higher code");
        refuses(&mut orders, &settling(4), "never placed");
        refuses(&mut orders, &settling(6), "never placed");
        refuses(&mut orders, &settling(7), "never placed");
        assert_eq!(orders.take(&settling(5)).unwrap(), Some(order));
    }

    fn refuses(orders: &mut Orders, event: &Event, why: &str) {
        let error = orders.take(event).unwrap_err().to_string();
        assert!(error.contains(why), "{event:?}: {error}");
    }

    fn settling(code: u64) -> Event {
        Event::HoldSettling { order: OrderCode(code) }
    }

    fn placed(code: u64) -> Event {
        Event::OrderPlaced {
            order: OrderCode(code),
            sub: Sub([1; 16]),
            sid: Sid([1; 16]),
            jti: Jti([1; 16]),
            quantity: 1,
            amount: Vnd::new(1).unwrap(),
            region: Region::N01,
            buyer_commit: BuyerCommit([0; 32]),
            pay_by: Timestamp(1),
        }
    }
}
