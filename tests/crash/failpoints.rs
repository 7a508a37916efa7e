//! The process ends at a named point of a batch, under load. `origin/src/failpoint.rs` says what each means.

use std::os::unix::process::ExitStatusExt;

use harness::StartOptions;
use rustix::process::Signal;

use crate::{
    load::{LOAD_SIZE, LoadSize},
    random::Random,
    tested_origin::TestedOrigin,
};

const BUYERS: LoadSize = LoadSize { payers: 0, ..LOAD_SIZE };
/// The load fills so many batches in a fraction of a second.
const BATCHES: u64 = 60;

#[tokio::test]
async fn a_crash_at_any_point_of_any_batch_loses_nothing_acknowledged_and_doubles_nothing() {
    let (mut random, seed) = Random::from_settings();
    println!("DROPGATE_CRASH_SEED={seed} repeats this run");
    let mut tested = TestedOrigin::prepare().await;
    for point in ["decided", "written", "committed", "answered"] {
        for nth in [1, 1 + random.below(BATCHES)] {
            println!("{point}:{nth}");
            let from = tested.expectations.acknowledged.len();
            crash_at(&mut tested, point, nth, LOAD_SIZE, &mut random).await;
            tested.assert_files_hold().await;
            tested.assert_recovers(from).await;
            tested.origin.kill().await;
        }
    }
    tested.assert_final_state().await;
}

#[tokio::test]
async fn a_crash_before_the_commit_has_acknowledged_and_stored_nothing() {
    for point in ["decided", "written"] {
        let mut tested = TestedOrigin::prepare().await;
        tested.empty_outbox().await;
        crash_at(&mut tested, point, 1, BUYERS, &mut Random::from_seed(1)).await;
        assert_eq!(tested.expectations.acknowledged.len(), 0, "acknowledged before it was on disk, at {point}");
        assert!(!tested.expectations.unanswered.is_empty(), "no shopper bought");
        assert_eq!(tested.assert_files_hold().await, 0, "stored at {point}");
        tested.assert_final_state().await;
    }
}

#[tokio::test]
async fn what_was_committed_without_a_response_is_stored_and_returned_for_the_same_token() {
    let mut tested = TestedOrigin::prepare().await;
    tested.empty_outbox().await;
    crash_at(&mut tested, "committed", 1, BUYERS, &mut Random::from_seed(2)).await;
    assert_eq!(tested.expectations.acknowledged.len(), 0, "acknowledged before the point after the commit");
    let stored = tested.assert_files_hold().await;
    assert!(stored > 0, "the committed batch is lost");
    let unanswered = tested.expectations.unanswered.len();
    tested.assert_recovers(0).await;
    assert_eq!(tested.expectations.acknowledged.len() + tested.expectations.refused, unanswered);
    // Orders of the committed batch and orders of the repeated purchases: each token has one.
    assert!(tested.expectations.acknowledged.len() >= stored, "a retry was refused its own order");
    tested.assert_final_state().await;
}

#[tokio::test]
async fn a_crash_right_after_the_last_checkpoint_of_a_stop_loses_nothing() {
    let mut tested = TestedOrigin::prepare().await;
    let mut random = Random::from_seed(3);
    tested.origin.start_with(&StartOptions::crashing_at("checkpointed", 1)).await;
    let load = tested.start_load(LOAD_SIZE, &mut random);
    tokio::time::sleep(random.duration_below(300)).await;
    let exit = tested.origin.stop().await;
    assert_eq!(exit.status.signal(), Some(Signal::ABORT.as_raw()), "{}", exit.stderr);
    tested.expectations.merge(load.finish().await);
    tested.assert_files_hold().await;
    tested.assert_recovers(0).await;
    tested.assert_final_state().await;
}

async fn crash_at(tested: &mut TestedOrigin, point: &str, nth: u64, load_size: LoadSize, random: &mut Random) {
    tested.origin.start_with(&StartOptions::crashing_at(point, nth)).await;
    let load = tested.start_load(load_size, random);
    let exit = tested.origin.wait_for_exit().await;
    assert_eq!(exit.status.signal(), Some(Signal::ABORT.as_raw()), "{}", exit.stderr);
    tested.expectations.merge(load.finish().await);
}
