//! `dropgate verify` during a sale.

use crate::{load::LOAD_SIZE, random::Random, tested_origin::TestedOrigin};

/// A check that mixes two states of the ledger fails nearly every time.
const CHECKS: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_grows_meanwhile_verifies() {
    let mut tested = TestedOrigin::prepare().await;
    tested.origin.start().await;
    let load = tested.start_load(LOAD_SIZE, &mut Random::from_seed(5));
    for _ in 0..CHECKS {
        load.wait_for_orders(10).await;
        tested.origin.assert_verifies(&tested.origin.data());
    }
    let exit = tested.origin.stop().await;
    assert!(exit.status.success(), "{}", exit.stderr);
    tested.expectations.merge(load.finish().await);
    tested.assert_final_state().await;
}
