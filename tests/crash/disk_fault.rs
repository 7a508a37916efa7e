//! Disks that fail on command: `disk_faults.c`, compiled once for this run and loaded before the C library.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use harness::StartOptions;

/// A start on a disk with `fault`, written `call:file:action[:nth]`, once the file `when` exists.
pub(crate) fn start_options(fault: &str, when: Option<&Path>) -> StartOptions {
    let mut environment = vec![preload(), ("DISK_FAULT".to_owned(), fault.to_owned())];
    environment.extend(when.map(|file| ("DISK_FAULT_WHEN".to_owned(), file.display().to_string())));
    StartOptions { failpoints: false, environment }
}

/// A start on a disk that copies each file to `folder` when it is synced.
pub(crate) fn start_options_keeping_synced(folder: &Path) -> StartOptions {
    let environment = vec![preload(), ("DISK_KEEP".to_owned(), folder.display().to_string())];
    StartOptions { failpoints: false, environment }
}

fn preload() -> (String, String) {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    let library = LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("crash/disk_faults.c");
        // Of this process alone: another run may be loading its own.
        let name = format!("disk_faults-{}.so", std::process::id());
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let mut cc = Command::new("cc");
        cc.args(["-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-o"]).arg(&library).arg(&source);
        let status = cc.arg("-ldl").status().expect("a C compiler, as SQLite needs one too");
        assert!(status.success(), "{} does not compile", source.display());
        library
    });
    ("LD_PRELOAD".to_owned(), library.display().to_string())
}
