use std::process::Command;

use harness::{DropTerms, Shop, root};

#[tokio::test]
async fn a_shopper_buys_in_a_browser_and_sees_paid() {
    let shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms { size: 3, price: 250_000, ..DropTerms::default() }).await;

    let browser = Command::new("node")
        .arg(root().join("tests/browser/buy.mjs"))
        .args([&shop.edge_url(), &drop.slug])
        .output()
        .expect("node runs");
    assert!(browser.status.success(), "{}", String::from_utf8_lossy(&browser.stderr));
    shop.shows_stock(&drop, "sold", 2).await;
    shop.finish().await;
}
