//! `kill -9` at random moments, from the first instruction of a start on.

use harness::StartOptions;

use crate::{
    load::{LOAD_SIZE, LoadSize},
    random::Random,
    settings::setting,
    tested_origin::TestedOrigin,
};

/// As many as fit a normal run of the tests; `DROPGATE_CRASH_ROUNDS` sets another count.
const ROUNDS: u64 = 25;
/// Rounds of one data folder, so that crashes follow crashes and the ledger stays short.
const ROUNDS_PER_ORIGIN: u64 = 5;
/// A start takes about a fifth of this time.
const KILL_WITHIN_MS: u64 = 350;

#[tokio::test]
async fn a_kill_9_at_any_moment_loses_nothing_acknowledged_and_doubles_nothing() {
    let rounds = setting("DROPGATE_CRASH_ROUNDS").unwrap_or(ROUNDS);
    let (mut random, seed) = Random::from_settings();
    println!("{rounds} rounds; DROPGATE_CRASH_SEED={seed} repeats this run");
    let mut tested = TestedOrigin::prepare().await;
    let (mut acknowledged, mut unanswered, mut paid) = (0, 0, 0);
    for round in 0..rounds {
        if round > 0 && round.is_multiple_of(ROUNDS_PER_ORIGIN) {
            tested.assert_final_state().await;
            tested = TestedOrigin::prepare().await;
        }
        let (orders, payments) = (tested.expectations.acknowledged.len(), tested.expectations.payments.len());
        kill_under_load(&mut tested, &mut random).await;
        acknowledged += tested.expectations.acknowledged.len() - orders;
        unanswered += tested.expectations.unanswered.len();
        paid += tested.expectations.payments.len() - payments;
        tested.assert_files_hold().await;
        tested.assert_recovers(orders).await;
        tested.open_another_narrow_drop();
        if random.one_in(3) {
            let exit = tested.origin.stop().await;
            assert!(exit.status.success(), "{}", exit.stderr);
        } else {
            tested.origin.kill().await;
        }
    }
    tested.assert_final_state().await;
    println!("{acknowledged} orders acknowledged before a kill, {unanswered} unanswered, {paid} payments");
    assert!(acknowledged > 0 && unanswered > 0 && paid > 0, "the kills met no load");
}

async fn kill_under_load(tested: &mut TestedOrigin, random: &mut Random) {
    let kill_after = random.duration_below(KILL_WITHIN_MS);
    let kill_narrow_after = random.one_in(3).then(|| random.duration_below(KILL_WITHIN_MS));
    tested.origin.spawn(&StartOptions::default());
    let load = tested.start_load(LoadSize { kill_narrow_after, ..LOAD_SIZE }, random);
    tokio::time::sleep(kill_after).await;
    tested.origin.kill().await;
    tested.expectations.merge(load.finish().await);
}
