//! The clocks of the machine, and the time of the sale, which the process keeps as the origin does.

use domain::{ClockReading, ClockStart, SaleClock};
use engine::BatchTime;

use crate::operator::OperatorAction;
use crate::queue::ScheduledEvent;
use crate::world::{MINUTE, SECOND, World};

const DAY: i64 = 24 * 60 * MINUTE;
/// By how much a wall clock is set, or is wrong when the machine starts. One second is followed.
const STEPS_MS: [i64; 8] = [-SECOND, SECOND, -90 * SECOND, 90 * SECOND, -60 * MINUTE, 60 * MINUTE, -DAY, DAY];
/// What is stored may differ from the sale's clock by this, as in the origin.
const STORED_WITHIN_US: i64 = 1_000_000;

/// The machine under the origin: what is true of its clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine {
    /// The wall clock against true time.
    pub(crate) wall_ahead: i64,
    /// Which start of the machine this is.
    pub(crate) boot: u32,
    /// When the monotonic clock began, in true time.
    booted_at: i64,
    /// The kernel's word.
    pub(crate) synchronised: bool,
    /// Without one the kernel never gives its word.
    has_time_service: bool,
}

/// The sale's clock as it is on disk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoredClock {
    boot: u32,
    ahead_of_monotonic_us: i64,
    waiting: bool,
    synchronised: bool,
}

impl Machine {
    pub(crate) fn new(has_time_service: bool, booted_at: i64) -> Self {
        Self { wall_ahead: 0, boot: 1, booted_at, synchronised: has_time_service, has_time_service }
    }

    fn read(&self, now: i64) -> ClockReading {
        ClockReading { wall_us: (now + self.wall_ahead) * 1_000, monotonic_us: (now - self.booted_at) * 1_000 }
    }
}

impl World {
    pub(crate) fn wall(&self) -> i64 {
        self.now + self.machine.wall_ahead
    }

    /// The time of the sale, as everyone but the writer has it: it runs on from the last batch.
    pub(crate) fn sale_now(&self) -> i64 {
        self.now + self.origin.sale_ahead
    }

    /// Steps of the wall clock, and starts of the machine.
    pub(crate) fn clocks_go_wrong(&mut self) {
        if self.chance(0.3) {
            for _ in 0..self.rng.usize(1..4) {
                let (set, corrected) = (self.rng.i64(0..40 * MINUTE), self.rng.i64(SECOND..40 * MINUTE));
                let ms = STEPS_MS[self.rng.usize(0..STEPS_MS.len())];
                self.after(set, ScheduledEvent::ClockStep(ms));
                if self.chance(0.7) {
                    self.after(set + corrected, ScheduledEvent::ClockStep(-ms));
                }
            }
        }
        if self.chance(0.15) {
            for _ in 0..self.rng.usize(1..3) {
                let at = self.rng.i64(0..40 * MINUTE);
                self.after(at, ScheduledEvent::Reboot);
            }
        }
    }

    pub(crate) fn clock_steps(&mut self, ms: i64) {
        self.machine.wall_ahead += ms;
        self.operator_may_look();
    }

    /// The machine starts anew, with a clock that is right, or was never set.
    pub(crate) fn reboot(&mut self) {
        self.machine.boot += 1;
        self.machine.booted_at = self.now;
        let may_be_wrong = !self.machine.has_time_service || self.rng.bool();
        self.machine.synchronised = !may_be_wrong;
        self.machine.wall_ahead = 0;
        if may_be_wrong {
            if self.chance(0.7) {
                self.machine.wall_ahead = STEPS_MS[self.rng.usize(0..STEPS_MS.len())];
            }
            if self.machine.has_time_service && self.chance(0.8) {
                let ms = self.rng.i64(SECOND..30 * MINUTE);
                self.after(ms, ScheduledEvent::Synchronised(self.machine.boot));
            }
        }
        self.operator_may_look();
        if self.origin.is_up() {
            let down_ms = [self.rng.i64(SECOND..MINUTE), self.rng.i64(MINUTE..120 * MINUTE)][self.rng.usize(0..2)];
            self.die_for(down_ms);
        }
    }

    /// The time service has set the clock, and the kernel gives its word.
    pub(crate) fn synchronised(&mut self, boot: u32) {
        if boot == self.machine.boot {
            self.machine.wall_ahead = 0;
            self.machine.synchronised = true;
        }
    }

    fn operator_may_look(&mut self) {
        if self.chance(0.4) {
            let ms = self.rng.i64(SECOND..20 * MINUTE);
            self.after(ms, ScheduledEvent::Operator(OperatorAction::LookAtClock));
        }
    }

    /// What `clock show` says.
    pub(crate) fn clock_step_shown(&self) -> i64 {
        self.wall() - self.sale_now()
    }

    /// The process finds out the time of the sale when it starts.
    pub(crate) fn start_clock(&mut self) {
        let machine = self.machine;
        let disk = &mut self.origin.disk;
        let stored = disk.clock;
        let needs_synchronised = stored.is_some_and(|stored| stored.synchronised);
        let same_boot = stored.filter(|stored| stored.boot == machine.boot);
        let last_row_at = (disk.head_seq() > 0).then(|| disk.head_at());
        let sale = SaleClock::start(ClockStart {
            reading: machine.read(self.now),
            last_row_at,
            ahead_of_monotonic_us: same_boot.map(|stored| stored.ahead_of_monotonic_us),
            was_waiting: same_boot.is_some_and(|stored| stored.waiting),
            synchronised: machine.synchronised,
            needs_synchronised,
        });
        disk.clock = Some(StoredClock {
            boot: machine.boot,
            ahead_of_monotonic_us: sale.ahead_of_monotonic_us(),
            waiting: sale.is_waiting(),
            synchronised: machine.synchronised || needs_synchronised,
        });
        self.origin.sale_clock = Some(sale);
        self.show_sale_time();
        self.oracle.time.process_starts(&machine, last_row_at.map(|at| at.0), self.now);
    }

    /// The time of a batch. It is on disk, where it has moved, before the rows that go by it.
    pub(crate) fn read_clock(&mut self) -> BatchTime {
        let machine = self.machine;
        let sale = self.origin.sale_clock.as_mut().expect("a process that takes a batch has started its clock");
        sale.step(machine.read(self.now), || machine.synchronised);
        let time = BatchTime::at(sale.time(), self.origin.disk.head_at()).with_step(sale.step_ms());
        self.keep_clock();
        self.show_sale_time();
        self.oracle.time.goes_on(&machine, self.now);
        time
    }

    /// The store writes the accepted step with its row.
    pub(crate) fn accept_step(&mut self, step_ms: i64) {
        if let Some(stored) = &mut self.origin.disk.clock {
            stored.ahead_of_monotonic_us += step_ms * 1_000;
            stored.waiting = false;
        }
        if let Some(sale) = &mut self.origin.sale_clock {
            sale.accept();
        }
        self.show_sale_time();
        self.oracle.time.step_accepted(&self.machine, step_ms, self.now);
    }

    fn keep_clock(&mut self) {
        let (Some(sale), Some(stored)) = (&self.origin.sale_clock, &mut self.origin.disk.clock) else { return };
        let (ahead_of_monotonic_us, waiting) = (sale.ahead_of_monotonic_us(), sale.is_waiting());
        let moved = (stored.ahead_of_monotonic_us - ahead_of_monotonic_us).abs() > STORED_WITHIN_US;
        if moved || stored.waiting != waiting {
            (stored.ahead_of_monotonic_us, stored.waiting) = (ahead_of_monotonic_us, waiting);
        }
    }

    fn show_sale_time(&mut self) {
        if let Some(sale) = &self.origin.sale_clock {
            self.origin.sale_ahead = sale.time().0 - self.now;
        }
    }
}
