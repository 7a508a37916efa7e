//! The origin: requests in front of one writer, what it keeps in memory, what is on its disk, and its death.

mod batch;
mod disk;

use std::collections::HashMap;

use domain::{
    Command, DropId, DropState, OrderCode, Outcome, Payment, PaymentIdentity, Refusal, SaleClock, Terms, Timestamp,
    decide,
};
use engine::{
    Destination, NewDrop, NewProduct, OrderFilter, OrderRequest, ProductOf, PurchaseRequest, Reply, Request, Resumed,
    SaleState, UsedTokens,
};

pub(crate) use self::disk::Disk;
use crate::operator::OPERATOR;
use crate::outbox::Effect;
use crate::payos::Report;
use crate::queue::ScheduledEvent;
use crate::world::World;

/// The one drop of a simulated sale.
pub(crate) const DROP: DropId = DropId(1);
/// Orders of a simulated sale that the filter is sized for. Some sales are larger, and the filter mistakes strangers.
const FILTER_ORDERS: usize = 64;

pub(crate) struct Origin {
    /// `None` while the process is down.
    memory: Option<SaleState>,
    pub(crate) disk: Disk,
    pub(crate) sale_clock: Option<SaleClock>,
    /// The sale's time, as published last, against true time.
    pub(crate) sale_ahead: i64,
    /// Which start of the process this is.
    pub(crate) epoch: u32,
    pub(crate) started_at: i64,
    waiting: Vec<Waiting>,
    batch_comes: bool,
    pub(crate) tick_comes: bool,
    /// Links that the hold timer asked about, and when to ask again.
    pub(crate) asked: HashMap<OrderCode, i64>,
}

/// A request that the next batch takes.
struct Waiting {
    request: Request,
    ticket: Ticket,
}

/// Who waits for an answer.
#[derive(Clone, Debug)]
pub(crate) enum Ticket {
    /// The answer changes nothing.
    Unanswered,
    Shopper(usize),
    Effect(Box<Effect>),
    Webhook(Report),
    Refund {
        transfer: usize,
    },
    Timer,
}

#[derive(Debug)]
pub(crate) enum Answer {
    Reply(Reply),
    /// The process died: nothing is known.
    Lost,
}

impl Origin {
    pub(crate) fn new() -> Self {
        Self {
            memory: None,
            disk: Disk::default(),
            sale_clock: None,
            sale_ahead: 0,
            epoch: 0,
            started_at: 0,
            waiting: Vec::new(),
            batch_comes: false,
            tick_comes: false,
            asked: HashMap::new(),
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.memory.is_some()
    }

    /// The drop in memory, unless the process is down.
    pub(crate) fn drop_state(&self) -> Option<&DropState> {
        self.memory.as_ref().and_then(|memory| memory.drops.get(&DROP)).map(|offered| &offered.state)
    }

    pub(crate) fn assert_replay_agrees(&self, now: Timestamp) {
        self.disk.assert_replay_agrees(self.drop_state(), now);
    }
}

impl World {
    /// The first start of the process; an operator creates the drop.
    pub(crate) fn opens_shop(&mut self, terms: Terms) {
        let wall = Timestamp(self.wall());
        self.start_clock();
        self.origin.memory = Some(resumed(&self.origin.disk, wall, wall));
        self.origin.epoch = 1;
        self.origin.started_at = self.now;
        let product = NewProduct { name: "Shoe".into(), description: String::new(), image_url: String::new() };
        let drop = NewDrop { slug: "shoe".into(), product: ProductOf::New(product), terms };
        self.ask(Request::CreateDrop { drop, operator: OPERATOR.into() }, Ticket::Unanswered);
        self.batch();
    }

    /// Asks the writer. A process that is down answers nothing: see [`Answer::Lost`].
    pub(crate) fn ask(&mut self, request: Request, ticket: Ticket) {
        if !self.origin.is_up() {
            return self.answer(ticket, Answer::Lost);
        }
        self.origin.waiting.push(Waiting { request, ticket });
        if !self.origin.batch_comes {
            self.origin.batch_comes = true;
            let stalled = self.chance(self.weather.stall);
            let ms = if stalled { self.rng.i64(0..3_000) } else { self.rng.i64(0..10) };
            self.after(ms, ScheduledEvent::Batch);
        }
    }

    /// Asks something of an order. No person asks.
    pub(crate) fn ask_order(&mut self, order: OrderCode, command: Command, ticket: Ticket) {
        let request = OrderRequest { order, command, operator: String::new(), payer: None };
        self.ask(Request::Order(request), ticket);
    }

    pub(crate) fn ask_order_as_operator(&mut self, order: OrderCode, command: Command, ticket: Ticket) {
        let request = OrderRequest { order, command, operator: OPERATOR.into(), payer: None };
        self.ask(Request::Order(request), ticket);
    }

    /// Money that a webhook brought, with the account it came from where the bank said so.
    pub(crate) fn ask_webhook(
        &mut self,
        order: OrderCode,
        payment: Payment,
        payer: Option<Destination>,
        report: Report,
    ) {
        let request = OrderRequest { order, command: Command::Payment(payment), operator: String::new(), payer };
        self.ask(Request::Order(request), Ticket::Webhook(report));
    }

    /// What a handler refuses without the writer, by the drop as of the last commit.
    pub(crate) fn refused_already(&self, request: &PurchaseRequest) -> Option<Refusal> {
        let memory = self.origin.memory.as_ref()?;
        let state = &memory.drops.get(&request.drop)?.state;
        let (now, purchase) = (Timestamp(self.sale_now()), &request.purchase);
        let refusal = memory.order_filter.refuses(state.terms(), state.status(), state.stock(), now, purchase)?;
        // The writer would look at the customer too, and must come to the same.
        let decided = decide(state, None, now, &Command::Purchase(purchase.clone())).outcome;
        assert_eq!(decided, Outcome::Refused(refusal), "a shopper was refused otherwise than by the writer");
        Some(refusal)
    }

    pub(crate) fn answer(&mut self, to: Ticket, answer: Answer) {
        match to {
            Ticket::Unanswered => {}
            Ticket::Shopper(shopper) => self.shopper_hears(shopper, answer),
            Ticket::Effect(effect) => self.effect_hears(*effect, &answer),
            Ticket::Webhook(report) => {
                if matches!(answer, Answer::Lost) {
                    self.webhook_again(report);
                }
            }
            Ticket::Refund { transfer } => self.refund_step_answered(transfer, &answer),
            Ticket::Timer => self.timer_hears(&answer),
        }
    }

    pub(crate) fn crash_when_idle(&mut self) {
        if self.origin.is_up() {
            self.origin.assert_replay_agrees(self.origin.disk.head_at());
            self.die();
        }
    }

    fn die(&mut self) {
        let down_ms = self.rng.i64(100..20_000);
        self.die_for(down_ms);
    }

    /// All that is in memory is gone, and no request that waits is answered. The process is started again.
    pub(crate) fn die_for(&mut self, down_ms: i64) {
        self.tell(|| "the process dies".to_owned());
        self.origin.memory = None;
        self.origin.sale_clock = None;
        self.origin.batch_comes = false;
        self.origin.tick_comes = false;
        self.origin.asked.clear();
        let waiting = std::mem::take(&mut self.origin.waiting);
        self.after(down_ms, ScheduledEvent::Restart);
        for Waiting { ticket, .. } in waiting {
            self.answer(ticket, Answer::Lost);
        }
    }

    pub(crate) fn restart(&mut self) {
        self.origin.epoch += 1;
        self.origin.started_at = self.now;
        self.start_clock();
        let disk = &self.origin.disk;
        let as_of = disk.head_at();
        disk.assert_replay_agrees(None, as_of);
        self.oracle.assert_disk(disk);
        let mut memory = resumed(disk, Timestamp(self.wall()), as_of);
        for (jti, order) in disk.tokens_since(UsedTokens::since(as_of)) {
            memory.restore_token(jti, order);
        }
        let listing = disk.listing().clone();
        memory.restore_product(listing.product.clone());
        memory.restore_drop(listing, disk.restored(as_of));
        self.origin.memory = Some(memory);
        self.tick_soon();
    }
}

/// Codes begin at the time × 32, as in the origin.
fn resumed(disk: &Disk, wall: Timestamp, as_of: Timestamp) -> SaleState {
    let first_order = OrderCode(wall.0.cast_unsigned() * 32);
    let (last_order, last_refund_batch) = (disk.last_order(), disk.last_refund_batch());
    let from = Resumed { as_of, first_order, last_order, last_refund_batch };
    SaleState::resumed(from, OrderFilter::sized_for(FILTER_ORDERS))
}

/// Money as an operator reads it on a statement.
pub(crate) fn on_statement(payment: &Payment) -> Payment {
    let identity = PaymentIdentity::on_statement(&payment.identity.reference);
    Payment { identity, proof: domain::Proof::Operator, ..payment.clone() }
}
