//! One sale from its first visitor to its last check: everybody in it, and time.

use domain::{Format, Terms, Timestamp, Vnd};

use crate::clocks::Machine;
use crate::operator::Operator;
use crate::oracle::Oracle;
use crate::origin::{DROP, Origin};
use crate::payos::PayOs;
use crate::payouts::PayoutChannel;
use crate::queue::{Queue, ScheduledEvent};
use crate::shopper::Shopper;

pub(crate) const SECOND: i64 = 1_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
/// When every sale begins.
const BEGIN: i64 = 1_800_000_000_000;
/// A sale that takes more steps than this does not come to rest.
const STEPS_MAX: u64 = 2_000_000;

/// How kind the world is to this sale.
pub(crate) struct Weather {
    pub(crate) crash: f64,
    pub(crate) answer_lost: f64,
    pub(crate) webhook_lost: f64,
    pub(crate) webhook_late: f64,
    pub(crate) payos_fails: f64,
    pub(crate) foreign_link: f64,
    /// The writer is held up, so that much gathers in one batch.
    pub(crate) stall: f64,
    pub(crate) tick_ms: i64,
}

pub(crate) struct World {
    pub(crate) rng: fastrand::Rng,
    pub(crate) queue: Queue,
    /// True time. The origin knows only the clocks of its machine.
    pub(crate) now: i64,
    pub(crate) machine: Machine,
    pub(crate) weather: Weather,
    pub(crate) origin: Origin,
    pub(crate) payos: PayOs,
    pub(crate) payouts: PayoutChannel,
    pub(crate) shoppers: Vec<Shopper>,
    pub(crate) operator: Operator,
    pub(crate) oracle: Oracle,
    pub(crate) tokens_minted: u64,
    pub(crate) purchases: u64,
    pub(crate) steps: u64,
    /// What happened, kept only when the run prints its story.
    pub(crate) story: Option<Vec<String>>,
}

impl World {
    pub(crate) fn new(seed: u64, told: bool) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let terms = terms(&mut rng);
        let weather = weather(&mut rng);
        let payos = PayOs::new(&mut rng, BEGIN);
        let machine = Machine::new(rng.u8(0..4) > 0, BEGIN);
        let mut world = Self {
            queue: Queue::default(),
            now: BEGIN,
            machine,
            weather,
            origin: Origin::new(),
            payos,
            payouts: PayoutChannel::default(),
            shoppers: Vec::new(),
            operator: Operator::default(),
            oracle: Oracle::new(terms.clone()),
            tokens_minted: 0,
            purchases: 0,
            steps: 0,
            story: told.then(Vec::new),
            rng,
        };
        world.opens_shop(terms);
        world.shoppers_come();
        world.operator_plans();
        world.payouts_come();
        world.faults_come();
        world
    }

    /// Runs the sale to its end. A broken promise panics.
    pub(crate) fn run(&mut self) {
        while let Some((at, happening)) = self.queue.pop() {
            self.now = at;
            self.steps += 1;
            assert!(self.steps < STEPS_MAX, "the sale does not come to rest: {happening:?}");
            if let Some(story) = &mut self.story {
                story.push(format!("{:>6} {:>9} ms  {happening:?}", self.steps, at - BEGIN));
            }
            self.happen(happening);
        }
        self.assert_end();
    }

    fn happen(&mut self, happening: ScheduledEvent) {
        match happening {
            ScheduledEvent::Shopper(shopper) => self.shopper_moves(shopper),
            ScheduledEvent::Batch => self.batch(),
            ScheduledEvent::Tick(epoch) => self.tick(epoch),
            ScheduledEvent::Effect(effect) => self.effect_goes_on(*effect),
            ScheduledEvent::Operator(deed) => self.operator_does(deed),
            ScheduledEvent::LinkMadeLate(order, amount) => self.payos.make(order, amount, self.now),
            ScheduledEvent::Transfer(order, amount) => self.transfer_arrives(order, amount),
            ScheduledEvent::Webhook(report) => self.webhook_arrives(report),
            ScheduledEvent::ClockStep(ms) => self.clock_steps(ms),
            ScheduledEvent::Synchronised(boot) => self.synchronised(boot),
            ScheduledEvent::Reboot => self.reboot(),
            ScheduledEvent::Crash => self.crash_when_idle(),
            ScheduledEvent::Restart => self.restart(),
            ScheduledEvent::Payout(action) => self.payout_goes_on(action),
            ScheduledEvent::NamesAccount(order) => self.shopper_names_account(order),
        }
    }

    pub(crate) fn after(&mut self, ms: i64, happening: ScheduledEvent) {
        self.queue.push(self.now + ms, happening);
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.rng.f64() < probability
    }

    pub(crate) fn tell(&mut self, line: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            story.push(format!("           {}", line()));
        }
    }

    fn faults_come(&mut self) {
        if self.chance(0.3) {
            for _ in 0..self.rng.usize(1..4) {
                let at = self.rng.i64(0..40 * MINUTE);
                self.after(at, ScheduledEvent::Crash);
            }
        }
        self.clocks_go_wrong();
    }
}

fn terms(rng: &mut fastrand::Rng) -> Terms {
    let opens_at = Timestamp(BEGIN + rng.i64(0..10) * SECOND);
    let closes_after = [None, Some(20 * SECOND), Some(5 * MINUTE), Some(60 * MINUTE)];
    let terms = Terms {
        drop: DROP,
        format: Format::FirstCome,
        size: if rng.bool() { rng.u32(1..6) } else { rng.u32(1..51) },
        price: Vnd::new(rng.i64(1..40) * 50_000).expect("a price is never negative"),
        opens_at,
        closes_at: closes_after[rng.usize(0..4)].map(|ms| opens_at.plus_ms(ms)),
        limit_per_customer: rng.u32(1..5),
        hold_seconds: [10, 60, 300, 300, 900][rng.usize(0..5)],
        late_payment_seconds: [0, 60, 600, 3_600, 86_400][rng.usize(0..5)],
    };
    terms.check().expect("terms that a merchant may set")
}

fn weather(rng: &mut fastrand::Rng) -> Weather {
    let mut maybe = |worst: f64| if rng.u8(0..3) == 0 { rng.f64() * worst } else { 0.0 };
    Weather {
        crash: maybe(0.02),
        answer_lost: maybe(0.2),
        webhook_lost: maybe(0.6),
        webhook_late: maybe(0.3),
        payos_fails: maybe(0.4),
        foreign_link: maybe(0.1),
        stall: maybe(0.2),
        tick_ms: [500, 2_000, 10_000][rng.usize(0..3)],
    }
}
