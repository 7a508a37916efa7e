//! The disk fills up, becomes read-only, fails to sync, or loses power: nothing is acknowledged that is not stored,
//! and the operator reads what happened.

use std::fs;

use crate::{
    chance::Chance,
    edge::Edge,
    fault,
    rush::{CROWD, Crowd},
    shop::{Shop, within},
};

const POWER_CUTS: u32 = 3;

/// The head of an empty log has a sync of its own.
const SYNC_OF_FIRST_BATCH: u32 = 2;

#[tokio::test]
async fn a_disk_that_fails_while_selling_ends_the_origin_with_nothing_acknowledged_in_vain() {
    for (fault, said) in [
        ("write:sale.db-wal:ENOSPC", "the disk is full"),
        ("write:sale.db-wal:EROFS", "the disk failed to read, write or sync"),
        ("sync:sale.db-wal:EIO", "the disk failed to read, write or sync"),
    ] {
        let mut shop = Shop::opens().await;
        let when = shop.origin.beside("now");
        shop.origin.starts_as(&fault::start(fault, Some(&when))).await;
        let rush = shop.is_rushed_by(CROWD, &mut Chance::of(1));
        rush.buys(20).await;
        fs::write(&when, "").expect("a file");

        let ended = shop.origin.ends().await;
        ended.is_plain_refusal(&[&shop.origin.data().join("sale.db").display().to_string(), said]);
        shop.book.adds(rush.ends().await);
        assert!(!shop.book.bought.is_empty() && !shop.book.unanswered.is_empty(), "{fault} met no load");
        shop.checks_files().await;
        shop.recovers(0).await;
        shop.closes().await;
    }
}

#[tokio::test]
async fn a_disk_that_cannot_be_written_at_the_start_is_refused_by_name() {
    for (fault, said) in [
        ("open:serve.lock:EROFS", "Read-only file system"),
        ("open:sale.db:EROFS", "can be read and not written"),
        ("write:sale.db-wal:ENOSPC", "the disk is full"),
        ("sync:sale.db-wal:EIO", "the disk failed to read, write or sync"),
    ] {
        let mut shop = Shop::opens().await;
        // Something in the log, so that the start has something to do.
        shop.origin.starts().await;
        shop.opens_another_narrow_drop();
        shop.origin.kill().await;
        let ended = shop.origin.refuses_to_start(&fault::start(fault, None)).await;
        ended.is_plain_refusal(&[&shop.origin.data().display().to_string(), said]);
        shop.closes().await;
    }
}

#[tokio::test]
async fn a_power_cut_loses_nothing_acknowledged() {
    let (mut chance, seed) = Chance::of_this_run();
    println!("the same again with DROPGATE_CRASH_SEED={seed}");
    for _ in 0..POWER_CUTS {
        let mut shop = Shop::opens().await;
        let synced = shop.origin.beside("synced");
        fs::create_dir(&synced).expect("a folder");
        fs::copy(shop.origin.data().join("sale.db"), synced.join("sale.db")).expect("a copy");
        shop.origin.starts_as(&fault::start_keeping_synced(&synced)).await;
        let rush = shop.is_rushed_by(CROWD, &mut chance);
        rush.buys(20).await;
        tokio::time::sleep(within(200, &mut chance)).await;
        shop.origin.kill().await;
        shop.book.adds(rush.ends().await);
        shop.origin.finds(&synced);
        shop.checks_files().await;
        shop.recovers(0).await;
        shop.closes().await;
    }
}

#[tokio::test]
async fn a_death_inside_a_write_or_a_checkpoint_loses_nothing_acknowledged() {
    let (mut chance, seed) = Chance::of_this_run();
    println!("the same again with DROPGATE_CRASH_SEED={seed}");
    let mut shop = Shop::opens().await;
    for call in ["write:sale.db-wal:TORN", "sync:sale.db-wal:KILL", "write:sale.db:KILL", "write:sale.db:TORN"] {
        let fault = format!("{call}:{}", 1 + chance.below(40));
        println!("{fault}");
        let from = shop.book.bought.len();
        shop.origin.begins(&fault::start(&fault, None));
        let rush = shop.is_rushed_by(CROWD, &mut chance);
        let ended = shop.origin.ends().await;
        assert_eq!(ended.status.code(), None, "{}", ended.said);
        shop.book.adds(rush.ends().await);
        shop.checks_files().await;
        shop.recovers(from).await;
        shop.origin.kill().await;
    }
    shop.closes().await;
}

#[tokio::test]
async fn what_a_crash_left_in_the_log_is_synced_before_anybody_is_told_of_it() {
    let mut shop = Shop::opens().await;
    shop.goes_quiet().await;
    // The batch is written, and the process dies before the disk was asked to keep it.
    let when = shop.origin.beside("now");
    shop.origin.starts_as(&fault::start(&format!("sync:sale.db-wal:KILL:{SYNC_OF_FIRST_BATCH}"), Some(&when))).await;
    fs::write(&when, "").expect("a file");
    let rush = shop.is_rushed_by(Crowd { payers: 0, ..CROWD }, &mut Chance::of(4));
    shop.origin.ends().await;
    shop.book.adds(rush.ends().await);
    assert!(shop.checks_files().await > 0, "the kernel kept nothing of the batch");

    let synced = shop.origin.beside("synced");
    fs::create_dir(&synced).expect("a folder");
    fs::copy(shop.origin.data().join("sale.db"), synced.join("sale.db")).expect("a copy");
    shop.origin.starts_as(&fault::start_keeping_synced(&synced)).await;
    shop.book.is_told_again(&Edge::of(&shop.origin), 0).await;
    shop.origin.kill().await;
    shop.origin.finds(&synced);
    shop.checks_files().await;
    shop.closes().await;
}
