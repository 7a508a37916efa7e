//! The ledger checked in the middle of a sale.

use crate::{chance::Chance, rush::CROWD, shop::Shop};

/// One that mixes two moments fails nearly every time.
const CHECKS: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_grows_meanwhile_verifies() {
    let mut shop = Shop::opens().await;
    shop.origin.starts().await;
    let rush = shop.is_rushed_by(CROWD, &mut Chance::of(5));
    for _ in 0..CHECKS {
        rush.buys(10).await;
        shop.origin.verifies(&shop.origin.data());
    }
    let ended = shop.origin.stop().await;
    assert!(ended.status.success(), "{}", ended.said);
    shop.book.adds(rush.ends().await);
    shop.closes().await;
}
