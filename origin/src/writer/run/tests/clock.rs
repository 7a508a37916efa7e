//! The sale under clocks that are set, while it sells and across restarts of the process and of the machine.

use super::*;

const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;
const STEPS: [i64; 6] = [90 * SECOND, HOUR, DAY, -90 * SECOND, -HOUR, -DAY];
const HATS: DropId = DropId(2);
const SCARVES: DropId = DropId(3);

/// Hats on sale, five of them held for a quarter of an hour, and scarves that open in half an hour.
fn rig() -> (Rig, Vec<OrderCode>) {
    let mut rig = Rig::start();
    rig.create_drop_of("hat", Terms { hold_seconds: 900, ..terms(20) });
    rig.create_drop_of("scarf", Terms { opens_at: START.plus_seconds(1_800), ..terms(20) });
    let held = (1..=5).map(|who| rig.buys(HATS, who).unwrap()).collect();
    (rig, held)
}

impl Rig {
    fn buys(&mut self, drop: DropId, who: u8) -> Result<OrderCode, PurchaseRefused> {
        let purchase = PurchaseRequest { drop, ..self.purchase(who) };
        self.buy(purchase).map(|accepted| accepted.receipt.order)
    }

    fn due(&mut self) -> Vec<OrderCode> {
        match self.ask(Request::DueHolds { after: OrderCode(0), max: 100 }) {
            Reply::DueHolds(due) => due,
            other => panic!("{other:?}"),
        }
    }

    fn accepts(&mut self, step_ms: i64) -> Result<i64, ClockRefused> {
        match self.ask(Request::AcceptClock { step_ms, operator: "binh".into() }) {
            Reply::Clock(accepted) => accepted,
            other => panic!("{other:?}"),
        }
    }

    fn rows(&self) -> Vec<ledger::LedgerRow> {
        ReadStore::open(self.folder.path()).unwrap().ledger_after(0, 100).unwrap()
    }

    /// Hats sell, no hold is due, no scarf is sold, and the last row is of this time.
    fn sells_at(&mut self, who: u8, time: Timestamp) {
        self.buys(HATS, who).unwrap();
        assert_eq!(self.rows().last().unwrap().at, time);
        assert_eq!(self.due(), []);
        assert_eq!(self.buys(SCARVES, who), Err(PurchaseRefused::ByTheRules(Refusal::NotOpenYet)));
        assert_eq!(self.clock.now(), time);
    }

    fn steps_told(&self) -> u64 {
        self.run.metrics.clock_steps.get()
    }
}

#[test]
fn a_clock_that_is_set_while_selling_ends_no_hold_and_opens_no_drop() {
    for step in STEPS {
        let (mut rig, held) = rig();
        rig.clock.set_ahead(step);
        rig.sells_at(6, START);
        rig.clock.advance(4 * SECOND);
        rig.sells_at(7, START.plus_seconds(4));
        assert_eq!((rig.steps_told(), rig.clock.step_ms()), (1, Some(step)));
        rig.clock.set_ahead(-step);
        rig.sells_at(8, START.plus_seconds(4));
        assert_eq!((rig.steps_told(), rig.clock.step_ms()), (1, None));
        rig.clock.advance(10 * SECOND);
        rig.sells_at(9, START.plus_seconds(14));
        assert!(held.iter().all(|order| rig.stored(*order).record.state == OrderState::Pending));
        rig.verified();
        // What is due by the right clock is due.
        rig.clock.advance(900 * SECOND - 14 * SECOND);
        assert_eq!(rig.due()[..5], held);
        rig.clock.advance(900 * SECOND);
        rig.buys(SCARVES, 6).unwrap();
    }
}

#[test]
fn a_process_that_restarts_while_the_clock_is_wrong_goes_on_with_the_time_of_the_sale() {
    for step in STEPS {
        let (rig, held) = rig();
        rig.clock.set_ahead(step);
        rig.clock.advance(SECOND);
        let mut rig = rig.restart();
        rig.sells_at(6, START.plus_seconds(1));
        // Once more, after a row of the new process.
        rig.clock.advance(SECOND);
        let mut rig = rig.restart();
        rig.sells_at(7, START.plus_seconds(2));
        rig.clock.set_ahead(-step);
        rig.sells_at(8, START.plus_seconds(2));
        assert!(held.iter().all(|order| rig.stored(*order).record.state == OrderState::Pending));
        rig.verified();
    }
}

#[test]
fn a_small_step_that_was_followed_is_not_taken_for_a_large_one_after_a_restart() {
    let (mut rig, _) = rig();
    for _ in 0..3 {
        rig.clock.set_ahead(4 * SECOND);
        for _ in 0..60 {
            rig.clock.advance(SECOND);
            rig.due();
        }
    }
    let mut rig = rig.restart();
    rig.due();
    assert_eq!((rig.steps_told(), rig.clock.step_ms()), (0, None));
    assert!(rig.clock.now().0.abs_diff(START.plus_seconds(192).0) <= 1_000);
}

#[test]
fn a_machine_that_was_down_begins_by_its_wall_clock() {
    let (rig, held) = rig();
    rig.clock.advance(HOUR);
    rig.clock.reboot();
    let mut rig = rig.restart();
    assert_eq!(rig.clock.now(), START.plus_ms(HOUR));
    assert_eq!(rig.due(), held);
    rig.buys(SCARVES, 6).unwrap();
}

#[test]
fn a_machine_whose_clock_is_ahead_and_not_synchronised_waits_for_the_kernels_word() {
    for step in [90 * SECOND, HOUR, DAY] {
        let (rig, _) = rig();
        rig.clock.reboot();
        rig.clock.set_ahead(step);
        rig.clock.set_synchronised(false);
        let mut rig = rig.restart();
        rig.sells_at(6, START);
        assert_eq!((rig.steps_told(), rig.clock.step_ms()), (1, Some(step)));
        // A second start is no surer of the clock.
        let mut rig = rig.restart();
        rig.clock.set_ahead(2 * SECOND - step);
        rig.clock.set_synchronised(true);
        rig.clock.advance(20 * SECOND);
        rig.sells_at(7, START.plus_seconds(22));
        rig.verified();
    }
}

#[test]
fn the_kernels_word_counts_also_when_the_process_has_started_again_before_it_comes() {
    let (rig, held) = rig();
    rig.clock.advance(HOUR);
    rig.clock.reboot();
    rig.clock.set_synchronised(false);
    let mut rig = rig.restart().restart();
    rig.sells_at(6, START);
    rig.clock.set_synchronised(true);
    assert_eq!(rig.due()[..5], held);
    assert_eq!((rig.clock.now(), rig.clock.step_ms()), (START.plus_ms(HOUR), None));
    // Once followed, the word does not make a later step good.
    let mut rig = rig.restart();
    rig.clock.set_ahead(HOUR);
    rig.due();
    assert_eq!((rig.clock.now(), rig.clock.step_ms()), (START.plus_ms(HOUR), Some(HOUR)));
}

#[test]
fn a_machine_whose_clock_is_behind_the_ledger_goes_on_from_the_ledger_until_it_is_right() {
    for step in [-90 * SECOND, -HOUR, -DAY] {
        let (rig, _) = rig();
        rig.clock.reboot();
        rig.clock.set_ahead(step);
        let mut rig = rig.restart();
        rig.sells_at(6, START);
        rig.clock.advance(60 * SECOND);
        rig.clock.set_ahead(-step);
        rig.sells_at(7, START.plus_seconds(60));
        assert_eq!(rig.clock.step_ms(), None);
        rig.verified();
    }
}

#[test]
fn an_accepted_step_forwards_stands_in_the_ledger_and_outlives_a_restart() {
    let (mut rig, held) = rig();
    assert_eq!(rig.accepts(HOUR), Err(ClockRefused::NoStep));
    rig.clock.set_ahead(HOUR);
    assert_eq!(rig.accepts(2 * HOUR), Err(ClockRefused::AnotherStep { step_ms: HOUR }));
    let told_before = rig.steps_told();
    assert_eq!(rig.accepts(HOUR - SECOND), Ok(HOUR));
    let row = rig.rows().pop().unwrap();
    assert_eq!((row.entry.fact, row.at), (ledger::Fact::ClockAccepted { step_ms: HOUR }, START));
    assert_eq!(row.entry.operator, "binh");
    for restarted in [false, true] {
        rig = if restarted { rig.restart() } else { rig };
        assert_eq!((rig.clock.now(), rig.clock.step_ms()), (START.plus_ms(HOUR), None));
        assert_eq!(rig.due(), held);
        rig.buys(SCARVES, 6 + u8::from(restarted)).unwrap();
        assert_eq!(rig.accepts(HOUR), Err(ClockRefused::NoStep));
    }
    assert_eq!(told_before, 1);
    rig.verified();
}

#[test]
fn after_an_accepted_step_back_nothing_is_sold_until_the_clock_shows_the_time_of_the_ledger() {
    let (mut rig, _) = rig();
    rig.clock.set_ahead(-HOUR);
    assert_eq!(rig.accepts(-HOUR), Ok(-HOUR));
    let until = START;
    for restarted in [false, true] {
        rig = if restarted { rig.restart() } else { rig };
        assert_eq!(rig.buys(HATS, 6), Err(PurchaseRefused::ClockBehind { until }));
        assert_eq!((rig.due(), rig.clock.step_ms()), (vec![], None));
        // Money is recorded all the same.
        let reference = if restarted { "FT2" } else { "FT1" };
        let order = rig.rows().iter().find_map(|row| row.entry.fact.order()).unwrap();
        rig.command(order, payment(reference, PRICE));
        assert_eq!(rig.rows().last().unwrap().at, START);
    }
    rig.clock.advance(HOUR - CLOCK_BEHIND_MS);
    rig.sells_late(6);
    rig.verified();
}

impl Rig {
    fn sells_late(&mut self, who: u8) {
        self.buys(HATS, who).unwrap();
        assert_eq!(self.rows().last().unwrap().at, START);
    }
}

/// As when a machine starts before its time is synchronised, and no time service ever told the kernel.
#[test]
fn a_start_with_the_clock_ahead_forgets_neither_customers_nor_tokens() {
    let mut rig = Rig::start();
    rig.create_drop_until("hat", 2, Some(START.plus_seconds(3_600)));
    let of_hats = |purchase: PurchaseRequest| PurchaseRequest { drop: HATS, ..purchase };
    let first = of_hats(rig.purchase(1));
    let repeated = again(&first);
    let order = rig.buy(first).unwrap().receipt.order;
    rig.command(order, payment("FT1", PRICE));
    let mut rig = rig.restart_ahead_and_corrected(30 * DAY);
    assert_eq!(rig.buy(repeated).unwrap().receipt.order, order);
    let second = of_hats(rig.purchase(1));
    assert_eq!(rig.buy(second).unwrap_err(), PurchaseRefused::ByTheRules(Refusal::LimitReached));
}

/// Codes begin at the time of a start, so the next code is far above those of the tokens that still count.
#[test]
fn a_start_with_the_clock_days_ahead_sells_once_it_is_corrected() {
    let mut rig = Rig::start();
    let before = rig.order(1);
    let mut rig = rig.restart_ahead_and_corrected(2 * DAY);
    assert!(rig.order(2).0 - before.0 > 1 << 32);
}

impl Rig {
    /// The machine and the process start with the wall clock this far ahead; it is put right, and an operator accepts.
    fn restart_ahead_and_corrected(self, ahead_ms: i64) -> Self {
        self.clock.reboot();
        self.clock.set_ahead(ahead_ms);
        let mut rig = self.restart();
        assert_eq!(rig.clock.now(), START.plus_ms(ahead_ms));
        rig.clock.set_ahead(-ahead_ms);
        // Nothing has been written since the start, so the ledger is not ahead.
        let seq = rig.run.store.head().seq;
        rig.due();
        assert_eq!((rig.run.store.head().seq, rig.clock.step_ms()), (seq, Some(-ahead_ms)));
        rig.run.time.accept_step();
        rig
    }
}
