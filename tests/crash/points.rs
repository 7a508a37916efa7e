//! The process ends at a named point of a batch, under load. `origin/src/failpoint.rs` says what each means.

use std::os::unix::process::ExitStatusExt;

use harness::Start;
use rustix::process::Signal;

use crate::{
    chance::Chance,
    rush::{CROWD, Crowd},
    shop::{Shop, within},
};

const BUYERS: Crowd = Crowd { payers: 0, ..CROWD };
/// Batches that a rush makes in a fraction of a second.
const BATCHES: u64 = 60;

#[tokio::test]
async fn a_death_at_any_point_of_any_batch_loses_nothing_acknowledged_and_doubles_nothing() {
    let (mut chance, seed) = Chance::of_this_run();
    println!("the same again with DROPGATE_CRASH_SEED={seed}");
    let mut shop = Shop::opens().await;
    for point in ["decided", "written", "committed", "answered"] {
        for nth in [1, 1 + chance.below(BATCHES)] {
            println!("{point}:{nth}");
            let from = shop.book.bought.len();
            dies_at(&mut shop, point, nth, CROWD, &mut chance).await;
            shop.checks_files().await;
            shop.recovers(from).await;
            shop.origin.kill().await;
        }
    }
    shop.closes().await;
}

#[tokio::test]
async fn a_death_before_the_commit_has_acknowledged_and_stored_nothing() {
    for point in ["decided", "written"] {
        let mut shop = Shop::opens().await;
        shop.goes_quiet().await;
        dies_at(&mut shop, point, 1, BUYERS, &mut Chance::of(1)).await;
        assert_eq!(shop.book.bought.len(), 0, "acknowledged before it was on disk, at {point}");
        assert!(!shop.book.unanswered.is_empty(), "nobody bought");
        assert_eq!(shop.checks_files().await, 0, "stored at {point}");
        shop.closes().await;
    }
}

#[tokio::test]
async fn what_was_committed_and_not_answered_is_there_and_answers_the_same_token() {
    let mut shop = Shop::opens().await;
    shop.goes_quiet().await;
    dies_at(&mut shop, "committed", 1, BUYERS, &mut Chance::of(2)).await;
    assert_eq!(shop.book.bought.len(), 0, "answered before the point after the commit");
    let stored = shop.checks_files().await;
    assert!(stored > 0, "the committed batch is lost");
    let unanswered = shop.book.unanswered.len();
    shop.recovers(0).await;
    assert_eq!(shop.book.bought.len() + shop.book.refused, unanswered);
    // Orders that were there and orders made by the second try: each token has one.
    assert!(shop.book.bought.len() >= stored, "a retry was refused its own order");
    shop.closes().await;
}

#[tokio::test]
async fn a_death_right_after_the_last_checkpoint_of_a_stop_loses_nothing() {
    let mut shop = Shop::opens().await;
    let mut chance = Chance::of(3);
    shop.origin.starts_as(&Start::dying_at("checkpointed", 1)).await;
    let rush = shop.is_rushed_by(CROWD, &mut chance);
    tokio::time::sleep(within(300, &mut chance)).await;
    let ended = shop.origin.stop().await;
    assert_eq!(ended.status.signal(), Some(Signal::ABORT.as_raw()), "{}", ended.said);
    shop.book.adds(rush.ends().await);
    shop.checks_files().await;
    shop.recovers(0).await;
    shop.closes().await;
}

async fn dies_at(shop: &mut Shop, point: &str, nth: u64, crowd: Crowd, chance: &mut Chance) {
    shop.origin.starts_as(&Start::dying_at(point, nth)).await;
    let rush = shop.is_rushed_by(crowd, chance);
    let ended = shop.origin.ends().await;
    assert_eq!(ended.status.signal(), Some(Signal::ABORT.as_raw()), "{}", ended.said);
    shop.book.adds(rush.ends().await);
}
