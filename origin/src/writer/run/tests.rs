//! The writer on a real database, one batch at a time.

use domain::{
    Canceller, DropId, Format, Jti, LinkFacts, OrderState, Outcome, Payment, PaymentIdentity, PaymentState, Proof,
    Purchase, RefundState, RefundStep, Refusal, RegionCode, Sid, Sub, Terms, Vnd,
};
use tempfile::TempDir;

use super::super::ask::{NewDrop, NewProduct, ProductOf, PurchaseAnswer, PurchaseAsk, PurchaseRefused};
use super::*;
use crate::store::{Buyer, ReadStore, Salt, sale_file, verify};

const START: Millis = Millis(1_800_000_000_000);
const PRICE: i64 = 100;

struct Rig {
    folder: TempDir,
    clock: Clock,
    run: Run,
    relay: mpsc::Receiver<Vec<Ready>>,
    tokens: u64,
}

impl Rig {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(START);
        let (run, relay) = open(&folder, &clock);
        let mut rig = Self { folder, clock, run, relay, tokens: 0 };
        rig.create_drop(2);
        rig
    }

    /// As after a crash: what is in memory is gone.
    fn restart(self) -> Self {
        let Self { folder, clock, run, relay, tokens } = self;
        drop((run, relay));
        let (run, relay) = open(&folder, &clock);
        Self { folder, clock, run, relay, tokens }
    }

    fn create_drop(&mut self, size: u32) {
        let terms = Terms {
            drop: DropId(0),
            format: Format::FirstCome,
            size,
            price: Vnd::new(PRICE).unwrap(),
            opens_at: START,
            closes_at: None,
            limit_per_customer: 1,
            hold_seconds: 300,
            late_payment_seconds: 3600,
        };
        let product = NewProduct { name: "Shoe".into(), description: String::new(), image_url: String::new() };
        let drop = NewDrop { slug: "shoe".into(), product: ProductOf::New(product), terms };
        let (reply, mut answer) = oneshot::channel();
        self.batch(vec![(Lane::Control, Ask::CreateDrop(drop, "an".into(), reply))]);
        answer.try_recv().unwrap().unwrap();
    }

    fn batch(&mut self, mut asks: Vec<(Lane, Ask)>) {
        // The relay blocks a runtime's thread; a test has none, so the channel is emptied here.
        self.run.process(&mut asks).unwrap();
        for ready in self.relay.try_recv().unwrap() {
            ready.send();
        }
    }

    fn purchase(&mut self, who: u8) -> PurchaseAsk {
        self.tokens += 1;
        let mut jti = [0; 16];
        jti[..8].copy_from_slice(&self.tokens.to_le_bytes());
        let (buyer, salt) = (buyer(who), Salt([self.tokens as u8; 16]));
        let purchase = Purchase {
            order: OrderCode(0),
            sub: Sub([who; 16]),
            sid: Sid([who; 16]),
            jti: Jti(jti),
            quantity: 1,
            quantity_max: 1,
            region: RegionCode(*b"N01\0"),
            buyer_commit: buyer.commit(salt),
        };
        PurchaseAsk { drop: DropId(1), purchase, buyer, salt }
    }

    fn buy(&mut self, ask: PurchaseAsk) -> PurchaseAnswer {
        let (reply, mut answer) = oneshot::channel();
        self.batch(vec![(Lane::Shopper, Ask::Purchase(Box::new(ask), reply))]);
        answer.try_recv().unwrap()
    }

    fn order(&mut self, who: u8) -> OrderCode {
        let ask = self.purchase(who);
        self.buy(ask).unwrap().receipt.order
    }

    fn ask(&mut self, order: OrderCode, command: Command) -> Outcome {
        let (reply, mut answer) = oneshot::channel();
        self.batch(vec![(Lane::Money, Ask::Order(order, command, String::new(), reply))]);
        answer.try_recv().unwrap()
    }

    fn stored(&self, order: OrderCode) -> crate::store::StoredOrder {
        ReadStore::open(self.folder.path()).unwrap().load_order(order).unwrap().unwrap()
    }

    fn verified(&self) -> crate::store::Verified {
        verify(self.folder.path(), None).unwrap()
    }

    fn sql(&self, sql: &str) {
        crate::store::tamper(&sale_file(self.folder.path()), sql);
    }
}

fn open(folder: &TempDir, clock: &Clock) -> (Run, mpsc::Receiver<Vec<Ready>>) {
    let (answers, relay) = mpsc::channel(ANSWERS_MAX);
    let (run, _) = Run::open(folder.path(), 1, clock.clone(), Arc::new(Metrics::default()), answers).unwrap();
    (run, relay)
}

fn buyer(who: u8) -> Buyer {
    Buyer { name: format!("An {who}"), phone: "+84912345678".into(), email: "an@example.com".into(), address: None }
}

fn again(ask: &PurchaseAsk) -> PurchaseAsk {
    // A second request draws a salt of its own.
    let salt = Salt([99; 16]);
    let purchase = Purchase { buyer_commit: ask.buyer.commit(salt), ..ask.purchase.clone() };
    PurchaseAsk { drop: ask.drop, purchase, buyer: ask.buyer.clone(), salt }
}

fn payment(reference: &str, amount: i64) -> Command {
    Command::Payment(Payment {
        identity: PaymentIdentity::new("link", reference),
        amount: Vnd::new(amount).unwrap(),
        paid_at: START,
        proof: Proof::Webhook,
    })
}

#[test]
fn an_answered_purchase_is_on_disk_with_its_buyer() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    let stored = rig.stored(order);
    assert_eq!(stored.record.state, OrderState::Pending);
    assert_eq!(stored.buyer.unwrap().1, buyer(1));
}

#[test]
fn one_token_twice_in_one_batch_makes_one_order() {
    let mut rig = Rig::start();
    let first = rig.purchase(1);
    let second = again(&first);
    let ((reply_1, mut answer_1), (reply_2, mut answer_2)) = (oneshot::channel(), oneshot::channel());
    rig.batch(vec![
        (Lane::Shopper, Ask::Purchase(Box::new(first), reply_1)),
        (Lane::Shopper, Ask::Purchase(Box::new(second), reply_2)),
    ]);
    let (first, second) = (answer_1.try_recv().unwrap().unwrap(), answer_2.try_recv().unwrap().unwrap());
    assert_eq!(first.receipt, second.receipt);
    assert!(!second.resumed);
    assert_eq!(rig.verified().orders, 1);
}

#[test]
fn a_token_used_before_a_restart_gives_its_order_after_it() {
    let mut rig = Rig::start();
    let ask = rig.purchase(1);
    let (repeated, mut other) = (again(&ask), again(&ask));
    let receipt = rig.buy(ask).unwrap().receipt;
    let mut rig = rig.restart();
    assert_eq!(rig.buy(repeated).unwrap().receipt, receipt);
    other.buyer.name = "Somebody else".into();
    assert_eq!(rig.buy(other).unwrap_err(), PurchaseRefused::ByTheRules(Refusal::TokenReused));
}

#[test]
fn stock_holds_and_limits_survive_a_restart() {
    let mut rig = Rig::start();
    let (paid, held) = (rig.order(1), rig.order(2));
    rig.ask(paid, payment("FT1", PRICE));
    let mut rig = rig.restart();
    let stock = rig.run.shop.drops[&DropId(1)].state.stock();
    assert_eq!((stock.available, stock.held, stock.sold), (0, 1, 1));
    let ask = rig.purchase(1);
    assert_eq!(rig.buy(ask).unwrap_err(), PurchaseRefused::ByTheRules(Refusal::LimitReached));
    let ask = rig.purchase(2);
    let resumed = rig.buy(ask).unwrap();
    assert_eq!((resumed.receipt.order, resumed.resumed), (held, true));
}

#[test]
fn an_older_copy_put_back_never_gives_a_code_twice() {
    let mut rig = Rig::start();
    rig.run.store.checkpoint().unwrap();
    let file = sale_file(rig.folder.path());
    let copy = std::fs::read(&file).unwrap();
    let used = [rig.order(1), rig.order(2)];
    let Rig { folder, clock, run, relay, tokens } = rig;
    drop((run, relay));
    for suffix in ["-wal", "-shm"] {
        drop(std::fs::remove_file(folder.path().join(format!("sale.db{suffix}"))));
    }
    std::fs::write(&file, copy).unwrap();
    clock.advance(1);
    let (run, relay) = open(&folder, &clock);
    let mut rig = Rig { folder, clock, run, relay, tokens };
    let new = rig.order(3);
    assert!(used.iter().all(|used| *used < new));
}

#[test]
fn a_payment_and_the_expiry_that_would_make_it_late_are_decided_payment_first() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    rig.clock.advance(360_000);
    let ((expiry, mut ended), (pay, mut paid)) = (oneshot::channel(), oneshot::channel());
    rig.batch(vec![
        (Lane::Money, Ask::Order(order, Command::EndHold, String::new(), expiry)),
        (Lane::Money, Ask::Order(order, payment("FT1", PRICE), String::new(), pay)),
    ]);
    assert_eq!((paid.try_recv().unwrap(), ended.try_recv().unwrap()), (Outcome::Done, Outcome::Unchanged));
    assert_eq!(rig.stored(order).record.state, OrderState::Paid { late: false });
}

#[test]
fn an_order_placed_and_cancelled_in_one_batch_is_stored_as_cancelled() {
    let mut rig = Rig::start();
    let ask = rig.purchase(1);
    let order = rig.run.shop.next_order;
    let ((buy, _bought), (cancel, mut cancelled)) = (oneshot::channel(), oneshot::channel());
    rig.batch(vec![
        (Lane::Shopper, Ask::Purchase(Box::new(ask), buy)),
        (Lane::Shopper, Ask::Order(order, Command::Cancel { sid: Sid([1; 16]) }, String::new(), cancel)),
    ]);
    assert_eq!(cancelled.try_recv().unwrap(), Outcome::Done);
    assert_eq!(rig.stored(order).record.state, OrderState::Cancelled(Canceller::Shopper));
    rig.verified();
}

#[test]
fn a_superseded_hold_is_stored_as_such() {
    let mut rig = Rig::start();
    let first = rig.order(1);
    rig.clock.advance(360_000);
    assert_eq!(rig.ask(first, Command::EndHold), Outcome::Done);
    let second = rig.order(1);
    rig.ask(first, payment("FT1", PRICE));
    assert_eq!(rig.stored(first).record.state, OrderState::Paid { late: true });
    assert!(matches!(rig.stored(second).record.state, OrderState::Expired(_)));
    rig.verified();
}

#[test]
fn money_for_no_order_of_ours_is_kept_once() {
    let mut rig = Rig::start();
    let nobody = OrderCode(123_456);
    assert_eq!(rig.ask(nobody, payment("FT1", 5)), Outcome::Done);
    assert_eq!(rig.ask(nobody, payment("FT1", 5)), Outcome::Unchanged);
    let rows = rig.verified().rows;
    let mut rig = rig.restart();
    assert_eq!(rig.ask(nobody, payment("FT1", 5)), Outcome::Unchanged);
    assert_eq!(rig.verified().rows, rows);
}

#[test]
fn a_link_and_its_facts_are_read_back_as_made() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    let facts = LinkFacts {
        id: "link".into(),
        checkout_url: "https://pay.example/link".into(),
        transfer: Some(domain::TransferFacts {
            qr_code: "0002".into(),
            bank_bin: "970422".into(),
            account_number: "1".into(),
            account_name: "SHOP".into(),
            memo: "CS 1".into(),
        }),
    };
    rig.ask(order, Command::AskLink);
    rig.ask(order, Command::LinkMade(facts.clone()));
    assert_eq!(rig.stored(order).record.link.facts(), Some(&facts));
    rig.verified();
}

#[test]
fn nothing_is_sold_while_the_wall_clock_is_far_behind_the_ledger() {
    let mut rig = Rig::start();
    rig.clock.advance(-CLOCK_BEHIND_MS - 1);
    let ask = rig.purchase(1);
    assert_eq!(rig.buy(ask).unwrap_err(), PurchaseRefused::ClockBehind);
    rig.clock.advance(1);
    let ask = rig.purchase(1);
    assert_eq!(rig.buy(ask).unwrap().receipt.ordered_at, START);
}

#[test]
fn a_batch_that_changes_nothing_writes_nothing() {
    let mut rig = Rig::start();
    let rows = rig.verified().rows;
    let (version, mut ask) = (rig.run.published.load().version, rig.purchase(1));
    ask.purchase.quantity = 9;
    assert_eq!(rig.buy(ask).unwrap_err(), PurchaseRefused::ByTheRules(Refusal::InvalidQuantity));
    assert_eq!((rig.verified().rows, rig.run.published.load().version), (rows, version));
}

#[test]
fn what_is_published_is_what_was_committed() {
    let mut rig = Rig::start();
    rig.order(1);
    let published = rig.run.published.load();
    let stock = published.find(DropId(1)).unwrap().stock;
    assert_eq!((stock.available, stock.held, published.seq), (1, 1, rig.verified().head.seq));
}

#[test]
fn verify_finds_every_kind_of_tampering() {
    for (sql, expected) in [
        (
            "UPDATE ledger SET payload = CAST(replace(CAST(payload AS TEXT), '\"quantity\":1', '\"quantity\":2') AS BLOB) WHERE kind = 'order_placed'",
            "was changed",
        ),
        ("UPDATE ledger SET at = at + 1 WHERE seq = 2", "was changed"),
        ("UPDATE ledger SET operator = 'binh' WHERE kind = 'drop_created'", "was changed"),
        ("DELETE FROM ledger WHERE seq = 2", "is missing"),
        ("UPDATE orders SET state = 1", "stored otherwise"),
        ("UPDATE orders SET amount = amount - 1, applied = 0", "stored otherwise"),
        ("UPDATE orders SET email = 'x@example.com'", "committed to"),
        ("DELETE FROM orders", "orders are stored"),
        ("UPDATE drop_counters SET available = available + 1", "stores"),
        ("UPDATE drop_counters SET status = 1", "Paused"),
        ("UPDATE drops SET price = 1", "stored otherwise"),
        ("UPDATE products SET name = 'Boot'", "stored otherwise"),
        ("UPDATE payments SET paid_at = 0", "stored otherwise"),
        ("DELETE FROM unmatched_payments", "unmatched_payments"),
        ("INSERT INTO revoked_tokens VALUES (x'00')", "revoked_tokens"),
    ] {
        let mut rig = Rig::start();
        let order = rig.order(1);
        rig.ask(order, payment("FT1", 60));
        rig.ask(OrderCode(5), payment("FT2", 60));
        rig.verified();
        rig.sql(sql);
        let error = format!("{:#}", verify(rig.folder.path(), None).unwrap_err());
        assert!(error.contains(expected), "{sql}: {error}");
    }
}

#[test]
fn a_head_kept_elsewhere_shows_a_cut_tail() {
    let mut rig = Rig::start();
    let before = rig.verified().head;
    rig.order(1);
    let after = rig.verified().head;
    verify(rig.folder.path(), Some((before.seq, before.hash))).unwrap();
    verify(rig.folder.path(), Some((after.seq, after.hash))).unwrap();
    let rewritten = verify(rig.folder.path(), Some((after.seq, before.hash))).unwrap_err();
    assert!(format!("{rewritten:#}").contains("rewritten"));
    let cut = verify(rig.folder.path(), Some((after.seq + 1, after.hash))).unwrap_err();
    assert!(format!("{cut:#}").contains("cut off"));
}

#[test]
fn a_database_of_another_origin_is_refused() {
    let rig = Rig::start();
    let (answers, _relay) = mpsc::channel(1);
    let other = Run::open(rig.folder.path(), 2, rig.clock.clone(), Arc::new(Metrics::default()), answers);
    assert!(format!("{:#}", other.err().unwrap()).contains("DROPGATE_ORIGIN_NO"));
}

#[test]
fn the_whole_way_of_a_refund_is_stored_and_verifies() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    rig.ask(order, payment("FT1", PRICE + 30));
    let steps = [
        (RefundStep::Batch { batch: 7 }, RefundState::Batched { batch: 7 }),
        (RefundStep::Fail { reason: "closed".into() }, RefundState::Due),
        (RefundStep::Batch { batch: 8 }, RefundState::Batched { batch: 8 }),
        (RefundStep::Sent { bank_reference: "FT7".into() }, RefundState::Sent { batch: 8 }),
        (RefundStep::Confirm, RefundState::Confirmed { batch: 8 }),
    ];
    for (step, state) in steps {
        assert_eq!(rig.ask(order, Command::Refund { number: 1, step }), Outcome::Done);
        assert_eq!(rig.stored(order).record.refunds[0].state, state);
        rig.verified();
    }
}

#[test]
fn released_money_is_stored_as_such_and_verifies() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    rig.ask(order, Command::Cancel { sid: Sid([1; 16]) });
    rig.ask(order, payment("FT1", 60));
    let identity = PaymentIdentity::new("link", "FT1");
    assert_eq!(rig.ask(order, Command::ReleasePayment { identity }), Outcome::Done);
    let record = rig.stored(order).record;
    assert_eq!(record.payments[0].state, PaymentState::Released);
    assert_eq!(record.refunds[0].state, RefundState::Void);
    rig.verified();
}

#[test]
fn an_operators_cancellation_keeps_their_name_and_the_units_where_they_said() {
    let mut rig = Rig::start();
    let order = rig.order(1);
    rig.ask(order, payment("FT1", PRICE));
    let (reply, mut answer) = oneshot::channel();
    let cancel = Command::CancelByOperator { restock: false };
    rig.batch(vec![(Lane::Control, Ask::Order(order, cancel, "binh".into(), reply))]);
    assert_eq!(answer.try_recv().unwrap(), Outcome::Done);
    let rows = ReadStore::open(rig.folder.path()).unwrap().ledger_after(0, 100).unwrap();
    let cancelled = rows.iter().find(|row| row.entry.fact.kind() == "order_cancelled").unwrap();
    assert_eq!(cancelled.entry.operator, "binh");
    let rig = rig.restart();
    let stock = rig.run.shop.drops[&DropId(1)].state.stock();
    assert_eq!((stock.available, stock.withdrawn), (1, 1));
    rig.verified();
}

#[test]
fn every_hold_of_a_killed_drop_is_due_at_once_and_after_a_restart() {
    let mut rig = Rig::start();
    let orders = [rig.order(1), rig.order(2)];
    let due = |rig: &mut Rig| {
        let (reply, mut answer) = oneshot::channel();
        rig.batch(vec![(Lane::Control, Ask::Due(OrderCode(0), 10, reply))]);
        answer.try_recv().unwrap()
    };
    assert_eq!(due(&mut rig), []);
    let (reply, _answer) = oneshot::channel();
    rig.batch(vec![(Lane::Control, Ask::Drop(DropId(1), Command::Kill, "an".into(), reply))]);
    assert_eq!(due(&mut rig), orders);
    let mut rig = rig.restart();
    assert_eq!(due(&mut rig), orders);
}
