use std::collections::BTreeMap;

use crate::*;

/// The price of one unit in every test.
pub(super) const PRICE: i64 = 100;
pub(super) const OPENS_AT: Timestamp = Timestamp(1_000_000);
pub(super) const HOLD_MS: i64 = 300_000;

pub(super) fn vnd(amount: i64) -> Vnd {
    Vnd::new(amount).unwrap()
}

pub(super) fn terms(size: u32, limit_per_customer: u32) -> Terms {
    Terms {
        drop: DropId(1),
        format: Format::FirstCome,
        size,
        price: vnd(PRICE),
        opens_at: OPENS_AT,
        closes_at: Some(OPENS_AT.plus_seconds(3600)),
        limit_per_customer,
        hold_seconds: 300,
        late_payment_seconds: 24 * 3600,
    }
}

/// A drop with its orders and a clock. Each command is decided on its own; what a batch adds is tested on the engine.
pub(super) struct Sale {
    pub(super) state: DropState,
    pub(super) orders: BTreeMap<OrderCode, OrderRecord>,
    pub(super) now: Timestamp,
    next: u64,
    references: u32,
}

impl Sale {
    pub(super) fn open(size: u32, limit_per_customer: u32) -> Self {
        Self::on(terms(size, limit_per_customer))
    }

    pub(super) fn on(terms: Terms) -> Self {
        let state = DropState::created(terms);
        Self { state, orders: BTreeMap::new(), now: OPENS_AT, next: 1000, references: 0 }
    }

    pub(super) fn wait(&mut self, ms: i64) {
        self.now = self.now.plus_ms(ms);
    }

    /// A purchase by the customer and browser `who` with a new token.
    pub(super) fn purchase(&self, who: u8, quantity: u32) -> Purchase {
        let mut jti = [0; 16];
        jti[..8].copy_from_slice(&self.next.to_le_bytes());
        Purchase {
            order: OrderCode(self.next),
            sub: Sub([who; 16]),
            sid: Sid([who; 16]),
            jti: Jti(jti),
            quantity,
            quantity_max: 1000,
            region: Region::S01,
            buyer_commit: BuyerCommit([who; 32]),
        }
    }

    pub(super) fn buy(&mut self, who: u8, quantity: u32) -> Outcome {
        let purchase = self.purchase(who, quantity);
        self.submit(None, &Command::Purchase(purchase))
    }

    /// Buys one unit, which must succeed.
    pub(super) fn order(&mut self, who: u8) -> OrderCode {
        match self.buy(who, 1) {
            Outcome::Placed(receipt) => receipt.order,
            outcome => panic!("not placed: {outcome:?}"),
        }
    }

    pub(super) fn ask(&mut self, order: OrderCode, command: Command) -> Outcome {
        self.submit(Some(order), &command)
    }

    /// A transfer with a reference of its own.
    pub(super) fn pay(&mut self, order: OrderCode, amount: i64) -> Outcome {
        self.references += 1;
        let payment = self.payment(&format!("FT{}", self.references), amount);
        self.ask(order, Command::Payment(payment))
    }

    pub(super) fn payment(&self, reference: &str, amount: i64) -> Payment {
        let identity = PaymentIdentity::new("link", reference);
        Payment { identity, amount: vnd(amount), paid_at: self.now, proof: Proof::Webhook, account: None }
    }

    /// Lets the hold run out with its link shown closed.
    pub(super) fn expire(&mut self, order: OrderCode) {
        self.now = self.orders[&order].pay_by.plus_ms(HOLD_GRACE_MS);
        assert_eq!(self.ask(order, Command::EndHold), Outcome::Done);
        assert!(matches!(self.orders[&order].state, OrderState::Expired(_)));
    }

    pub(super) fn submit(&mut self, order: Option<OrderCode>, command: &Command) -> Outcome {
        let mut record = order.and_then(|order| self.orders.get(&order).cloned());
        let decision = decide(&self.state, record.as_ref(), self.now, command);
        for event in &decision.events {
            evolve(&mut self.state, &mut record, event, self.now);
            if let Some(other) = event.order().and_then(|other| self.orders.get_mut(&other)) {
                other.evolve(event, self.now);
            }
        }
        if let Some(record) = record {
            self.next = self.next.max(record.order.0 + 1);
            self.orders.insert(record.order, record);
        }
        self.assert_adds_up();
        decision.outcome
    }

    /// What holds after every command.
    fn assert_adds_up(&self) {
        self.state.assert_conserved();
        let mut held = 0;
        let mut sold = 0;
        let mut withdrawn = 0;
        for order in self.orders.values() {
            assert!(order.money_adds_up(), "{order:?}");
            self.assert_money_adds_up(order);
            match order.state {
                OrderState::Pending => held += order.quantity,
                OrderState::Paid { .. } => sold += order.quantity,
                OrderState::Expired(_) | OrderState::Cancelled(_) => assert!(order.applied.is_zero(), "{order:?}"),
                OrderState::Withdrawn => {
                    assert!(order.applied.is_zero(), "{order:?}");
                    withdrawn += order.quantity;
                }
            }
            assert_eq!(self.state.pending(order.order).is_some(), order.state == OrderState::Pending);
        }
        self.assert_stranger_is_refused_alike();
        let stock = self.state.stock();
        assert_eq!((stock.held, stock.sold, stock.withdrawn), (held, sold, withdrawn));
        for (sub, customer) in self.state.customers() {
            let paid = self.orders.values().filter(|order| order.sub == sub);
            let bought: u32 =
                paid.filter(|order| matches!(order.state, OrderState::Paid { .. })).map(|order| order.quantity).sum();
            assert_eq!(customer.bought, bought);
            let held: u32 = self
                .orders
                .values()
                .filter(|order| order.sub == sub && order.state == OrderState::Pending)
                .map(|order| order.quantity)
                .sum();
            assert_eq!(self.state.units_of(sub), bought + held);
            assert!(bought + held <= self.state.terms().limit_per_customer, "over the limit");
        }
    }

    /// A shopper who is refused without being looked up is refused the same when looked up.
    fn assert_stranger_is_refused_alike(&self) {
        let stranger = self.purchase(u8::MAX, 1);
        let (terms, stock) = (self.state.terms(), self.state.stock());
        let already = refused_without_stock(terms, self.state.status(), stock, self.now, &stranger);
        assert!(already.is_none() || stock.available == 0);
        if let Some(refusal) = already {
            let decided = decide(&self.state, None, self.now, &Command::Purchase(stranger));
            assert_eq!(decided.outcome, Outcome::Refused(refusal));
        }
    }

    /// Counted apart from the code under test: every đồng is in one place.
    fn assert_money_adds_up(&self, order: &OrderRecord) {
        let mut places = order.applied.get();
        for refund in &order.refunds {
            match refund.state {
                RefundState::Void => {}
                RefundState::Due
                | RefundState::Batched { .. }
                | RefundState::Paying { .. }
                | RefundState::Doubted { .. }
                | RefundState::Sent { .. }
                | RefundState::Confirmed { .. } => places += refund.amount.get(),
            }
        }
        let mut received = 0;
        for payment in order.payments.iter().filter(|payment| payment.state == PaymentState::Counted) {
            received += payment.amount.get();
        }
        assert_eq!(places, received, "{order:?}");
        if matches!(order.state, OrderState::Paid { .. }) {
            assert_eq!(order.applied, order.amount, "{order:?}");
        }
        for (index, refund) in order.refunds.iter().enumerate() {
            assert_eq!(refund.number as usize, index + 1, "{order:?}");
        }
    }

    pub(super) fn state_of(&self, order: OrderCode) -> OrderState {
        self.orders[&order].state
    }

    /// Applied to the order, and owed back.
    pub(super) fn money(&self, order: OrderCode) -> (i64, i64) {
        let order = &self.orders[&order];
        (order.applied.get(), order.refunds_due().get())
    }
}
