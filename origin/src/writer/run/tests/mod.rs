//! The writer on a real database, one batch at a time.

mod payments;
mod published;
mod refunds;
mod sale;
mod verify;

use domain::{
    Canceller, DropId, Format, Jti, LinkFacts, OrderState, Outcome, Payment, PaymentIdentity, PaymentState, Proof,
    Purchase, RefundState, RefundStep, Refusal, Region, Sid, Sub, Terms, UnmatchedStep, Vnd,
};
use ledger::RowKind;
use tempfile::TempDir;

use super::super::ask::{
    MovePayment, MoveRefused, NewDrop, NewProduct, ProductOf, PurchaseAnswer, PurchaseAsk, PurchaseRefused,
    UnmatchedAsk,
};
use super::super::batch::NO_ORDER;
use super::*;
use crate::store::{Buyer, Destination, Payer, ReadStore, RefundId, Salt, sale_file, verify};

const START: Timestamp = Timestamp(1_800_000_000_000);
const PRICE: i64 = 100;
const LATE_SECONDS: i64 = 3_600;

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
        rig.create_drop("shoe", 2);
        rig
    }

    /// As after a crash: what is in memory is gone.
    fn restart(self) -> Self {
        let Self { folder, clock, run, relay, tokens } = self;
        drop((run, relay));
        let (run, relay) = open(&folder, &clock);
        Self { folder, clock, run, relay, tokens }
    }

    /// Lets `sells` happen, then puts back the file of before it, as from a backup.
    fn restore_to_before(mut self, sells: impl FnOnce(&mut Self)) -> Self {
        self.run.store.checkpoint().unwrap();
        let file = sale_file(self.folder.path());
        let copy = std::fs::read(&file).unwrap();
        sells(&mut self);
        let Self { folder, clock, run, relay, tokens } = self;
        drop((run, relay));
        for suffix in ["-wal", "-shm"] {
            drop(std::fs::remove_file(folder.path().join(format!("sale.db{suffix}"))));
        }
        std::fs::write(&file, copy).unwrap();
        clock.advance(1);
        let (run, relay) = open(&folder, &clock);
        Self { folder, clock, run, relay, tokens }
    }

    fn create_drop(&mut self, slug: &str, size: u32) {
        self.create_drop_until(slug, size, None);
    }

    fn create_drop_until(&mut self, slug: &str, size: u32, closes_at: Option<Timestamp>) {
        let terms = Terms {
            drop: DropId(0),
            format: Format::FirstCome,
            size,
            price: Vnd::new(PRICE).unwrap(),
            opens_at: START,
            closes_at,
            limit_per_customer: 1,
            hold_seconds: 300,
            late_payment_seconds: LATE_SECONDS as u32,
        };
        let product = NewProduct { name: "Shoe".into(), description: String::new(), image_url: String::new() };
        let drop = NewDrop { slug: slug.into(), product: ProductOf::New(product), terms };
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
            region: Region::N01,
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
        self.batch(vec![(Lane::Money, Ask::Order(ask_of(order, command, String::new()), reply))]);
        answer.try_recv().unwrap()
    }

    /// As [`Self::ask`], of money whose bank said where it came from.
    fn ask_from(&mut self, order: OrderCode, command: Command, payer: Option<Destination>) -> Outcome {
        let (reply, mut answer) = oneshot::channel();
        self.batch(vec![(Lane::Money, Ask::Order(OrderAsk { payer, ..ask_of(order, command, String::new()) }, reply))]);
        answer.try_recv().unwrap()
    }

    fn kill(&mut self, drop: u32) {
        let (reply, _answer) = oneshot::channel();
        self.batch(vec![(Lane::Control, Ask::Drop(DropId(drop), Command::Kill, "an".into(), reply))]);
    }

    fn export(&mut self) -> Option<u64> {
        let (reply, mut answer) = oneshot::channel();
        self.batch(vec![(Lane::Control, Ask::ExportRefunds("binh".into(), reply))]);
        answer.try_recv().unwrap()
    }

    /// A list of transfers: what, and to which account.
    fn list(&self, batch: u64) -> Vec<(RefundId, String)> {
        let transfers = ReadStore::open(self.folder.path()).unwrap().refund_transfers(batch).unwrap();
        transfers.into_iter().map(|transfer| (transfer.refund, transfer.destination.account_number)).collect()
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
    let (run, _) = Run::open(folder.path(), 1, clock.clone(), answers).unwrap();
    (run, relay)
}

fn account(number: &str) -> Destination {
    Destination { bank: "970422".into(), account_number: number.into(), account_name: "AN".into() }
}

fn ask_of(order: OrderCode, command: Command, operator: String) -> OrderAsk {
    OrderAsk { order, command, operator, payer: None }
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
