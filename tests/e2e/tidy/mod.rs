//! Rules of the tree, checked on its text. Each check names the file that breaks it, and fails when it finds no file.

mod architecture;
mod dependencies;
mod imports;
mod sources;

use std::{path::Path, process::Command};

use harness::root;
use sources::{read, sources};

/// Above most files of well-kept code bases; a longer file has two subjects.
const LINES_MAX: usize = 400;

#[test]
fn no_file_is_longer_than_its_limit() {
    for (file, text) in sources(&root(), &["rs", "js", "mjs", "css", "html", "sql"]) {
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX, "{}: {lines} lines, at most {LINES_MAX}: split it by subject", file.display());
    }
}

#[test]
fn no_file_has_a_mark_of_unfinished_work() {
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
fn migrations_are_numbered_without_a_gap_and_all_of_them_are_embedded() {
    let migrate = read(&root().join("origin/src/store/migrate.rs"));
    for folder in ["sale", "views"] {
        let mut names: Vec<String> = sources(&root().join("migrations").join(folder), &["sql"])
            .iter()
            .map(|(file, _)| file.file_name().unwrap_or_default().to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert!(!names.is_empty(), "there are no migrations of {folder}");
        for (index, name) in names.iter().enumerate() {
            let number = index + 1;
            assert!(name.starts_with(&format!("{number:04}_")), "{name} is out of order");
            let embedded = format!("migration!(\"{folder}\", {number}, \"{name}\")");
            assert!(migrate.contains(&embedded), "{name} is not embedded");
        }
    }
}

#[test]
fn a_committed_migration_is_never_edited() {
    let root = root();
    for (file, text) in sources(&root.join("migrations"), &["sql"]) {
        let path = file.strip_prefix(&root).expect("a file of the tree").to_string_lossy().into_owned();
        // Without a repository, or before its first commit, a file has no first version.
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
