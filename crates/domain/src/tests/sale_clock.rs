//! The time of the sale under clocks that are set, creep, stop and lie.

use proptest::prelude::*;

use crate::*;

const BEGIN: Timestamp = Timestamp(1_800_000_000_000);
const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// A machine whose wall clock can be set.
#[derive(Clone)]
struct Machine {
    wall_ms: i64,
    monotonic_ms: i64,
    synchronised: bool,
}

impl Machine {
    fn new() -> Self {
        Self { wall_ms: BEGIN.0, monotonic_ms: 7, synchronised: false }
    }

    fn passes(&mut self, ms: i64) {
        self.wall_ms += ms;
        self.monotonic_ms += ms;
    }

    fn reading(&self) -> ClockReading {
        ClockReading { wall_us: self.wall_ms * 1_000, monotonic_us: self.monotonic_ms * 1_000 }
    }

    /// Starts a sale after a start of the machine.
    fn starts(&self, last_row_at: Option<Timestamp>, needs_synchronised: bool) -> SaleClock {
        SaleClock::start(ClockStart {
            reading: self.reading(),
            last_row_at,
            ahead_of_monotonic_us: None,
            was_waiting: false,
            synchronised: self.synchronised,
            needs_synchronised,
        })
    }

    fn step(&self, clock: &mut SaleClock) -> Option<ClockNews> {
        clock.step(self.reading(), || self.synchronised)
    }
}

#[test]
fn a_large_step_is_told_once_and_not_followed_and_its_end_is_told() {
    for step in [90 * SECOND, HOUR, DAY, -90 * SECOND, -HOUR, -DAY, CLOCK_STEP_MS + 1, -CLOCK_STEP_MS - 1] {
        let mut machine = Machine::new();
        let mut clock = machine.starts(None, false);
        machine.wall_ms += step;
        assert_eq!(machine.step(&mut clock), Some(ClockNews::Step { ms: step }));
        machine.passes(4 * SECOND);
        assert_eq!(machine.step(&mut clock), None);
        assert_eq!((clock.time(), clock.step_ms()), (BEGIN.plus_seconds(4), Some(step)));
        machine.wall_ms -= step;
        assert_eq!(machine.step(&mut clock), Some(ClockNews::Gone));
        assert_eq!((clock.time(), clock.step_ms()), (BEGIN.plus_seconds(4), None));
    }
}

#[test]
fn another_step_upon_a_step_is_told_as_well() {
    let mut machine = Machine::new();
    let mut clock = machine.starts(None, false);
    machine.wall_ms += HOUR;
    machine.step(&mut clock);
    machine.wall_ms += HOUR;
    assert_eq!(machine.step(&mut clock), Some(ClockNews::Step { ms: 2 * HOUR }));
}

#[test]
fn a_small_step_is_followed_within_a_minute() {
    for step in [SECOND, CLOCK_STEP_MS, -SECOND, -CLOCK_STEP_MS] {
        let mut machine = Machine::new();
        let mut clock = machine.starts(None, false);
        machine.wall_ms += step;
        for _ in 0..60 {
            machine.passes(SECOND);
            assert_eq!(machine.step(&mut clock), None);
        }
        assert_eq!(clock.time(), Timestamp(machine.wall_ms));
    }
}

#[test]
fn a_wall_clock_that_creeps_away_is_left_alone() {
    let mut machine = Machine::new();
    let mut clock = machine.starts(None, false);
    let mut told = 0;
    for _ in 0..900 {
        machine.passes(SECOND);
        machine.wall_ms += 4 * SECOND;
        told += usize::from(machine.step(&mut clock).is_some());
    }
    assert!(told > 1);
    assert!(clock.time().0 - BEGIN.plus_seconds(900).0 < SECOND, "{:?}", clock.time());
}

#[test]
fn an_accepted_step_is_the_time_from_then_on() {
    for step in [HOUR, -HOUR] {
        let mut machine = Machine::new();
        let mut clock = machine.starts(None, false);
        machine.wall_ms += step;
        machine.step(&mut clock);
        clock.accept();
        machine.passes(SECOND);
        assert_eq!(machine.step(&mut clock), None);
        assert_eq!(clock.time(), Timestamp(machine.wall_ms));
    }
}

#[test]
fn a_process_that_starts_again_goes_on_whatever_the_wall_clock_says() {
    for step in [90 * SECOND, HOUR, DAY, -90 * SECOND, -HOUR, -DAY] {
        let mut machine = Machine::new();
        let before = machine.starts(None, false);
        machine.wall_ms += step;
        machine.passes(HOUR);
        let mut clock = SaleClock::start(ClockStart {
            reading: machine.reading(),
            last_row_at: Some(BEGIN),
            ahead_of_monotonic_us: Some(before.ahead_of_monotonic_us()),
            was_waiting: false,
            synchronised: true,
            needs_synchronised: true,
        });
        assert_eq!(clock.time().0, BEGIN.0 + HOUR);
        assert_eq!(machine.step(&mut clock), Some(ClockNews::Step { ms: step }));
    }
}

#[test]
fn a_machine_that_was_down_begins_by_its_wall_clock() {
    for (synchronised, needs) in [(false, false), (true, false), (true, true)] {
        let machine = Machine { synchronised, ..Machine::new() };
        let last = BEGIN.plus_ms(-DAY);
        assert_eq!(machine.starts(Some(last), needs).time(), BEGIN);
        assert_eq!(machine.starts(None, needs).time(), BEGIN);
    }
}

#[test]
fn a_clock_ahead_that_is_not_synchronised_waits_for_the_kernels_word() {
    let mut machine = Machine::new();
    let last = BEGIN.plus_ms(-HOUR);
    let mut clock = machine.starts(Some(last), true);
    assert_eq!(machine.step(&mut clock), Some(ClockNews::Step { ms: HOUR }));
    machine.passes(SECOND);
    assert_eq!((machine.step(&mut clock), clock.time()), (None, last.plus_seconds(1)));
    machine.synchronised = true;
    assert_eq!((machine.step(&mut clock), clock.time()), (Some(ClockNews::Gone), Timestamp(machine.wall_ms)));
    // From here on the word changes nothing any more.
    machine.wall_ms += HOUR;
    assert_eq!(machine.step(&mut clock), Some(ClockNews::Step { ms: HOUR }));
}

#[test]
fn a_clock_behind_the_ledger_goes_on_from_the_ledger_until_it_is_put_right() {
    let mut machine = Machine { synchronised: true, ..Machine::new() };
    let last = BEGIN.plus_ms(DAY);
    let mut clock = machine.starts(Some(last), false);
    assert_eq!(machine.step(&mut clock), Some(ClockNews::Step { ms: -DAY }));
    machine.passes(SECOND);
    assert_eq!((machine.step(&mut clock), clock.time()), (None, last.plus_seconds(1)));
    machine.wall_ms += DAY + HOUR;
    assert_eq!(machine.step(&mut clock), Some(ClockNews::Gone));
    assert_eq!(clock.time(), Timestamp(machine.wall_ms));
}

#[test]
fn a_clock_a_moment_behind_the_ledger_waits_for_it_without_an_alarm() {
    let mut machine = Machine::new();
    let last = BEGIN.plus_ms(CLOCK_STEP_MS);
    let mut clock = machine.starts(Some(last), true);
    assert_eq!((clock.time(), machine.step(&mut clock)), (last, None));
    machine.passes(SECOND);
    assert_eq!((machine.step(&mut clock), clock.time()), (None, last.plus_ms(900)));
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Passes(i64),
    IsSet(i64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0..2 * HOUR).prop_map(Act::Passes),
        3 => (0..100_i64).prop_map(Act::Passes),
        1 => (-2 * DAY..2 * DAY).prop_map(Act::IsSet),
        1 => (-CLOCK_STEP_MS..=CLOCK_STEP_MS).prop_map(Act::IsSet),
    ]
}

proptest! {
    /// Whatever the wall clock does, the sale's time runs at nine to eleven tenths of the time that passes.
    #[test]
    fn no_wall_clock_moves_the_sale_by_more_than_a_tenth(acts in prop::collection::vec(act(), 0..60)) {
        let mut machine = Machine::new();
        let mut clock = machine.starts(None, false);
        for act in acts {
            let before = clock.time().0;
            let passed = match act {
                Act::Passes(ms) => { machine.passes(ms); ms }
                Act::IsSet(ms) => { machine.wall_ms += ms; 0 }
            };
            machine.step(&mut clock);
            let moved = clock.time().0 - before;
            prop_assert!((moved - passed).abs() <= passed / 10 + 1, "{passed} ms passed, {moved} ms for the sale");
            let ahead = machine.wall_ms - clock.time().0;
            prop_assert_eq!(clock.step_ms().is_some(), ahead.abs() > CLOCK_STEP_MS, "{} ms ahead", ahead);
        }
    }

    /// Steps that are gone again leave no trace.
    #[test]
    fn a_step_that_has_gone_changes_nothing(
        step in prop_oneof![CLOCK_STEP_MS * 3..2 * DAY, -2 * DAY..-CLOCK_STEP_MS * 3],
        lasts in prop::collection::vec(0..HOUR, 1..10),
    ) {
        let mut machine = Machine::new();
        let mut clock = machine.starts(None, false);
        machine.wall_ms += step;
        for ms in &lasts {
            machine.step(&mut clock);
            machine.passes(*ms);
        }
        machine.wall_ms -= step;
        machine.step(&mut clock);
        prop_assert_eq!(clock.time().0, BEGIN.0 + lasts.iter().sum::<i64>());
    }
}
