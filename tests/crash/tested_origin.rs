//! One origin with two drops, and what it must have stored according to its responses.

use std::sync::Arc;

use harness::{DropTerms, LoneOrigin, PayOs};
use tempfile::TempDir;

use crate::{
    edge::Edge,
    expectations::{Expectations, PRICE},
    load::{Load, LoadSize, LoadTarget},
    random::Random,
};

const WIDE: DropTerms = DropTerms { size: 100_000, price: PRICE, limit: 2, hold_seconds: 900, opens_in_seconds: 0 };
/// Sells out within a round. Its holds end within the life of the tested origin.
const NARROW: DropTerms = DropTerms { size: 60, hold_seconds: 1, ..WIDE };

pub(crate) struct TestedOrigin {
    pub(crate) origin: LoneOrigin,
    pub(crate) expectations: Expectations,
    payos: Arc<PayOs>,
    wide: u32,
    narrow: u32,
    narrow_drops: u32,
    // After PayOS, whose logs it holds.
    _logs: TempDir,
}

impl TestedOrigin {
    /// Creates the drops and stops the origin.
    pub(crate) async fn prepare() -> TestedOrigin {
        let logs = tempfile::tempdir().expect("a temporary folder");
        let payos = Arc::new(PayOs::alone(logs.path()).await);
        let mut origin = LoneOrigin::new(Some(payos.url()));
        origin.start().await;
        let wide = origin.open_drop("wide", WIDE);
        let narrow = origin.open_drop("narrow-0", NARROW);
        let exit = origin.stop().await;
        assert!(exit.status.success(), "{}", exit.stderr);
        TestedOrigin {
            origin,
            expectations: Expectations::default(),
            payos,
            wide,
            narrow,
            narrow_drops: 1,
            _logs: logs,
        }
    }

    /// The outbox reads to the end of the ledger, so the next start writes nothing before a shopper buys.
    pub(crate) async fn empty_outbox(&mut self) {
        self.origin.start().await;
        let exit = self.origin.stop().await;
        assert!(exit.status.success(), "{}", exit.stderr);
    }

    /// Clients connect from here on, even before the origin listens.
    pub(crate) fn start_load(&self, load_size: LoadSize, random: &mut Random) -> Load {
        let target = LoadTarget {
            edge: Edge::of(&self.origin),
            wide: self.wide,
            narrow: self.narrow,
            payos: Some(self.payos.clone()),
            over: false.into(),
            acknowledged_count: 0.into(),
        };
        Load::start(target, load_size, random)
    }

    /// Checks the files that an ended origin has left. Returns how many orders they hold.
    pub(crate) async fn assert_files_hold(&self) -> usize {
        let copy = self.origin.copy_data();
        self.origin.assert_verifies(copy.path());
        self.expectations.assert_stored_in(copy.path()).await
    }

    /// Starts the origin again. It must repeat its responses for the orders from index `from` on.
    pub(crate) async fn assert_recovers(&mut self, from: usize) {
        self.origin.start().await;
        self.expectations.assert_repeated_by(&Edge::of(&self.origin), from).await;
    }

    /// Replaces a narrow drop that is sold out or ended.
    pub(crate) fn open_another_narrow_drop(&mut self) {
        self.narrow = self.origin.open_drop(&format!("narrow-{}", self.narrow_drops), NARROW);
        self.narrow_drops += 1;
    }

    /// Stops the origin. Every stored order must have been acknowledged, and the ledger must verify.
    pub(crate) async fn assert_final_state(mut self) {
        if !self.origin.is_running() {
            self.origin.start().await;
        }
        self.expectations.assert_repeated_by(&Edge::of(&self.origin), 0).await;
        let exit = self.origin.stop().await;
        assert!(exit.status.success(), "{}", exit.stderr);
        self.origin.assert_verifies(&self.origin.data());
        let stored = self.expectations.assert_stored_in(&self.origin.data()).await;
        assert_eq!(stored, self.expectations.acknowledged.len(), "orders are stored that were never acknowledged");
    }
}
