//! The writer on a real database, one batch at a time.

mod broken_rows;
mod clock;
mod endpoints;
mod entries;
mod old_file;
mod payments;
mod payouts;
mod published;
mod refunds;
mod sale;
mod tampering;
mod verify;
mod views;
mod webhooks;

use domain::{
    Canceller, Command, DropId, Format, Jti, LinkFacts, OrderState, Outcome, Payment, PaymentIdentity, PaymentState,
    Proof, Purchase, RefundState, RefundStep, Refusal, Region, SentBy, Sid, Sub, Terms, UnmatchedStep, Vnd,
};
use engine::{
    Acceptance, Buyer, CLOCK_BEHIND_MS, ClockRefused, Destination, MoneyPlace, MovePayment, MoveRefused, NO_ORDER,
    NewDrop, NewProduct, OrderRequest, Payer, ProductOf, PurchaseRefused, PurchaseReply, PurchaseRequest, RefundId,
    Reply, Request, Salt, UnmatchedRequest,
};
use ledger::RowKind;
use tempfile::TempDir;

use super::*;
use crate::store::{ReadStore, sale_file, verify};

const START: Timestamp = Timestamp(1_800_000_000_000);
const PRICE: i64 = 100;
const LATE_SECONDS: i64 = 3_600;

struct Rig {
    folder: TempDir,
    clock: Clock,
    run: Run,
    relay: mpsc::Receiver<Vec<Answered>>,
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
        self.create_drop_of(slug, Terms { closes_at, ..terms(size) });
    }

    fn create_drop_of(&mut self, slug: &str, terms: Terms) {
        let product = NewProduct { name: "Shoe".into(), description: String::new(), image_url: String::new() };
        let drop = NewDrop { slug: slug.into(), product: ProductOf::New(product), terms };
        match self.ask(Request::CreateDrop { drop, operator: "an".into() }) {
            Reply::Listing(created) => assert!(created.is_ok()),
            other => panic!("{other:?}"),
        }
    }

    /// Decides the requests in one batch; replies in their order.
    fn batch_of(&mut self, requests: Vec<Request>) -> Vec<Reply> {
        let (mut waiting, mut replies) = (Vec::new(), Vec::new());
        for request in requests {
            let (reply_to, reply) = oneshot::channel();
            waiting.push(Waiting { request: Box::new(request), reply_to });
            replies.push(reply);
        }
        // The relay blocks a runtime's thread; a test has none, so the channel is emptied here.
        self.run.process(&mut waiting).unwrap();
        self.relay.try_recv().unwrap().into_iter().for_each(Answered::send);
        replies.into_iter().map(|mut reply| reply.try_recv().unwrap()).collect()
    }

    fn batch<const N: usize>(&mut self, requests: [Request; N]) -> [Reply; N] {
        self.batch_of(Vec::from(requests)).try_into().unwrap()
    }

    fn ask(&mut self, request: Request) -> Reply {
        let [reply] = self.batch([request]);
        reply
    }

    fn purchase(&mut self, who: u8) -> PurchaseRequest {
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
        PurchaseRequest { drop: DropId(1), purchase, buyer, salt }
    }

    fn buy(&mut self, purchase: PurchaseRequest) -> PurchaseReply {
        bought(self.ask(Request::Purchase(purchase)))
    }

    fn order(&mut self, who: u8) -> OrderCode {
        let purchase = self.purchase(who);
        self.buy(purchase).unwrap().receipt.order
    }

    fn command(&mut self, order: OrderCode, command: Command) -> Outcome {
        outcome(self.ask(about(order, command)))
    }

    /// As [`Self::command`], of money whose bank said where it came from.
    fn command_from(&mut self, order: OrderCode, command: Command, payer: Option<Destination>) -> Outcome {
        outcome(self.ask(Request::Order(OrderRequest { order, command, operator: String::new(), payer })))
    }

    fn kill(&mut self, drop: u32) {
        self.ask(Request::Drop { drop: DropId(drop), command: Command::Kill, operator: "an".into() });
    }

    fn export(&mut self) -> Option<u64> {
        match self.ask(Request::ExportRefunds { operator: "binh".into() }) {
            Reply::Exported(batch) => batch,
            other => panic!("{other:?}"),
        }
    }

    /// A list of transfers: what, and to which account.
    fn list(&self, batch: u64) -> Vec<(RefundId, String)> {
        let transfers = ReadStore::open(self.folder.path()).unwrap().refund_transfers(batch).unwrap();
        transfers.into_iter().map(|transfer| (transfer.refund, transfer.destination.account_number)).collect()
    }

    fn stored(&self, order: OrderCode) -> engine::StoredOrder {
        ReadStore::open(self.folder.path()).unwrap().load_order(order).unwrap().unwrap()
    }

    fn verified(&self) -> crate::store::Verified {
        verify(self.folder.path(), None).unwrap()
    }

    fn sql(&self, sql: &str) {
        crate::store::tamper(&sale_file(self.folder.path()), sql).unwrap();
    }
}

fn terms(size: u32) -> Terms {
    Terms {
        drop: DropId(0),
        format: Format::FirstCome,
        size,
        price: Vnd::new(PRICE).unwrap(),
        opens_at: START,
        closes_at: None,
        limit_per_customer: 1,
        hold_seconds: 300,
        late_payment_seconds: LATE_SECONDS as u32,
    }
}

fn open(folder: &TempDir, clock: &Clock) -> (Run, mpsc::Receiver<Vec<Answered>>) {
    let (replies, relay) = mpsc::channel(REPLIES_MAX);
    let (run, _) = Run::open(folder.path(), 1, clock.clone(), replies).unwrap();
    (run, relay)
}

fn account(number: &str) -> Destination {
    Destination {
        bank: "970422".into(),
        account_number: number.into(),
        account_name: "AN".into(),
        salt: Some(Salt([7; 16])),
    }
}

fn about(order: OrderCode, command: Command) -> Request {
    Request::Order(OrderRequest { order, command, operator: String::new(), payer: None })
}

fn outcome(reply: Reply) -> Outcome {
    match reply {
        Reply::Order { outcome, .. } => outcome,
        other => panic!("{other:?}"),
    }
}

fn bought(reply: Reply) -> PurchaseReply {
    match reply {
        Reply::Purchase(reply) => reply,
        other => panic!("{other:?}"),
    }
}

fn buyer(who: u8) -> Buyer {
    Buyer {
        name: format!("An {who}"),
        phone: "+84912345678".into(),
        email: "an@example.com".into(),
        address: None,
        language: engine::Language::Vietnamese,
    }
}

fn again(first: &PurchaseRequest) -> PurchaseRequest {
    // A second request draws a salt of its own.
    let salt = Salt([99; 16]);
    let purchase = Purchase { buyer_commit: first.buyer.commit(salt), ..first.purchase.clone() };
    PurchaseRequest { drop: first.drop, purchase, buyer: first.buyer.clone(), salt }
}

fn payment(reference: &str, amount: i64) -> Command {
    Command::Payment(Payment {
        identity: PaymentIdentity::new("link", reference),
        amount: Vnd::new(amount).unwrap(),
        paid_at: START,
        proof: Proof::Webhook,
        account: None,
    })
}
