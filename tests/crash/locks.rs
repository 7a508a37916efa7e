//! Other programs on the same folder.

use crate::{chance::Chance, rush::CROWD, shop::Shop};
use harness::{Start, sale_db};

#[tokio::test]
async fn a_second_serve_on_the_same_folder_refuses_to_start_and_the_first_goes_on() {
    let mut shop = Shop::opens().await;
    shop.origin.starts().await;
    let rush = shop.is_rushed_by(CROWD, &mut Chance::of(1));
    rush.buys(10).await;

    let second = shop.origin.refuses_a_second().await;
    let folder = shop.origin.data().display().to_string();
    second.is_plain_refusal(&[&folder, "another `dropgate serve` already runs", "stop it first"]);
    rush.buys(10).await;
    let ended = shop.origin.stop().await;
    assert!(ended.status.success(), "{}", ended.said);
    shop.book.adds(rush.ends().await);
    shop.closes().await;
}

#[tokio::test]
async fn a_database_that_another_program_writes_to_is_refused_at_the_start() {
    let mut shop = Shop::opens().await;
    let intruder = sale_db::writes_to(&shop.origin.data()).await;
    let refusal = shop.origin.refuses_to_start(&Start::default()).await;
    let file = shop.origin.data().join("sale.db").display().to_string();
    refusal.is_plain_refusal(&[&file, "another program holds the database"]);
    drop(intruder);
    shop.closes().await;
}

#[tokio::test]
async fn another_program_that_begins_to_write_ends_the_origin_with_nothing_acknowledged_in_vain() {
    let mut shop = Shop::opens().await;
    shop.origin.starts().await;
    let rush = shop.is_rushed_by(CROWD, &mut Chance::of(2));
    rush.buys(20).await;
    let intruder = sale_db::writes_to(&shop.origin.data()).await;

    let ended = shop.origin.ends().await;
    let file = shop.origin.data().join("sale.db").display().to_string();
    ended.is_plain_refusal(&[&file, "another program holds the database"]);
    shop.book.adds(rush.ends().await);
    assert!(!shop.book.unanswered.is_empty(), "nobody was waiting");
    // Before it goes: the last to close a database moves its log.
    shop.checks_files().await;
    drop(intruder);
    shop.recovers(0).await;
    shop.closes().await;
}

#[tokio::test]
async fn another_program_that_writes_for_a_moment_ends_nobody() {
    let mut shop = Shop::opens().await;
    shop.origin.starts().await;
    let rush = shop.is_rushed_by(CROWD, &mut Chance::of(4));
    for _ in 0..20 {
        let intruder = sale_db::writes_to(&shop.origin.data()).await;
        // Takes some milliseconds, in which the writer has something to write.
        assert!(shop.origin.dropgate(&["drop", "list"]).status.success());
        drop(intruder);
        rush.buys(5).await;
    }
    let ended = shop.origin.stop().await;
    assert!(ended.status.success(), "{}", ended.said);
    shop.book.adds(rush.ends().await);
    shop.closes().await;
}

#[tokio::test]
async fn another_program_that_only_reads_stops_nobody() {
    let mut shop = Shop::opens().await;
    let first = sale_db::reads_from(&shop.origin.data()).await;
    shop.origin.starts().await;
    let rush = shop.is_rushed_by(CROWD, &mut Chance::of(3));
    rush.buys(20).await;
    let second = sale_db::reads_from(&shop.origin.data()).await;
    rush.buys(20).await;
    let ended = shop.origin.stop().await;
    assert!(ended.status.success(), "{}", ended.said);
    assert!(ended.said.contains("a reader kept the write-ahead log from being emptied"), "{}", ended.said);
    shop.book.adds(rush.ends().await);
    drop((first, second));
    shop.closes().await;
}
