//! Who else on the machine can read what buyers entered.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Command,
    time::Duration,
};

use harness::{LoneOrigin, StartOptions, until};

/// It takes milliseconds on a machine that is not busy.
const VIEW_DEADLINE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn what_the_origin_writes_is_for_its_user_alone() {
    let mut origin = started().await;
    for entry in fs::read_dir(origin.data()).expect("the folder of data") {
        let file = entry.expect("a readable folder").path();
        assert_eq!(mode(&file) & 0o077, 0, "{} may be read by others", file.display());
    }
    origin.stop().await;
}

#[tokio::test]
async fn a_folder_or_file_that_others_can_get_at_is_refused_with_the_command_that_closes_it() {
    let mut origin = started().await;
    // After a kill its log and the index of the log are still there.
    origin.kill().await;
    let data = origin.data();
    let files = ["sale.db", "sale.db-wal", "sale.db-shm", "log-owner", "views.db", "views.db-wal"];
    let files = files.map(|name| data.join(name));
    for (path, private) in files.iter().map(|file| (file, 0o600)).chain([(&data, 0o700)]) {
        assert_eq!(mode(path), private, "{}", path.display());
        for bit in [0o001, 0o002, 0o004, 0o010, 0o020, 0o040] {
            set_mode(path, private | bit);
            let command = format!("chmod {private:o} {}", path.display());
            let found = format!("{} (mode {:o})", path.display(), private | bit);
            let exit = origin.assert_refuses_to_start(&StartOptions::default()).await;
            exit.assert_exits_saying(&[&found, &format!("close it with: {command}")]);
            assert_eq!(exit.stderr.lines().count(), 1, "{}", exit.stderr);
            set_mode(path, private);
        }
    }
    files.iter().for_each(|file| set_mode(file, 0o644));
    set_mode(&data, 0o755);
    let exit = origin.assert_refuses_to_start(&StartOptions::default()).await;
    exit.assert_exits_saying(&files.each_ref().map(|file| file.to_str().expect("a plain name")));
    assert_eq!(mode(&data), 0o755, "a start that is refused changes nothing");
    // Only `serve` refuses: a copy elsewhere may be checked as it is.
    origin.assert_verifies(&data);

    let (_, command) = exit.stderr.trim().split_once("close it with: ").expect("a command in the message");
    assert!(Command::new("sh").args(["-c", command]).status().expect("a shell").success(), "{command}");
    origin.start().await;
    assert!(origin.stop().await.status.success());
    origin.assert_verifies(&data);
}

/// An origin that has made all of its files. The view's are made beside the start.
async fn started() -> LoneOrigin {
    let mut origin = LoneOrigin::new(None);
    origin.start().await;
    let log = origin.data().join("views.db-wal");
    until("the view is there", VIEW_DEADLINE, async || log.exists().then_some(())).await;
    origin
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file of the origin").permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode that can be set");
}
