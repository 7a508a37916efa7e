//! Other programs that use the same data folder.

use crate::{load::LOAD_SIZE, random::Random, tested_origin::TestedOrigin};
use harness::{StartOptions, sale_db};

#[tokio::test]
async fn a_second_serve_on_the_same_folder_refuses_to_start_and_the_first_goes_on() {
    let mut tested = TestedOrigin::prepare().await;
    tested.origin.start().await;
    let load = tested.start_load(LOAD_SIZE, &mut Random::from_seed(1));
    load.wait_for_orders(10).await;

    let second = tested.origin.assert_refuses_second().await;
    let folder = tested.origin.data().display().to_string();
    second.assert_exits_saying(&[&folder, "another `dropgate serve` already runs", "stop it first"]);
    load.wait_for_orders(10).await;
    let exit = tested.origin.stop().await;
    assert!(exit.status.success(), "{}", exit.stderr);
    tested.expectations.merge(load.finish().await);
    tested.assert_final_state().await;
}

#[tokio::test]
async fn a_database_that_another_program_writes_to_is_refused_at_the_start() {
    let mut tested = TestedOrigin::prepare().await;
    let intruder = sale_db::writes_to(&tested.origin.data()).await;
    let refusal = tested.origin.assert_refuses_to_start(&StartOptions::default()).await;
    let file = tested.origin.data().join("sale.db").display().to_string();
    refusal.assert_exits_saying(&[&file, "another program holds the database"]);
    drop(intruder);
    tested.assert_final_state().await;
}

#[tokio::test]
async fn another_program_that_starts_to_write_ends_the_origin_with_every_acknowledged_order_stored() {
    let mut tested = TestedOrigin::prepare().await;
    tested.origin.start().await;
    let load = tested.start_load(LOAD_SIZE, &mut Random::from_seed(2));
    load.wait_for_orders(20).await;
    let intruder = sale_db::writes_to(&tested.origin.data()).await;

    let exit = tested.origin.wait_for_exit().await;
    let file = tested.origin.data().join("sale.db").display().to_string();
    exit.assert_exits_saying(&[&file, "another program holds the database"]);
    tested.expectations.merge(load.finish().await);
    assert!(!tested.expectations.unanswered.is_empty(), "no client waited for a response");
    // While the other program is connected: the last one to close a database moves its log.
    tested.assert_files_hold().await;
    drop(intruder);
    tested.assert_recovers(0).await;
    tested.assert_final_state().await;
}

#[tokio::test]
async fn another_program_that_writes_for_a_moment_does_not_end_the_origin() {
    let mut tested = TestedOrigin::prepare().await;
    tested.origin.start().await;
    let load = tested.start_load(LOAD_SIZE, &mut Random::from_seed(4));
    for _ in 0..20 {
        let intruder = sale_db::writes_to(&tested.origin.data()).await;
        // A command takes some milliseconds, in which the writer has something to write.
        assert!(tested.origin.dropgate(&["drop", "list"]).status.success());
        drop(intruder);
        load.wait_for_orders(5).await;
    }
    let exit = tested.origin.stop().await;
    assert!(exit.status.success(), "{}", exit.stderr);
    tested.expectations.merge(load.finish().await);
    tested.assert_final_state().await;
}

#[tokio::test]
async fn another_program_that_only_reads_does_not_stop_the_origin() {
    let mut tested = TestedOrigin::prepare().await;
    let first = sale_db::reads_from(&tested.origin.data()).await;
    tested.origin.start().await;
    let load = tested.start_load(LOAD_SIZE, &mut Random::from_seed(3));
    load.wait_for_orders(20).await;
    let second = sale_db::reads_from(&tested.origin.data()).await;
    load.wait_for_orders(20).await;
    let exit = tested.origin.stop().await;
    assert!(exit.status.success(), "{}", exit.stderr);
    assert!(exit.stderr.contains("a reader kept the write-ahead log from being emptied"), "{}", exit.stderr);
    tested.expectations.merge(load.finish().await);
    drop((first, second));
    tested.assert_final_state().await;
}
