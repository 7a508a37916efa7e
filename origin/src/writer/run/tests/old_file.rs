//! An older `sale.db`, put back beside a log that goes on from a newer one.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;

/// The files of a folder, by name.
type Files = BTreeMap<String, Vec<u8>>;

const LOG: &str = "sale.db-wal";

fn files(folder: &Path) -> Files {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())).collect()
}

fn put(folder: &Path, files: &Files) {
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
}

fn start(folder: &TempDir) -> Result<Run> {
    let clock = Clock::manual(START.plus_seconds(60));
    Ok(Run::open(folder.path(), 1, clock, mpsc::channel(REPLIES_MAX).0)?.0)
}

/// The files of a sale at a clean stop, and as a kill left them after a start that sold on.
fn stopped_and_killed() -> (Files, Files) {
    let mut rig = Rig::start();
    rig.order(1);
    rig.run.store.checkpoint().unwrap();
    let mut stopped = files(rig.folder.path());
    stopped.retain(|name, _| name == "sale.db");
    let mut rig = rig.restart();
    rig.order(2);
    rig.create_drop("hat", 9);
    let killed = files(rig.folder.path());
    assert!(!killed[LOG].is_empty());
    (stopped, killed)
}

#[test]
fn an_older_file_under_a_newer_log_is_refused_until_the_log_is_moved_away() {
    let (stopped, killed) = stopped_and_killed();
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), &killed);
    put(folder.path(), &stopped);
    let mixed = files(folder.path());
    let error = format!("{:#}", start(&folder).err().unwrap());
    assert!(error.contains("sale.db-wal does not belong to this sale.db"), "{error}");
    let error = format!("{:#}", verify(folder.path(), None).unwrap_err());
    assert!(error.contains("sale.db-wal does not belong to this sale.db"), "{error}");
    assert_eq!(files(folder.path()), mixed, "a refusal changed something");
    for name in [LOG, "sale.db-shm"] {
        std::fs::rename(folder.path().join(name), folder.path().join(format!("kept-{name}"))).unwrap();
    }
    let run = start(&folder).unwrap();
    assert_eq!(run.store.head().seq, 3);
    drop(run);
    verify(folder.path(), None).unwrap();
}

#[test]
fn a_log_under_its_own_file_is_replayed_however_often_the_process_dies() {
    let (_, killed) = stopped_and_killed();
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), &killed);
    for _ in 0..3 {
        let run = start(&folder).unwrap();
        assert_eq!(run.store.head().seq, 6);
        let killed_again = files(folder.path());
        drop(run);
        put(folder.path(), &killed_again);
    }
    verify(folder.path(), None).unwrap();
}

/// A reader kept the start from emptying the log, so the stamp is in the file or in the log alone.
#[test]
fn a_log_that_a_reader_kept_from_being_emptied_is_still_its_files() {
    let (_, killed) = stopped_and_killed();
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), &killed);
    for _ in 0..3 {
        let reader = ReadStore::open(folder.path()).unwrap();
        let killed_again = reader.at_one_moment(|store| {
            store.ledger_after(0, 1)?;
            drop(start(&folder).unwrap());
            Ok(files(folder.path()))
        });
        drop(reader);
        put(folder.path(), &killed_again.unwrap());
    }
    start(&folder).unwrap();
}

#[test]
fn a_whole_older_copy_with_its_log_is_served_as_it_is() {
    let (_, killed) = stopped_and_killed();
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), &killed);
    let run = start(&folder).unwrap();
    run.store.checkpoint().unwrap();
    drop(run);
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    put(folder.path(), &killed);
    assert_eq!(start(&folder).unwrap().store.head().seq, 6);
}
