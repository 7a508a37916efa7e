//! What is on disk: the ledger, the order rows, the counters; and the two ways to read them back.

use std::collections::{BTreeMap, HashMap};

use domain::{
    DropState, DropStatus, Event, Jti, OrderCode, OrderRecord, OrderState, Payment, Pending, Stock, Terms, Timestamp,
    evolve,
};

#[derive(Clone, Debug)]
pub(crate) enum Fact {
    Sale(Event),
    Unmatched {
        order: OrderCode,
        payment: Payment,
    },
    /// An unmatched payment got a home, or none for good.
    Decided {
        unmatched: usize,
        home: Option<OrderCode>,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Unmatched {
    pub(crate) order: OrderCode,
    pub(crate) payment: Payment,
    pub(crate) decided: bool,
    /// The order it was given to; nobody's for good if it was decided without one.
    pub(crate) home: Option<OrderCode>,
}

pub(crate) struct Disk {
    terms: Terms,
    ledger: Vec<(Timestamp, Event)>,
    pub(crate) head_at: i64,
    pub(crate) orders: BTreeMap<OrderCode, OrderRecord>,
    pub(crate) unmatched: Vec<Unmatched>,
    status: DropStatus,
    stock: Stock,
}

impl Disk {
    pub(crate) fn new(terms: Terms) -> Self {
        let stock = Stock::full(terms.size);
        Self {
            terms,
            ledger: Vec::new(),
            head_at: 0,
            orders: BTreeMap::new(),
            unmatched: Vec::new(),
            status: DropStatus::Live,
            stock,
        }
    }

    pub(crate) fn commit(
        &mut self,
        now: Timestamp,
        facts: &[Fact],
        changed: BTreeMap<OrderCode, OrderRecord>,
        state: &DropState,
    ) {
        self.head_at = now.0;
        for fact in facts {
            match fact {
                Fact::Sale(event) => self.ledger.push((now, event.clone())),
                Fact::Unmatched { order, payment } => {
                    let (order, payment) = (*order, payment.clone());
                    self.unmatched.push(Unmatched { order, payment, decided: false, home: None });
                }
                Fact::Decided { unmatched, home } => {
                    let known = &mut self.unmatched[*unmatched];
                    (known.decided, known.home) = (true, *home);
                }
            }
        }
        self.orders.extend(changed);
        (self.status, self.stock) = (state.status(), state.stock());
    }

    pub(crate) fn is_unmatched(&self, order: OrderCode, payment: &Payment) -> bool {
        self.unmatched.iter().any(|known| {
            known.order == order && known.payment.identity == payment.identity && known.payment.amount == payment.amount
        })
    }

    pub(crate) fn last_order(&self) -> Option<OrderCode> {
        self.orders.last_key_value().map(|(code, _)| *code)
    }

    pub(crate) fn tokens_since(&self, at: i64) -> HashMap<Jti, OrderCode> {
        let recent = self.orders.values().filter(|order| order.ordered_at.0 >= at);
        recent.map(|order| (order.jti, order.order)).collect()
    }

    /// The drop as a start reads it: counters as stored, then the orders that are not over.
    pub(crate) fn restored(&self, now: Timestamp) -> DropState {
        let mut state = DropState::restored(self.terms.clone(), self.status, self.stock, now);
        if state.is_done(now) {
            return state;
        }
        for order in self.orders.values() {
            match order.state {
                OrderState::Pending => {
                    let mut pending = Pending::new(order.order, order.sid, order.quantity, order.pay_by);
                    pending.money_applied = !order.applied.is_zero();
                    state.restore_pending(order.sub, pending);
                }
                OrderState::Paid { .. } => state.restore_bought(order.sub, order.quantity),
                OrderState::Expired(_) | OrderState::Cancelled(_) | OrderState::Withdrawn => {}
            }
        }
        state
    }

    /// The ledger replayed from its first row gives the order rows, the counters, and what the writer had in memory.
    pub(crate) fn check_replay(&self, memory: Option<&DropState>, now: i64) {
        let mut state = DropState::created(self.terms.clone());
        let mut orders: BTreeMap<OrderCode, OrderRecord> = BTreeMap::new();
        for (at, event) in &self.ledger {
            let mut record = event.order().and_then(|order| orders.remove(&order));
            evolve(&mut state, &mut record, event, *at);
            orders.extend(record.map(|record| (record.order, record)));
        }
        assert_eq!(orders, self.orders, "the ledger tells of other orders than the rows");
        assert_same(&state, &self.restored(Timestamp(now)), &orders, now);
        if let Some(memory) = memory {
            assert_same(&state, memory, &orders, now);
        }
    }
}

fn assert_same(replayed: &DropState, other: &DropState, orders: &BTreeMap<OrderCode, OrderRecord>, now: i64) {
    assert_eq!(replayed.status(), other.status());
    assert_eq!(replayed.stock(), other.stock());
    assert_eq!(replayed.pending_count(), other.pending_count());
    for order in orders.keys() {
        assert_eq!(replayed.pending(*order), other.pending(*order), "order {order}");
    }
    if replayed.is_done(Timestamp(now)) {
        return;
    }
    let customers = |state: &DropState| {
        let customers = state.customers().map(|(sub, customer)| (sub.0, (customer.bought, customer.pending)));
        customers.collect::<BTreeMap<_, _>>()
    };
    assert_eq!(customers(replayed), customers(other));
}
