//! `kill -9` at random moments, from the first instruction of a start on.

use std::{sync::Arc, time::Duration};

use harness::{DropTerms, LoneOrigin, PayOs, Start};
use tempfile::TempDir;

use crate::{
    book::{Book, PRICE},
    chance::Chance,
    edge::{Edge, now_ms},
    rush::{Crowd, Rush, Scene},
};

/// As many as fit a normal run of the tests; `DROPGATE_CRASH_ROUNDS` asks for more.
const ROUNDS: u64 = 25;
/// A shop lives through this many, so that crashes follow crashes and its ledger stays short.
const ROUNDS_PER_SHOP: u64 = 5;
/// A start takes about a fifth of it.
const KILL_WITHIN_MS: u64 = 350;
const WIDE: DropTerms = DropTerms { size: 100_000, price: PRICE, limit: 2, hold_seconds: 900, opens_in_seconds: 0 };
/// Sells out within a round, and its holds run out while the shop lives.
const NARROW: DropTerms = DropTerms { size: 60, hold_seconds: 1, ..WIDE };
const CROWD: Crowd = Crowd { buyers: 24, payers: 6, ends_narrow_after: None };

struct Shop {
    origin: LoneOrigin,
    payos: Arc<PayOs>,
    book: Book,
    wide: u32,
    narrow: u32,
    _logs: TempDir,
}

#[tokio::test]
async fn a_kill_9_at_any_moment_loses_nothing_acknowledged_and_doubles_nothing() {
    let rounds = setting("DROPGATE_CRASH_ROUNDS").unwrap_or(ROUNDS);
    let seed = setting("DROPGATE_CRASH_SEED").unwrap_or(now_ms().unsigned_abs());
    println!("{rounds} rounds; the same again with DROPGATE_CRASH_SEED={seed}");
    let mut chance = Chance::of(seed);
    let mut shop = Shop::opens().await;
    let (mut acknowledged, mut settled_later, mut transfers) = (0, 0, 0);
    for round in 0..rounds {
        if round > 0 && round.is_multiple_of(ROUNDS_PER_SHOP) {
            shop.closes().await;
            shop = Shop::opens().await;
        }
        let from = shop.book.bought.len();
        shop.is_killed_in_a_rush(&mut chance).await;
        acknowledged += shop.book.bought.len() - from;
        settled_later += shop.book.unanswered.len();
        transfers += shop.book.transfers.len();
        shop.recovers(from, round).await;
        if chance.one_in(3) {
            let ended = shop.origin.stop().await;
            assert!(ended.status.success(), "{}", ended.said);
        } else {
            shop.origin.kill().await;
        }
    }
    shop.closes().await;
    println!("{acknowledged} orders acknowledged before a kill, {settled_later} unanswered, {transfers} transfers");
    assert!(acknowledged > 0 && settled_later > 0 && transfers > 0, "the kills met no load");
}

impl Shop {
    async fn opens() -> Shop {
        let logs = tempfile::tempdir().expect("a temporary folder");
        let payos = Arc::new(PayOs::alone(logs.path()).await);
        let mut origin = LoneOrigin::new(Some(payos.url()));
        origin.starts().await;
        let wide = origin.opens_drop("wide", WIDE);
        let narrow = origin.opens_drop("narrow-0", NARROW);
        origin.kill().await;
        Shop { origin, payos, book: Book::default(), wide, narrow, _logs: logs }
    }

    async fn is_killed_in_a_rush(&mut self, chance: &mut Chance) {
        let kill_after = Duration::from_millis(chance.below(KILL_WITHIN_MS));
        let ends_narrow_after = chance.one_in(3).then(|| Duration::from_millis(chance.below(KILL_WITHIN_MS)));
        let scene = Scene {
            edge: Edge::of(&self.origin),
            wide: self.wide,
            narrow: self.narrow,
            payos: Some(self.payos.clone()),
            over: false.into(),
        };
        self.origin.begins(&Start::default());
        let rush = Rush::begins(scene, Crowd { ends_narrow_after, ..CROWD }, chance);
        tokio::time::sleep(kill_after).await;
        self.origin.kill().await;
        self.book.adds(rush.ends().await);
    }

    /// What is on disk is whole as it is, and the next start says what the one before it said.
    async fn recovers(&mut self, from: usize, round: u64) {
        let copy = self.origin.copies_data();
        self.origin.verifies(copy.path());
        self.book.is_stored_in(copy.path()).await;
        self.origin.starts().await;
        self.book.is_told_again(&Edge::of(&self.origin), from).await;
        self.narrow = self.origin.opens_drop(&format!("narrow-{}", round + 1), NARROW);
    }

    async fn closes(mut self) {
        if !self.origin.is_running() {
            self.origin.starts().await;
        }
        self.book.is_told_again(&Edge::of(&self.origin), 0).await;
        let ended = self.origin.stop().await;
        assert!(ended.status.success(), "{}", ended.said);
        self.origin.verifies(&self.origin.data());
        let stored = self.book.is_stored_in(&self.origin.data()).await;
        assert_eq!(stored, self.book.bought.len(), "orders are stored that were never acknowledged");
    }
}

#[expect(clippy::disallowed_methods, reason = "the length of a run is chosen by whoever starts it")]
fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
}
