//! `kill -9` at random moments, from the first instruction of a start on.

use harness::Start;

use crate::{
    chance::Chance,
    rush::{CROWD, Crowd},
    shop::{Shop, within},
};

/// As many as fit a normal run of the tests; `DROPGATE_CRASH_ROUNDS` asks for more.
const ROUNDS: u64 = 25;
/// A shop lives through this many, so that crashes follow crashes and its ledger stays short.
const ROUNDS_PER_SHOP: u64 = 5;
/// A start takes about a fifth of it.
const KILL_WITHIN_MS: u64 = 350;

#[tokio::test]
async fn a_kill_9_at_any_moment_loses_nothing_acknowledged_and_doubles_nothing() {
    let rounds = setting("DROPGATE_CRASH_ROUNDS").unwrap_or(ROUNDS);
    let (mut chance, seed) = Chance::of_this_run();
    println!("{rounds} rounds; the same again with DROPGATE_CRASH_SEED={seed}");
    let mut shop = Shop::opens().await;
    let (mut acknowledged, mut unanswered, mut transfers) = (0, 0, 0);
    for round in 0..rounds {
        if round > 0 && round.is_multiple_of(ROUNDS_PER_SHOP) {
            shop.closes().await;
            shop = Shop::opens().await;
        }
        let (bought, paid) = (shop.book.bought.len(), shop.book.transfers.len());
        is_killed_in_a_rush(&mut shop, &mut chance).await;
        acknowledged += shop.book.bought.len() - bought;
        unanswered += shop.book.unanswered.len();
        transfers += shop.book.transfers.len() - paid;
        shop.checks_files().await;
        shop.recovers(bought).await;
        shop.opens_another_narrow_drop();
        if chance.one_in(3) {
            let ended = shop.origin.stop().await;
            assert!(ended.status.success(), "{}", ended.said);
        } else {
            shop.origin.kill().await;
        }
    }
    shop.closes().await;
    println!("{acknowledged} orders acknowledged before a kill, {unanswered} unanswered, {transfers} transfers");
    assert!(acknowledged > 0 && unanswered > 0 && transfers > 0, "the kills met no load");
}

async fn is_killed_in_a_rush(shop: &mut Shop, chance: &mut Chance) {
    let kill_after = within(KILL_WITHIN_MS, chance);
    let ends_narrow_after = chance.one_in(3).then(|| within(KILL_WITHIN_MS, chance));
    shop.origin.begins(&Start::default());
    let rush = shop.is_rushed_by(Crowd { ends_narrow_after, ..CROWD }, chance);
    tokio::time::sleep(kill_after).await;
    shop.origin.kill().await;
    shop.book.adds(rush.ends().await);
}

#[expect(clippy::disallowed_methods, reason = "the length of a run is chosen by whoever starts it")]
pub(crate) fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
}
