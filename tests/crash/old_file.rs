//! An operator puts an older `sale.db` back and leaves the log of a newer one beside it.

use std::{fs, path::Path, time::Duration};

use harness::{StartOptions, until};

use crate::{load::LOAD_SIZE, random::Random, tested_origin::TestedOrigin};

/// A thousand pages of the log are some hundreds of purchases.
const CHECKPOINT_DEADLINE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn an_older_file_under_a_newer_log_is_never_served_and_either_file_is_once_they_are_parted() {
    let mut tested = TestedOrigin::prepare().await;
    let data = tested.origin.data();
    let (database, log) = (data.join("sale.db"), data.join("sale.db-wal"));
    let (older, newer) = (tested.origin.beside("older"), tested.origin.beside("newer"));
    fs::copy(&database, &older).expect("a copy");

    tested.origin.start().await;
    let begun = log_sequence(&log);
    let load = tested.start_load(LOAD_SIZE, &mut Random::from_seed(1));
    let begins_anew = async || (log_sequence(&log) != begun).then_some(());
    until("the log is begun anew", CHECKPOINT_DEADLINE, begins_anew).await;
    tested.open_another_narrow_drop();
    load.wait_for_orders(50).await;
    tested.origin.kill().await;
    tested.expectations.merge(load.finish().await);
    fs::copy(&database, &newer).expect("a copy");

    fs::copy(&older, &database).expect("the older file");
    for _ in 0..2 {
        let exit = tested.origin.assert_refuses_to_start(&StartOptions::default()).await;
        exit.assert_exits_saying(&[
            "sale.db-wal does not belong to this sale.db",
            "move sale.db-wal and sale.db-shm away",
            "put back the sale.db that was there before",
        ]);
        let verified = tested.origin.dropgate(&["verify"]);
        assert!(String::from_utf8_lossy(&verified.stderr).contains("does not belong"), "verify read both files");
    }

    fs::copy(&newer, &database).expect("the newer file");
    tested.assert_files_hold().await;
    tested.assert_recovers(0).await;
    tested.origin.kill().await;

    fs::copy(&older, &database).expect("the older file");
    for file in ["sale.db-wal", "sale.db-shm"] {
        fs::rename(data.join(file), tested.origin.beside(file)).expect("a file to move");
    }
    tested.expectations.clear();
    tested.origin.start().await;
    tested.assert_final_state().await;
}

/// SQLite counts in the head of the log how often it has begun one.
fn log_sequence(log: &Path) -> Vec<u8> {
    fs::read(log).expect("the log").get(12..16).unwrap_or_default().to_vec()
}
