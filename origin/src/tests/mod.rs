//! The writer, the outbox and the hold timer on a real file, beside PayOS's stand-in over HTTP. The clock is moved by
//! hand: what takes a quarter of an hour at night takes milliseconds here.

mod hold_end;
mod outage;
mod payouts;
mod sold_out;
mod views;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use domain::{
    Command, DropId, ExpiryReason, Format, Jti, Link, OrderCode, OrderRecord, OrderState, Outcome, Payment,
    PaymentIdentity, Proof, Purchase, Region, Sid, Stock, Sub, Terms, Timestamp, Vnd,
};
use engine::{Buyer, Language, NewDrop, NewProduct, ProductOf, PurchaseRefused, PurchaseReply, PurchaseRequest, Salt};
use harness::{API_KEY, CHECKSUM_KEY, CLIENT_ID, PayOs, until};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::outbox::{self, Outgoing};
use crate::payos::{DescriptionSalt, PaymentLinks, Payouts};
use crate::ports::Ports;
use crate::reader::Reader;
use crate::store::verify;
use crate::timers::HoldTimer;
use crate::webhooks::Sender;
use crate::writer;

const UNPAID: OrderState = OrderState::Expired(ExpiryReason::Unpaid);
const PRICE: i64 = 250_000;
const HOLD_SECONDS: u32 = 300;
/// From `pay_by` to where the hold ends when its money is known.
const GRACE_MS: i64 = 60_000;
/// How long the hold goes on when its money is not known.
const SETTLING_MS: i64 = 15 * 60_000;
/// No link is asked about more often.
const ASK_AGAIN_MS: i64 = 10_000;
/// The sale's clock goes this far with every look at what the outbox has done: an effect that failed is tried again
/// after seconds of it.
const LOOK_MS: i64 = 100;
/// The outbox looks several times a second; a busy machine may not.
const OUTBOX_DEADLINE: Duration = Duration::from_secs(30);

pub(crate) struct Sale {
    payos: PayOs,
    clock: Clock,
    pub(crate) ports: Ports,
    pub(crate) links: Arc<PaymentLinks>,
    pub(crate) payouts: Arc<Payouts>,
    timer: HoldTimer,
    writer: writer::RunningWriter,
    stop: CancellationToken,
    channels: Vec<JoinHandle<()>>,
    folder: TempDir,
    purchases: u8,
}

impl Sale {
    pub(crate) async fn of(units: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let payos = PayOs::alone(folder.path()).await;
        // PayOS lives in real time and takes no deadline that has passed: the sale begins there too.
        let clock = Clock::manual(Clock::system().now());
        let metrics = Arc::new(Metrics::default());
        let writer = writer::start(folder.path(), 1, clock.clone()).unwrap();
        let mut config = payos::Config::new(CLIENT_ID, API_KEY, CHECKSUM_KEY);
        config.base_url = payos.url();
        let ports = Ports {
            writer: writer.writer.clone(),
            reader: Reader::start(folder.path(), 1).unwrap(),
            clock: clock.clone(),
            metrics,
            retried: Arc::default(),
        };
        let links = Arc::new(PaymentLinks {
            ports: ports.clone(),
            client: payos::Client::new(config).unwrap(),
            description_salt: DescriptionSalt(writer.description_salt),
            public_url: "http://shop.example".to_owned(),
        });
        ports.writer.create_drop(new_drop(units, clock.now()), "an".to_owned()).await.unwrap().unwrap();
        let webhooks = Arc::new(Sender::new(true).unwrap());
        let payouts = Arc::new(payouts_of(&ports, &payos.url()));
        let stop = CancellationToken::new();
        let (mail, sheet, origin_no) = (None, None, 1);
        let outgoing =
            Outgoing { links: links.clone(), payouts: Some(payouts.clone()), mail, sheet, webhooks, origin_no };
        let channels = outbox::start(&ports, outgoing, &stop);
        let timer = HoldTimer::new(ports.clone(), links.clone());
        Self { payos, clock, ports, links, payouts, timer, writer, stop, channels, folder, purchases: 0 }
    }

    async fn tries_to_buy(&mut self, who: u8) -> PurchaseReply {
        self.purchases += 1;
        self.tries_with(who, self.purchases).await
    }

    async fn tries_with(&self, who: u8, token: u8) -> PurchaseReply {
        let (buyer, salt) = (buyer(who), Salt([token; 16]));
        let purchase = Purchase {
            order: OrderCode(0),
            sub: Sub([who; 16]),
            sid: Sid([who; 16]),
            jti: Jti([token; 16]),
            quantity: 1,
            quantity_max: 1,
            region: Region::N01,
            buyer_commit: buyer.commit(salt),
        };
        let (drop, writer) = (DropId(1), &self.ports.writer);
        if let Some(refusal) = writer.refused_already(drop, &purchase, self.clock.now()) {
            return Err(PurchaseRefused::ByTheRules(refusal));
        }
        writer.purchase(PurchaseRequest { drop, purchase, buyer, salt }).await.unwrap()
    }

    pub(crate) async fn buys(&mut self, who: u8) -> OrderCode {
        self.tries_to_buy(who).await.unwrap().receipt.order
    }

    /// An order whose link the shopper has seen.
    pub(crate) async fn buys_with_link(&mut self, who: u8) -> OrderCode {
        let order = self.buys(who).await;
        self.has_link(order).await;
        order
    }

    async fn has_link(&self, order: OrderCode) {
        self.comes_to("its link is made", order, |record| matches!(record.link, Link::Made(_))).await;
    }

    /// Waits for the outbox, whose retries are due by the sale's clock.
    async fn comes_to(&self, what: &str, order: OrderCode, is: impl Fn(&OrderRecord) -> bool) {
        until(what, OUTBOX_DEADLINE, async || {
            self.clock.advance(LOOK_MS);
            is(&self.record(order).await).then_some(())
        })
        .await;
    }

    /// Waits until a channel of the outbox has done what every row written so far owes.
    pub(crate) async fn owes_nothing(&self, channel: &'static str) {
        let last = *self.ports.writer.ledger_seq().borrow();
        until("nothing is owed", OUTBOX_DEADLINE, async || {
            self.clock.advance(LOOK_MS);
            let (cursor, retries) = self.ports.reader.read(move |store| store.outbox(channel)).await.unwrap();
            (cursor >= last && retries.is_empty()).then_some(())
        })
        .await;
    }

    async fn record(&self, order: OrderCode) -> OrderRecord {
        let stored = self.ports.reader.read(move |store| store.load_order(order)).await.unwrap();
        stored.unwrap().record
    }

    async fn state(&self, order: OrderCode) -> OrderState {
        self.record(order).await.state
    }

    /// What is applied and what is owed back.
    async fn money(&self, order: OrderCode) -> (i64, i64) {
        let record = self.record(order).await;
        (record.applied.get(), record.refunds_due().get())
    }

    fn stock(&self) -> Stock {
        self.ports.writer.published().find(DropId(1)).unwrap().stock
    }

    /// Time passes, and the hold timer looks once.
    async fn after(&mut self, ms: i64) {
        self.clock.advance(ms);
        self.timer.tick_once().await.unwrap();
    }

    /// The timer looks this long after `order` was to be paid by.
    async fn after_pay_by(&mut self, order: OrderCode, ms: i64) {
        let at = self.record(order).await.pay_by.plus_ms(ms);
        self.after(at.0 - self.clock.now().0).await;
    }

    async fn receives(&self, order: OrderCode, reference: &str, amount: i64, proof: Proof) {
        let identity = match proof {
            Proof::Operator => PaymentIdentity::on_statement(reference),
            Proof::Webhook | Proof::SignedRead => {
                let link = self.payos.link(order.0).await.unwrap();
                PaymentIdentity::new(link["paymentLinkId"].as_str().unwrap(), reference)
            }
        };
        let payment =
            Payment { identity, amount: Vnd::new(amount).unwrap(), paid_at: self.clock.now(), proof, account: None };
        assert_eq!(self.ports.writer.order(order, Command::Payment(payment)).await.unwrap(), Outcome::Done);
    }

    pub(crate) async fn finish(self) {
        self.stop.cancel();
        for channel in self.channels {
            channel.await.unwrap();
        }
        self.writer.stop().await.unwrap();
        verify(self.folder.path(), None).unwrap();
    }
}

use self::payouts::payouts_of;

fn new_drop(units: u32, opens_at: Timestamp) -> NewDrop {
    let terms = Terms {
        drop: DropId(0),
        format: Format::FirstCome,
        size: units,
        price: Vnd::new(PRICE).unwrap(),
        opens_at,
        closes_at: None,
        limit_per_customer: 1,
        hold_seconds: HOLD_SECONDS,
        late_payment_seconds: 24 * 3_600,
    };
    let product = NewProduct { name: "Shoe".into(), description: String::new(), image_url: String::new() };
    NewDrop { slug: "shoe".into(), product: ProductOf::New(product), terms }
}

fn buyer(who: u8) -> Buyer {
    Buyer {
        name: format!("An {who}"),
        phone: "+84912345678".into(),
        email: "an@example.com".into(),
        address: None,
        language: Language::Vietnamese,
    }
}
