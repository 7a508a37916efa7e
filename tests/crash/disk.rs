//! The disk fills up, becomes read-only, fails to sync, or loses power. Every acknowledged order is stored, and the log
//! says what happened.

use std::fs;

use harness::create_data_folder;

use crate::{
    disk_fault,
    edge::Edge,
    load::{LOAD_SIZE, LoadSize},
    random::Random,
    tested_origin::TestedOrigin,
};

const POWER_CUTS: u32 = 3;

/// The head of an empty log has its own sync.
const SYNC_OF_FIRST_BATCH: u32 = 2;

#[tokio::test]
async fn a_disk_that_fails_while_selling_ends_the_origin_with_every_acknowledged_order_stored() {
    for (fault, message) in [
        ("write:sale.db-wal:ENOSPC", "the disk is full"),
        ("write:sale.db-wal:EROFS", "the disk failed to read, write or sync"),
        ("sync:sale.db-wal:EIO", "the disk failed to read, write or sync"),
    ] {
        let mut tested = TestedOrigin::prepare().await;
        let when = tested.origin.beside("now");
        tested.origin.start_with(&disk_fault::start_options(fault, Some(&when))).await;
        let load = tested.start_load(LOAD_SIZE, &mut Random::from_seed(1));
        load.wait_for_orders(20).await;
        fs::write(&when, "").expect("a file");

        let exit = tested.origin.wait_for_exit().await;
        exit.assert_exits_saying(&[&tested.origin.data().join("sale.db").display().to_string(), message]);
        tested.expectations.merge(load.finish().await);
        assert!(
            !tested.expectations.acknowledged.is_empty() && !tested.expectations.unanswered.is_empty(),
            "{fault} met no load"
        );
        tested.assert_files_hold().await;
        tested.assert_recovers(0).await;
        tested.assert_final_state().await;
    }
}

#[tokio::test]
async fn a_disk_that_cannot_be_written_at_the_start_is_refused_by_name() {
    for (fault, message) in [
        ("open:serve.lock:EROFS", "Read-only file system"),
        ("open:sale.db:EROFS", "can be read and not written"),
        ("write:sale.db-wal:ENOSPC", "the disk is full"),
        ("sync:sale.db-wal:EIO", "the disk failed to read, write or sync"),
    ] {
        let mut tested = TestedOrigin::prepare().await;
        // A row in the log, so that the start has to write.
        tested.origin.start().await;
        tested.open_another_narrow_drop();
        tested.origin.kill().await;
        let exit = tested.origin.assert_refuses_to_start(&disk_fault::start_options(fault, None)).await;
        exit.assert_exits_saying(&[&tested.origin.data().display().to_string(), message]);
        tested.assert_final_state().await;
    }
}

#[tokio::test]
async fn a_power_cut_loses_nothing_acknowledged() {
    let (mut random, seed) = Random::from_settings();
    println!("DROPGATE_CRASH_SEED={seed} repeats this run");
    for _ in 0..POWER_CUTS {
        let mut tested = TestedOrigin::prepare().await;
        let synced = tested.origin.beside("synced");
        create_data_folder(&synced);
        fs::copy(tested.origin.data().join("sale.db"), synced.join("sale.db")).expect("a copy");
        tested.origin.start_with(&disk_fault::start_options_keeping_synced(&synced)).await;
        let load = tested.start_load(LOAD_SIZE, &mut random);
        load.wait_for_orders(20).await;
        tokio::time::sleep(random.duration_below(200)).await;
        tested.origin.kill().await;
        tested.expectations.merge(load.finish().await);
        tested.origin.restore_from(&synced);
        tested.assert_files_hold().await;
        tested.assert_recovers(0).await;
        tested.assert_final_state().await;
    }
}

#[tokio::test]
async fn a_crash_inside_a_write_or_a_checkpoint_loses_nothing_acknowledged() {
    let (mut random, seed) = Random::from_settings();
    println!("DROPGATE_CRASH_SEED={seed} repeats this run");
    let mut tested = TestedOrigin::prepare().await;
    for call in ["write:sale.db-wal:TORN", "sync:sale.db-wal:KILL", "write:sale.db:KILL", "write:sale.db:TORN"] {
        let fault = format!("{call}:{}", 1 + random.below(40));
        println!("{fault}");
        let from = tested.expectations.acknowledged.len();
        tested.origin.spawn(&disk_fault::start_options(&fault, None));
        let load = tested.start_load(LOAD_SIZE, &mut random);
        let exit = tested.origin.wait_for_exit().await;
        assert_eq!(exit.status.code(), None, "{}", exit.stderr);
        tested.expectations.merge(load.finish().await);
        tested.assert_files_hold().await;
        tested.assert_recovers(from).await;
        tested.origin.kill().await;
    }
    tested.assert_final_state().await;
}

#[tokio::test]
async fn what_a_crash_left_in_the_log_is_synced_before_any_response() {
    let mut tested = TestedOrigin::prepare().await;
    tested.empty_outbox().await;
    // The batch is written, and the process ends before it syncs.
    let when = tested.origin.beside("now");
    tested
        .origin
        .start_with(&disk_fault::start_options(&format!("sync:sale.db-wal:KILL:{SYNC_OF_FIRST_BATCH}"), Some(&when)))
        .await;
    fs::write(&when, "").expect("a file");
    let load = tested.start_load(LoadSize { payers: 0, ..LOAD_SIZE }, &mut Random::from_seed(4));
    tested.origin.wait_for_exit().await;
    tested.expectations.merge(load.finish().await);
    assert!(tested.assert_files_hold().await > 0, "the kernel kept nothing of the batch");

    let synced = tested.origin.beside("synced");
    create_data_folder(&synced);
    fs::copy(tested.origin.data().join("sale.db"), synced.join("sale.db")).expect("a copy");
    tested.origin.start_with(&disk_fault::start_options_keeping_synced(&synced)).await;
    tested.expectations.assert_repeated_by(&Edge::of(&tested.origin), 0).await;
    tested.origin.kill().await;
    tested.origin.restore_from(&synced);
    tested.assert_files_hold().await;
    tested.assert_final_state().await;
}
