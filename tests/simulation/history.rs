//! Random histories of requests, in batches of random size: after every batch units and money add up.

use domain::{
    Command, Format, Jti, LinkFacts, OrderCode, OrderRecord, OrderState, Payment, PaymentIdentity, PaymentState, Proof,
    Purchase, RefundState, RefundStep, Region, Sid, Stock, Sub, Terms, Timestamp, UnmatchedState, UnmatchedStep,
};
use engine::{
    Batch, BatchTime, Buyer, MovePayment, NewDrop, NewProduct, OrderFilter, OrderRequest, ProductOf, PurchaseRequest,
    Reply, Request, Resumed, SaleState, Salt, UnmatchedRequest,
};
use proptest::prelude::*;

use crate::origin::{DROP, Disk, on_statement};
use crate::payos::{account, vnd};

const OPENS_AT: Timestamp = Timestamp(1_800_000_000_000);
const PRICE: i64 = 100;

/// Orders and payments are named by their number, modulo how many there are.
#[derive(Clone, Debug)]
enum Step {
    Buy {
        shopper: u8,
        quantity: u32,
    },
    Pay {
        nth: usize,
        amount: i64,
    },
    Report {
        nth: usize,
        reference: u8,
        amount: i64,
    },
    Statement {
        nth: usize,
        reference: u8,
        amount: i64,
    },
    Cancel {
        nth: usize,
    },
    AskLink {
        nth: usize,
    },
    LinkMade {
        nth: usize,
    },
    LinkConflict {
        nth: usize,
    },
    LinkClosed {
        nth: usize,
    },
    EndHold {
        nth: usize,
    },
    CancelByOperator {
        nth: usize,
        restock: bool,
    },
    Refund {
        nth: usize,
        number: u32,
        step: RefundStep,
    },
    Move {
        nth: usize,
        payment: usize,
        to: usize,
    },
    Assign {
        nth: usize,
        to: usize,
    },
    Unmatched {
        nth: usize,
        step: UnmatchedStep,
    },
    SetDestination {
        nth: usize,
        other: bool,
    },
    Export,
    Drop(Command),
    /// Ends the batch, too.
    Wait {
        ms: i64,
    },
}

struct Sale {
    memory: SaleState,
    disk: Disk,
    now: Timestamp,
    purchases: u64,
    references: u32,
}

impl Sale {
    fn open(size: u32, limit_per_customer: u32) -> Self {
        let from = Resumed { as_of: OPENS_AT, first_order: OrderCode(1_000), last_order: None, last_refund_batch: 0 };
        let memory = SaleState::resumed(from, OrderFilter::sized_for(64));
        let mut sale = Self { memory, disk: Disk::default(), now: OPENS_AT, purchases: 0, references: 0 };
        let terms = Terms {
            drop: DROP,
            format: Format::FirstCome,
            size,
            price: vnd(PRICE),
            opens_at: OPENS_AT,
            closes_at: Some(OPENS_AT.plus_seconds(3_600)),
            limit_per_customer,
            hold_seconds: 300,
            late_payment_seconds: 24 * 3_600,
        };
        let product = NewProduct { name: "Shoe".into(), description: String::new(), image_url: String::new() };
        let drop = NewDrop { slug: "shoe".into(), product: ProductOf::New(product), terms };
        sale.batch(vec![Request::CreateDrop { drop, operator: "an".into() }]);
        sale
    }

    fn batch(&mut self, mut requests: Vec<Request>) -> Vec<Reply> {
        requests.sort_by_key(Request::precedence);
        let time = BatchTime::at(self.now, self.disk.head_at());
        let mut batch = Batch::new(&mut self.memory, &self.disk, time, self.disk.head_seq(), requests.len());
        let replies = requests.into_iter().map(|request| batch.apply(request).unwrap()).collect();
        let changes = batch.finish();
        self.disk.commit(self.now, &changes);
        self.memory.forget_done(&changes.drops.iter().map(|drop| drop.drop).collect(), self.now);
        self.assert_adds_up();
        replies
    }

    fn order(&self, nth: usize) -> Option<&OrderRecord> {
        self.disk.orders.values().nth(nth % self.disk.orders.len().max(1))
    }

    fn about(&self, nth: usize, command: impl FnOnce(&OrderRecord) -> Command) -> Option<Request> {
        let order = self.order(nth)?;
        let command = command(order);
        Some(Request::Order(OrderRequest { order: order.order, command, operator: String::new(), payer: None }))
    }

    fn payment(&self, reference: &str, amount: i64) -> Payment {
        let identity = PaymentIdentity::new("link", reference);
        Payment { identity, amount: vnd(amount), paid_at: self.now, proof: Proof::Webhook, account: None }
    }

    fn purchase(&mut self, shopper: u8, quantity: u32) -> Request {
        self.purchases += 1;
        let mut jti = [0; 16];
        jti[..8].copy_from_slice(&self.purchases.to_le_bytes());
        let (name, phone, email) = (format!("An {shopper}"), "+84912345678".into(), "an@example.com".into());
        let (buyer, salt) =
            (Buyer { name, phone, email, address: None, language: engine::Language::Vietnamese }, Salt([shopper; 16]));
        let purchase = Purchase {
            order: OrderCode(0),
            sub: Sub([shopper; 16]),
            sid: Sid([shopper; 16]),
            jti: Jti(jti),
            quantity,
            quantity_max: 1_000,
            region: Region::S01,
            buyer_commit: buyer.commit(salt),
        };
        Request::Purchase(PurchaseRequest { drop: DROP, purchase, buyer, salt })
    }

    fn move_payment(&self, from: usize, payment: usize, to: usize) -> Option<Request> {
        let (from, to) = (self.order(from)?, self.order(to)?.order);
        let mut counted = from.payments.iter().filter(|payment| payment.state == PaymentState::Counted);
        let seq = self.disk.row_of_payment(from.order, &counted.nth(payment)?.identity).unwrap();
        Some(Request::MovePayment(MovePayment { seq, to, operator: "an".into() }))
    }

    fn unmatched(&self, nth: usize) -> Option<i64> {
        self.disk.unmatched.keys().nth(nth % self.disk.unmatched.len().max(1)).copied()
    }

    /// `None` for a step about an order or a payment when there is none, and for waiting.
    fn request(&mut self, step: &Step) -> Option<Request> {
        let again = |reference: &u8| format!("again-{reference}");
        match step {
            Step::Buy { shopper, quantity } => Some(self.purchase(*shopper, *quantity)),
            Step::Pay { nth, amount } => {
                self.references += 1;
                let payment = self.payment(&format!("FT{}", self.references), *amount);
                self.about(*nth, |_| Command::Payment(payment))
            }
            Step::Report { nth, reference, amount } => {
                self.about(*nth, |_| Command::Payment(self.payment(&again(reference), *amount)))
            }
            Step::Statement { nth, reference, amount } => {
                self.about(*nth, |_| Command::Payment(on_statement(&self.payment(&again(reference), *amount))))
            }
            Step::Cancel { nth } => self.about(*nth, |order| Command::Cancel { sid: order.sid }),
            Step::AskLink { nth } => self.about(*nth, |_| Command::AskLink),
            Step::LinkMade { nth } => self.about(*nth, |_| {
                Command::LinkMade(LinkFacts { id: "link".into(), checkout_url: String::new(), bank_transfer: None })
            }),
            Step::LinkConflict { nth } => self.about(*nth, |_| Command::LinkConflict),
            Step::LinkClosed { nth } => self.about(*nth, |_| Command::LinkClosed { payments: vec![] }),
            Step::EndHold { nth } => self.about(*nth, |_| Command::EndHold),
            Step::CancelByOperator { nth, restock } => {
                self.about(*nth, |_| Command::CancelByOperator { restock: *restock })
            }
            Step::Refund { nth, number, step } => {
                self.about(*nth, |_| Command::Refund { number: *number, step: step.clone() })
            }
            Step::Move { nth, payment, to } => self.move_payment(*nth, *payment, *to),
            Step::Assign { nth, to } => {
                let (seq, to) = (self.unmatched(*nth)?, self.order(*to)?.order);
                Some(Request::MovePayment(MovePayment { seq, to, operator: "an".into() }))
            }
            Step::Unmatched { nth, step } => {
                let (seq, step, operator) = (self.unmatched(*nth)?, step.clone(), "an".into());
                Some(Request::Unmatched(UnmatchedRequest { seq, step, destination: Some(account("1")), operator }))
            }
            Step::SetDestination { nth, other } => {
                let destination = account(if *other { "2" } else { "1" });
                let order = self.order(*nth)?.order;
                Some(Request::SetDestination { order, destination, operator: String::new() })
            }
            Step::Export => Some(Request::ExportRefunds { operator: "an".into() }),
            Step::Drop(command) => Some(Request::Drop { drop: DROP, command: command.clone(), operator: "an".into() }),
            Step::Wait { .. } => None,
        }
    }

    /// Every place where money can be, summed apart from the code under test.
    fn money_everywhere(&self) -> i64 {
        let of_order = |order: &OrderRecord| {
            let live = order.refunds.iter().filter(|refund| refund.state != RefundState::Void);
            order.applied.get() + live.map(|refund| refund.amount.get()).sum::<i64>()
        };
        let unmatched = self.disk.unmatched.values().filter(|known| known.state != UnmatchedState::Assigned);
        self.disk.orders.values().map(of_order).sum::<i64>()
            + unmatched.map(|known| known.payment.amount.get()).sum::<i64>()
    }

    fn assert_adds_up(&self) {
        let state = &self.memory.drops[&DROP].state;
        let mut stock = Stock::full(state.terms().size);
        for order in self.disk.orders.values() {
            let counted = order.payments.iter().filter(|payment| payment.state == PaymentState::Counted);
            let received: i64 = counted.map(|payment| payment.amount.get()).sum();
            let live = order.refunds.iter().filter(|refund| refund.state != RefundState::Void);
            let owed: i64 = live.map(|refund| refund.amount.get()).sum();
            assert_eq!(received, order.applied.get() + owed, "{order:?}");
            match order.state {
                OrderState::Pending => stock.held += order.quantity,
                OrderState::Paid { .. } => stock.sold += order.quantity,
                OrderState::Withdrawn => stock.withdrawn += order.quantity,
                OrderState::Expired(_) | OrderState::Cancelled(_) => {}
            }
        }
        stock.available -= stock.held + stock.sold + stock.withdrawn;
        assert_eq!(state.stock(), stock);
        self.disk.assert_replay_agrees(Some(state), self.now);
    }
}

fn refund_step() -> impl Strategy<Value = RefundStep> {
    prop_oneof![
        3 => (1..9_u64).prop_map(|batch| RefundStep::Batch { batch }),
        2 => Just(RefundStep::Sent { bank_reference: "FT".into() }),
        1 => Just(RefundStep::Confirm),
        1 => Just(RefundStep::Fail { reason: "closed".into() }),
    ]
}

fn unmatched_step() -> impl Strategy<Value = UnmatchedStep> {
    prop_oneof![
        2 => Just(UnmatchedStep::OweBack),
        1 => Just(UnmatchedStep::Dismiss { reason: "a test".into() }),
        3 => refund_step().prop_map(UnmatchedStep::Refund),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let nth = || 0..40_usize;
    let amount = || prop_oneof![Just(40), Just(60), Just(100), Just(200), 1..350_i64];
    let report = || (nth(), 0..4_u8, amount());
    prop_oneof![
        6 => (0..6_u8, 1..4_u32).prop_map(|(shopper, quantity)| Step::Buy { shopper, quantity }),
        6 => (nth(), amount()).prop_map(|(nth, amount)| Step::Pay { nth, amount }),
        2 => report().prop_map(|(nth, reference, amount)| Step::Report { nth, reference, amount }),
        2 => report().prop_map(|(nth, reference, amount)| Step::Statement { nth, reference, amount }),
        1 => nth().prop_map(|nth| Step::Cancel { nth }),
        3 => nth().prop_map(|nth| Step::AskLink { nth }),
        3 => nth().prop_map(|nth| Step::LinkMade { nth }),
        1 => nth().prop_map(|nth| Step::LinkConflict { nth }),
        2 => nth().prop_map(|nth| Step::LinkClosed { nth }),
        6 => nth().prop_map(|nth| Step::EndHold { nth }),
        1 => (nth(), any::<bool>()).prop_map(|(nth, restock)| Step::CancelByOperator { nth, restock }),
        4 => (nth(), 1..4_u32, refund_step()).prop_map(|(nth, number, step)| Step::Refund { nth, number, step }),
        2 => (nth(), 0..4_usize, nth()).prop_map(|(nth, payment, to)| Step::Move { nth, payment, to }),
        2 => (nth(), nth()).prop_map(|(nth, to)| Step::Assign { nth, to }),
        4 => (nth(), unmatched_step()).prop_map(|(nth, step)| Step::Unmatched { nth, step }),
        2 => (nth(), any::<bool>()).prop_map(|(nth, other)| Step::SetDestination { nth, other }),
        1 => Just(Step::Export),
        1 => Just(Step::Drop(Command::Pause)),
        3 => Just(Step::Drop(Command::Resume)),
        1 => (0..20_u8).prop_map(|die| Step::Drop(if die == 0 { Command::Kill } else { Command::Resume })),
        4 => prop_oneof![Just(60_000), Just(300_000), Just(960_000), 0..90_000_000_i64]
            .prop_map(|ms| Step::Wait { ms }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn units_and_money_add_up_after_every_batch(steps in prop::collection::vec((step(), any::<bool>()), 1..80)) {
        let mut sale = Sale::open(8, 3);
        let (mut requests, mut least, mut most) = (Vec::new(), 0, 0);
        for (step, ends_batch) in &steps {
            if let Some(request) = sale.request(step) {
                requests.push(request);
                match step {
                    // A transfer of its own is new money, whatever it finds.
                    Step::Pay { amount, .. } => (least, most) = (least + amount, most + amount),
                    // A report of a transfer that may be known brings its money once, or nothing.
                    Step::Report { amount, .. } | Step::Statement { amount, .. } => most += amount,
                    _ => {}
                }
            }
            if *ends_batch || matches!(step, Step::Wait { .. }) {
                let before = sale.money_everywhere();
                sale.batch(std::mem::take(&mut requests));
                let came = sale.money_everywhere() - before;
                prop_assert!((least..=most).contains(&came), "{came} came, of {least} to {most}");
                (least, most) = (0, 0);
            }
            if let Step::Wait { ms } = step {
                sale.now = sale.now.plus_ms(*ms);
            }
        }
    }
}
