//! Finds the parts that were built for the tests, and refuses parts older than their sources: a test that passes
//! against yesterday's binary proves nothing.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// The root of the workspace.
pub fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}

/// A program of the workspace, beside the folder of the running test program.
pub(crate) fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let folder = test.parent().and_then(Path::parent).expect("target/debug/deps");
    fresh(folder.join(name), "cargo build --workspace --all-targets")
}

/// The origin that ends itself at named points, for the tests of crashes.
pub(crate) fn program_with_failpoints() -> PathBuf {
    let program = program("dropgate").with_file_name("dropgate-failpoints");
    fresh(program, "cargo build --workspace --features origin/failpoints --bin dropgate-failpoints")
}

fn fresh(program: PathBuf, command: &str) -> PathBuf {
    // cargo lists the sources of a program in a file of make rules beside it.
    let rules = fs::read_to_string(program.with_extension("d")).unwrap_or_default();
    let sources = rules.split_once(": ").map_or("", |(_, sources)| sources.trim());
    let sources = sources.split(' ').map(PathBuf::from).collect();
    check(&program, sources, command);
    program
}

/// The worker as `cargo xtask build-edge --dev` leaves it.
pub(crate) fn worker() {
    let mut sources = files_below(&root().join("edge-worker/src"));
    sources.extend(files_below(&root().join("crates/edge-protocol/src")));
    let worker = root().join("edge-worker/build/index_bg.wasm");
    check(&worker, sources, "cargo xtask build-edge --dev");
}

pub(crate) fn storefront() {
    let page = root().join("storefront/dist/index.html");
    check(&page, Vec::new(), "node storefront/build.mjs");
}

fn check(product: &Path, sources: Vec<PathBuf>, command: &str) {
    let Ok(built) = modified(product) else {
        panic!("{} is not built; run `cargo xtask test`, or: {command}", product.display());
    };
    for source in sources {
        let changed = modified(&source).is_ok_and(|changed| changed > built);
        assert!(
            !changed,
            "{} is older than {}; run `cargo xtask test`, or: {command}",
            product.display(),
            source.display()
        );
    }
}

fn modified(file: &Path) -> std::io::Result<SystemTime> {
    fs::metadata(file)?.modified()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}
