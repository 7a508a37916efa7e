use domain::Refusal;
use engine::Acceptance;

use super::*;

#[tokio::test]
async fn the_shopper_who_took_the_last_unit_finds_it_again_and_strangers_are_refused() {
    let sale = Sale::of(1).await;
    let made = sale.tries_with(1, 7).await.unwrap();
    let by_the_rules = |answer: PurchaseReply| match answer {
        Err(PurchaseRefused::ByTheRules(refusal)) => refusal,
        other => panic!("{other:?}"),
    };
    assert_eq!(by_the_rules(sale.tries_with(2, 8).await), Refusal::HeldOut);
    // The answer was lost: the same token, and a new one of the same browser.
    let again = sale.tries_with(1, 7).await.unwrap();
    assert_eq!((again.receipt, again.acceptance), (made.receipt, Acceptance::Replayed));
    let resumed = sale.tries_with(1, 9).await.unwrap();
    assert_eq!((resumed.receipt, resumed.acceptance), (made.receipt, Acceptance::Resumed));
    assert_eq!(by_the_rules(sale.tries_with(2, 7).await), Refusal::TokenReused);
    sale.finish().await;
}
