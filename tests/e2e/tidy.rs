//! The architecture, checked on the text of the tree. Each check names the file that breaks it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use harness::root;

/// Above most files of code bases we like to read; a longer one has two subjects.
const LINES_MAX: usize = 400;

/// Made by tools, like every folder whose name begins with a dot.
const MADE: [&str; 4] = ["target", "node_modules", "build", "dist"];

/// The rules of the sale need the standard library, and the tests of the rules need these.
const DOMAIN_DEPENDENCIES: [&str; 3] = ["hashbrown", "proptest", "proptest-state-machine"];

/// Imports of the origin point one way: nothing in the folder on the left knows the modules on the right.
const UNKNOWN_TO: [(&str, &[&str]); 6] = [
    ("store", &["writer", "payos", "outbox", "timers", "http", "cli"]),
    ("writer", &["payos", "outbox", "timers", "http", "cli"]),
    ("payos", &["outbox", "timers", "http", "cli"]),
    ("outbox", &["timers", "http", "cli"]),
    ("timers", &["outbox", "http", "cli"]),
    ("http", &["cli", "outbox", "timers"]),
];

#[test]
fn no_file_is_longer_than_its_limit() {
    for (file, text) in sources(&root(), &["rs", "js", "mjs", "css", "html", "sql"]) {
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX, "{}: {lines} lines, at most {LINES_MAX}: split it by subject", file.display());
    }
}

#[test]
fn nothing_unfinished_is_left_behind() {
    let marks =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX"), concat!("dbg", "!("), concat!("todo", "!(")];
    for (file, text) in sources(&root(), &["rs", "js", "mjs", "css", "html", "sql", "toml"]) {
        for (number, line) in text.lines().enumerate() {
            let mark = marks.iter().find(|mark| line.contains(**mark));
            assert_eq!(mark, None, "{}:{}", file.display(), number + 1);
        }
    }
}

#[test]
fn the_domain_depends_on_nothing() {
    let manifest = read(&root().join("crates/domain/Cargo.toml"));
    let mut in_dependencies = false;
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            in_dependencies = line.contains("dependencies");
            assert!(!line.contains("dependencies."), "write dependencies in one table: {line}");
        } else if in_dependencies && !line.is_empty() && !line.starts_with('#') {
            let name = line.split(['=', '.', ' ']).next().unwrap_or(line);
            assert!(DOMAIN_DEPENDENCIES.contains(&name), "crates/domain depends on {name}");
        }
    }
    assert!(manifest.contains("name = \"domain\""), "this is not the manifest of the domain");
}

#[test]
fn sql_lives_in_the_store_only() {
    // Upper or lower case as SQL is written, not as prose is.
    let signs = ["libsql::", "INSERT INTO", "insert into", "DELETE FROM", "delete from", "SELECT ", " SET ", "PRAGMA "];
    let origin = root().join("origin/src");
    let mut in_store = 0;
    // Tests may look behind the store's back.
    let is_test = |file: &Path| file.iter().any(|part| part == "tests" || part == "tests.rs");
    for (file, text) in sources(&origin, &["rs"]).into_iter().filter(|(file, _)| !is_test(file)) {
        let sign = signs.iter().find(|sign| text.contains(**sign));
        if file.starts_with(origin.join("store")) {
            in_store += usize::from(sign.is_some());
        } else {
            assert_eq!(sign, None, "{}", file.display());
        }
    }
    assert!(in_store > 0, "the store has moved: this check finds no SQL at all");
}

#[test]
fn imports_of_the_origin_point_one_way() {
    let origin = root().join("origin/src");
    for (folder, unknown) in UNKNOWN_TO {
        let files = sources(&origin.join(folder), &["rs"]).into_iter();
        let single = origin.join(format!("{folder}.rs"));
        let single = single.is_file().then(|| (single.clone(), read(&single)));
        let files: Vec<_> = files.chain(single).collect();
        assert!(!files.is_empty(), "origin/src has no {folder}");
        for (file, text) in files {
            for module in unknown {
                let forbidden =
                    [format!("crate::{module}::"), format!("crate::{module};"), format!("crate::{module},")];
                let found = forbidden.iter().find(|import| text.contains(import.as_str()));
                assert_eq!(found, None, "{}", file.display());
            }
        }
    }
}

#[test]
fn migrations_are_numbered_without_a_gap_and_all_of_them_are_embedded() {
    let migrate = read(&root().join("origin/src/store/migrate.rs"));
    let mut names: Vec<String> = sources(&root().join("migrations/sale"), &["sql"])
        .iter()
        .map(|(file, _)| file.file_name().unwrap_or_default().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(!names.is_empty(), "there are no migrations");
    for (index, name) in names.iter().enumerate() {
        assert!(name.starts_with(&format!("{:04}_", index + 1)), "{name} is out of order");
        assert!(migrate.contains(name.as_str()), "{name} is not embedded");
    }
}

#[test]
fn a_committed_migration_is_never_edited() {
    let root = root();
    for (file, text) in sources(&root.join("migrations"), &["sql"]) {
        let path = file.strip_prefix(&root).expect("a file of the tree").to_string_lossy().into_owned();
        // Without a repository, or before its first commit, a file has no history to keep to.
        let Some(commits) = git(&root, &["rev-list", "HEAD", "--", &path]) else { continue };
        let Some(first) = commits.lines().last() else { continue };
        let as_added = git(&root, &["show", &format!("{first}:{path}")]);
        assert_eq!(as_added, Some(text), "{path} differs from what was first committed: add a new migration");
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Every file below `folder` with one of these endings, with its text.
fn sources(folder: &Path, endings: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.expect("a readable folder").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && !MADE.contains(&name.as_str()) {
                folders.push(path);
            } else if path.is_file() && endings.iter().any(|ending| name.ends_with(&format!(".{ending}"))) {
                let text = read(&path);
                found.push((path, text));
            }
        }
    }
    found
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
