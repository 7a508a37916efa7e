//! A log whose end is damaged. The rest must be whole batches, and `verify` must show the loss.

use std::{fs, io::Write as _, path::Path};

use harness::{StartOptions, sale_db};

use crate::{load::LOAD_SIZE, random::Random, tested_origin::TestedOrigin};

const ORDERS: &str = "select count(*) from orders";
/// Offsets of the log that the search tries.
const OFFSETS: usize = 32;

#[tokio::test]
async fn bytes_that_never_became_a_commit_lose_nothing_acknowledged() {
    let mut tested = kill_with_a_log(1).await;
    let log = tested.origin.data().join("sale.db-wal");
    let torn = fs::read(&log).expect("the log").split_off(32);
    let mut file = fs::File::options().append(true).open(&log).expect("the log");
    // A torn write of the next page: the first bytes of an old page have its format.
    file.write_all(&torn[..10_000]).expect("a torn tail");
    drop(file);
    tested.assert_files_hold().await;
    tested.assert_recovers(0).await;
    tested.assert_final_state().await;
}

#[tokio::test]
async fn a_damaged_log_leaves_whole_batches_and_the_loss_shows() {
    let damages: [fn(&Path, usize); 2] = [flip_a_byte, cut];
    for damage in damages {
        let mut tested = kill_with_a_log(2).await;
        let before = tested.origin.copy_data();
        let printed = tested.origin.assert_verifies(before.path());
        let head = printed.rsplit(' ').next().expect("a head").trim();
        let highest = tested.expectations.acknowledged.iter().map(|bought| bought.order).max().expect("an order");

        let at = among_orders(&tested).await;
        damage(&tested.origin.data().join("sale.db-wal"), at);
        let copy = tested.origin.copy_data();
        tested.origin.assert_verifies(copy.path());
        let left = sale_db::count(copy.path(), ORDERS).await;
        let all = sale_db::count(before.path(), ORDERS).await;
        assert!(0 < left && left < all, "{left} of {all} orders are left of the log up to {at}");
        let compared = tested.origin.dropgate_on(copy.path(), &["verify", "--head", head]);
        let said = String::from_utf8_lossy(&compared.stderr);
        assert!(!compared.status.success() && said.contains("its tail was cut off"), "{said}");

        // The origin goes on selling, and never uses an order code twice.
        tested.expectations.clear();
        tested.origin.start().await;
        let load = tested.start_load(LOAD_SIZE, &mut Random::from_seed(3));
        load.wait_for_orders(10).await;
        let exit = tested.origin.stop().await;
        assert!(exit.status.success(), "{}", exit.stderr);
        let expectations = load.finish().await;
        assert!(expectations.acknowledged.iter().all(|bought| bought.order > highest), "an order code was used twice");
        tested.origin.assert_verifies(&tested.origin.data());
        let bought = i64::try_from(expectations.acknowledged.len()).expect("few orders");
        assert_eq!(sale_db::count(&tested.origin.data(), ORDERS).await, left + bought);
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_by_name() {
    let mut tested = TestedOrigin::prepare().await;
    let file = tested.origin.data().join("sale.db");
    let kept = fs::read(&file).expect("the database");
    fs::write(&file, vec![7; kept.len()]).expect("garbage");
    let refusal = tested.origin.assert_refuses_to_start(&StartOptions::default()).await;
    refusal.assert_exits_saying(&[&file.display().to_string(), "the file is damaged, or no database"]);
    fs::write(&file, kept).expect("the database again");
    tested.assert_final_state().await;
}

/// An origin that was killed with orders in the log that are not in the database yet.
async fn kill_with_a_log(seed: u64) -> TestedOrigin {
    let mut tested = TestedOrigin::prepare().await;
    tested.origin.start().await;
    let load = tested.start_load(LOAD_SIZE, &mut Random::from_seed(seed));
    load.wait_for_orders(50).await;
    tested.origin.kill().await;
    tested.expectations.merge(load.finish().await);
    tested.assert_files_hold().await;
    tested
}

/// An offset in the log with orders before and behind it. It depends on how fast the load was.
async fn among_orders(tested: &TestedOrigin) -> usize {
    let length = fs::read(tested.origin.data().join("sale.db-wal")).expect("the log").len();
    let all = sale_db::count(tested.origin.copy_data().path(), ORDERS).await;
    for at in (1..OFFSETS).map(|nth| length * nth / OFFSETS) {
        let copy = tested.origin.copy_data();
        cut(&copy.path().join("sale.db-wal"), at);
        // Before the first offsets there may be no table.
        if tested.origin.dropgate_on(copy.path(), &["verify"]).status.success() {
            let left = sale_db::count(copy.path(), ORDERS).await;
            if 0 < left && left < all {
                return at;
            }
        }
    }
    panic!("all orders came in one batch");
}

fn flip_a_byte(log: &Path, at: usize) {
    let mut bytes = fs::read(log).expect("the log");
    bytes[at] ^= 1;
    fs::write(log, bytes).expect("the log again");
}

fn cut(log: &Path, at: usize) {
    let file = fs::File::options().write(true).open(log).expect("the log");
    file.set_len(at as u64).expect("a cut");
}
