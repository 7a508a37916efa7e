use std::{fs, path::Path};

use harness::{DropTerms, Shop, sale_db};

/// Changes that a forger with access to the file might try, one each.
const TAMPERINGS: [&str; 12] = [
    "update ledger set payload = cast(replace(cast(payload as text), '2', '3') as blob) \
     where seq = (select min(seq) from ledger where cast(payload as text) like '%2%')",
    "update ledger set at = at + 1 where seq = (select max(seq) from ledger)",
    "update ledger set version = version + 1 where seq = 1",
    "delete from ledger where seq = 2",
    // A cut tail leaves a sound chain, but its orders are still in the table.
    "delete from ledger where seq = (select max(seq) from ledger)",
    "update ledger set operator = 'someone' where seq = 1",
    "update orders set applied = applied - 1",
    "update orders set name = 'Someone Else'",
    "delete from orders",
    "delete from payments",
    "insert into unmatched_payments (order_code, link, reference, amount, paid_at, recorded_at, seq) \
     values (7, 'link', 'reference', 1000, 0, 0, 1)",
    "update drop_counters set available = available + 1, sold = sold - 1",
];

#[tokio::test]
async fn verify_fails_on_a_tampered_ledger_or_order() {
    let mut shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    let shopper = shop.shopper("0912000050");
    let order = shopper.buys(&drop, 1).await;
    shopper.sees(&order, "payment_state", "ready").await;
    shop.payos.pays(order.code).await;
    shopper.sees(&order, "state", "paid").await;
    shop.stop_origin().await;

    let untouched = shop.verify_ledger();
    assert!(untouched.status.success(), "{}", String::from_utf8_lossy(&untouched.stderr));
    assert!(String::from_utf8_lossy(&untouched.stdout).starts_with("ledger ok: "));

    for tampering in TAMPERINGS {
        let copy = copy_of(&shop.data());
        sale_db::damage(copy.path(), tampering).await;
        let verified = shop.dropgate_in(copy.path(), &["verify"]);
        assert_eq!(verified.status.code(), Some(1), "verify accepts: {tampering}");
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_head_kept_elsewhere_shows_a_rolled_back_file() {
    let mut shop = Shop::start().await;
    let drop = shop.opens_drop(DropTerms::default()).await;
    shop.stop_origin().await;
    let old = copy_of(&shop.data());
    shop.restart_origin().await;
    shop.shopper("0912000051").buys(&drop, 1).await;
    shop.stop_origin().await;

    let summary = String::from_utf8(shop.verify_ledger().stdout).expect("text");
    let head = summary.trim().rsplit_once("head ").expect("a head in the summary").1.to_owned();
    assert!(shop.dropgate(&["verify", "--head", &head]).status.success());
    // The old copy is sound in itself.
    assert!(shop.dropgate_in(old.path(), &["verify"]).status.success());
    assert_eq!(shop.dropgate_in(old.path(), &["verify", "--head", &head]).status.code(), Some(1));
    shop.finish().await;
}

fn copy_of(data: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a temporary folder");
    for entry in fs::read_dir(data).expect("the folder of data") {
        let file = entry.expect("a readable folder");
        fs::copy(file.path(), copy.path().join(file.file_name())).expect("a copy of the file");
    }
    copy
}
