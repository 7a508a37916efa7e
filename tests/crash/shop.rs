//! One origin with two drops, and the book of everything it acknowledged.

use std::{sync::Arc, time::Duration};

use harness::{DropTerms, LoneOrigin, PayOs};
use tempfile::TempDir;

use crate::{
    book::{Book, PRICE},
    chance::Chance,
    edge::Edge,
    rush::{Crowd, Rush, Scene},
};

const WIDE: DropTerms = DropTerms { size: 100_000, price: PRICE, limit: 2, hold_seconds: 900, opens_in_seconds: 0 };
/// Sells out within a round, and its holds run out while the shop lives.
const NARROW: DropTerms = DropTerms { size: 60, hold_seconds: 1, ..WIDE };

pub(crate) struct Shop {
    pub(crate) origin: LoneOrigin,
    pub(crate) book: Book,
    payos: Arc<PayOs>,
    wide: u32,
    narrow: u32,
    narrow_drops: u32,
    // After PayOS, whose logs it holds.
    _logs: TempDir,
}

impl Shop {
    /// Makes the drops and stops.
    pub(crate) async fn opens() -> Shop {
        let logs = tempfile::tempdir().expect("a temporary folder");
        let payos = Arc::new(PayOs::alone(logs.path()).await);
        let mut origin = LoneOrigin::new(Some(payos.url()));
        origin.starts().await;
        let wide = origin.opens_drop("wide", WIDE);
        let narrow = origin.opens_drop("narrow-0", NARROW);
        let ended = origin.stop().await;
        assert!(ended.status.success(), "{}", ended.said);
        Shop { origin, book: Book::default(), payos, wide, narrow, narrow_drops: 1, _logs: logs }
    }

    /// Lets the outbox read to the end of the ledger: the next start has nothing to write before somebody buys.
    pub(crate) async fn goes_quiet(&mut self) {
        self.origin.starts().await;
        let ended = self.origin.stop().await;
        assert!(ended.status.success(), "{}", ended.said);
    }

    /// Everybody tries to connect from here on, whether the origin listens yet or not.
    pub(crate) fn is_rushed_by(&self, crowd: Crowd, chance: &mut Chance) -> Rush {
        let scene = Scene {
            edge: Edge::of(&self.origin),
            wide: self.wide,
            narrow: self.narrow,
            payos: Some(self.payos.clone()),
            over: false.into(),
            acknowledged: 0.into(),
        };
        Rush::begins(scene, crowd, chance)
    }

    /// Checks the files of an origin that is gone, as they are. Returns how many orders they hold.
    pub(crate) async fn checks_files(&self) -> usize {
        let copy = self.origin.copies_data();
        self.origin.verifies(copy.path());
        self.book.is_stored_in(copy.path()).await
    }

    /// Starts it again; it must say what it said before. `from` is where the book's new orders begin.
    pub(crate) async fn recovers(&mut self, from: usize) {
        self.origin.starts().await;
        self.book.is_told_again(&Edge::of(&self.origin), from).await;
    }

    /// The narrow drop is sold out or ended: the next rush gets another.
    pub(crate) fn opens_another_narrow_drop(&mut self) {
        self.narrow = self.origin.opens_drop(&format!("narrow-{}", self.narrow_drops), NARROW);
        self.narrow_drops += 1;
    }

    /// Stops in order; then every stored order has been acknowledged, and everything verifies.
    pub(crate) async fn closes(mut self) {
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

/// A moment that chance picks.
pub(crate) fn within(ms: u64, chance: &mut Chance) -> Duration {
    Duration::from_millis(chance.below(ms))
}
