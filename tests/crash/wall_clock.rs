//! A wall clock that is not the sale's, on the real program. No test can set the clock of the machine. What the origin
//! stored of its own clock is set back instead, as if the wall clock had been set ahead while it was down.

use harness::{DropTerms, LoneOrigin, sale_db};

use crate::{edge::Edge, random::Random, raw_http::Connection};

const HOUR_MS: i64 = 3_600_000;

#[tokio::test]
async fn a_wall_clock_that_was_set_moves_the_sale_only_by_an_operators_command() {
    let mut origin = LoneOrigin::new(None);
    origin.start().await;
    assert!(shown(&origin).contains(", followed"));
    let refused = origin.dropgate(&["clock", "accept"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("there is no step to accept"), "{said}");
    let drop = origin.open_drop("lantern", DropTerms { size: 5, ..DropTerms::default() });
    assert!(origin.stop().await.status.success());
    sale_db::set_sale_back(&origin.data(), HOUR_MS).await;

    origin.start().await;
    assert!(shown(&origin).contains("s ahead and not followed"), "{}", shown(&origin));
    assert!(origin.log().contains("the wall clock is not the sale's"), "{}", origin.log());
    // A token that is good by the wall clock is not good yet by the sale's.
    assert_eq!(buy(&origin, drop, 1).await, 401);
    let accepted = origin.dropgate(&["clock", "accept"]);
    let said = String::from_utf8_lossy(&accepted.stderr);
    assert!(accepted.status.success(), "{said}\n{}", origin.log());
    for restarted in [false, true] {
        if restarted {
            origin.kill().await;
            origin.start().await;
        }
        assert!(shown(&origin).contains(", followed"), "{}", shown(&origin));
        assert_eq!(buy(&origin, drop, 2 + u64::from(restarted)).await, 201);
    }
    assert!(origin.stop().await.status.success());
    origin.assert_verifies(&origin.data());
    let rows = "select count(*) from ledger where kind = 'clock_accepted' and operator != ''";
    assert_eq!(sale_db::count(&origin.data(), rows).await, 1);
}

fn shown(origin: &LoneOrigin) -> String {
    let output = origin.dropgate(&["clock", "show"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("a command prints text")
}

/// The status of the answer to a purchase.
async fn buy(origin: &LoneOrigin, drop: u32, seed: u64) -> u16 {
    let edge = Edge::of(origin);
    let purchase = edge.purchase(drop, &mut Random::from_seed(seed));
    let mut connection = Connection::open(&edge.address).await.expect("a connection");
    connection.request(&purchase.request).await.expect("a response").status
}
