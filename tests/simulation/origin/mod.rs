//! The origin: lanes in front of one writer, what it remembers, what is on its disk, and its death.

mod batch;
mod disk;

use std::collections::HashMap;

use domain::{Command, DropState, Jti, OrderCode, Outcome, Payment, PaymentIdentity, Purchase, Terms, Timestamp};

pub(crate) use self::disk::{Disk, Fact};
use crate::outbox::Effect;
use crate::payos::Report;
use crate::queue::Happening;
use crate::world::World;

/// The longest a token lives, with what clocks may differ by: the origin's own window.
const WINDOW_MS: i64 = 180_000;

pub(crate) struct Origin {
    /// Nothing while the process is down.
    pub(crate) memory: Option<Memory>,
    pub(crate) disk: Disk,
    /// Which start of the process this is.
    pub(crate) epoch: u32,
    pub(crate) started_at: i64,
    lanes: [Vec<Ask>; 3],
    batch_comes: bool,
    pub(crate) tick_comes: bool,
    /// Links that the hold timer asked about, and when to ask again.
    pub(crate) asked: HashMap<OrderCode, i64>,
}

pub(crate) struct Memory {
    pub(crate) state: DropState,
    tokens: Tokens,
    next_order: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    Control,
    Money,
    Shopper,
}

#[derive(Debug)]
struct Ask {
    what: What,
    from: Ticket,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    Purchase(Box<Purchase>),
    Order(OrderCode, Command),
    Drop(Command),
    /// Gives money of an order to another one.
    Move {
        from: OrderCode,
        identity: PaymentIdentity,
        to: OrderCode,
    },
    /// Gives money of nobody to an order, or to nobody for good.
    Assign {
        unmatched: usize,
        to: Option<OrderCode>,
    },
    /// Every refund that is due goes on one list.
    Export,
}

/// Who waits for an answer.
#[derive(Clone, Debug)]
pub(crate) enum Ticket {
    Nobody,
    Shopper(usize),
    Effect(Box<Effect>),
    Webhook(Report),
    Refund { transfer: usize },
}

#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Outcome(Outcome),
    /// Purchases wait while the clock is behind; tokens that are over are nobody's.
    Unavailable,
    /// The process died: who asked knows nothing.
    Lost,
}

/// Which token made which order, for as long as one can live.
#[derive(Default)]
struct Tokens {
    current: HashMap<Jti, OrderCode>,
    previous: HashMap<Jti, OrderCode>,
    turns_at: i64,
}

impl Tokens {
    fn restored(now: i64, current: HashMap<Jti, OrderCode>) -> Self {
        Self { current, previous: HashMap::new(), turns_at: now + WINDOW_MS }
    }

    fn get(&self, jti: Jti) -> Option<OrderCode> {
        self.current.get(&jti).or_else(|| self.previous.get(&jti)).copied()
    }

    fn turn(&mut self, now: i64) {
        if now >= self.turns_at {
            self.previous = std::mem::take(&mut self.current);
            self.turns_at = now + WINDOW_MS;
        }
    }
}

impl Origin {
    pub(crate) fn open(terms: Terms, wall: i64) -> Self {
        let state = DropState::created(terms.clone());
        let tokens = Tokens::restored(wall, HashMap::new());
        Self {
            memory: Some(Memory { state, tokens, next_order: wall as u64 * 32 }),
            disk: Disk::new(terms),
            epoch: 1,
            started_at: wall,
            lanes: Default::default(),
            batch_comes: false,
            tick_comes: false,
            asked: HashMap::new(),
        }
    }
}

impl World {
    /// Asks the writer. Nobody asks a process that is down: see [`Answer::Lost`].
    pub(crate) fn ask(&mut self, lane: Lane, what: What, from: Ticket) {
        if self.origin.memory.is_none() {
            return self.answer(from, Answer::Lost);
        }
        self.origin.lanes[lane as usize].push(Ask { what, from });
        if !self.origin.batch_comes {
            self.origin.batch_comes = true;
            let stalled = self.chance(self.weather.stall);
            let ms = if stalled { self.rng.i64(0..3_000) } else { self.rng.i64(0..10) };
            self.after(ms, Happening::Batch);
        }
    }

    pub(crate) fn ask_order(&mut self, lane: Lane, order: OrderCode, command: Command, from: Ticket) {
        self.ask(lane, What::Order(order, command), from);
    }

    pub(crate) fn answer(&mut self, to: Ticket, answer: Answer) {
        match to {
            Ticket::Nobody => {}
            Ticket::Shopper(shopper) => self.shopper_hears(shopper, answer),
            Ticket::Effect(effect) => self.effect_hears(*effect, &answer),
            Ticket::Webhook(report) => {
                if matches!(answer, Answer::Lost) {
                    self.webhook_again(report);
                }
            }
            Ticket::Refund { transfer } => self.refund_step_answered(transfer, &answer),
        }
    }

    pub(crate) fn crash_when_idle(&mut self) {
        if let Some(memory) = &self.origin.memory {
            self.origin.disk.check_replay(Some(&memory.state), self.origin.disk.head_at);
            self.die();
        }
    }

    pub(crate) fn clock_steps(&mut self, ms: i64) {
        self.skew += ms;
        self.oracle.clock_stepped_at = self.now;
    }

    /// All that is in memory is gone, and whoever waits hears nothing.
    fn die(&mut self) {
        self.tell(|| "the process dies".to_owned());
        self.origin.memory = None;
        self.origin.batch_comes = false;
        self.origin.tick_comes = false;
        self.origin.asked.clear();
        let waiting: Vec<Ask> = self.origin.lanes.iter_mut().flat_map(std::mem::take).collect();
        let down_ms = self.rng.i64(100..20_000);
        self.after(down_ms, Happening::Restart);
        for ask in waiting {
            self.answer(ask.from, Answer::Lost);
        }
    }

    pub(crate) fn restart(&mut self) {
        let wall = self.wall();
        self.origin.epoch += 1;
        self.origin.started_at = self.now;
        let disk = &self.origin.disk;
        let as_of = disk.head_at;
        disk.check_replay(None, as_of);
        self.oracle.check_disk(disk);
        let tokens = Tokens::restored(as_of, disk.tokens_since(as_of - WINDOW_MS));
        let next_order = disk.last_order().map_or(0, |last| last.0 + 1).max(wall as u64 * 32);
        let state = disk.restored(Timestamp(as_of));
        self.origin.memory = Some(Memory { state, tokens, next_order });
        self.tick_soon();
    }
}

/// Money as an operator reads it on a statement.
pub(crate) fn on_statement(payment: &Payment) -> Payment {
    let identity = PaymentIdentity::on_statement(&payment.identity.reference);
    Payment { identity, proof: domain::Proof::Operator, ..payment.clone() }
}
