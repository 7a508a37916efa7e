//! The architecture: which module may import which, and where SQL, the environment and wall time may appear.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use harness::root;

use super::{
    imports::Imports,
    sources::{code, sources},
};

/// Roots that are not checked: end-to-end tests have a module for each subject, and the simulation is one type, `World`,
/// whose methods stand in a module for each actor.
const UNCHECKED: [&str; 2] = ["tests/e2e", "tests/simulation"];

/// The modules of the origin in the order of their imports: a module reaches those of earlier rows and no other of these.
const ORDER: [&[&str]; 6] =
    [&["store"], &["writer"], &["payos", "views"], &["outbox", "timers", "http"], &["serve"], &["cli"]];

#[test]
fn no_modules_import_each_other_in_a_circle() {
    let mut circles = Vec::new();
    for folder in crate_roots() {
        let found = Imports::of(&folder).circles().into_iter();
        circles.extend(found.map(|circle| format!("{}: {}", folder.display(), circle.join(", which imports "))));
    }
    assert!(circles.is_empty(), "modules import each other in circles:\n{}", circles.join("\n"));
}

/// The folders of every `lib.rs` and `main.rs`.
fn crate_roots() -> BTreeSet<PathBuf> {
    let roots = sources(&root(), &["rs"]).into_iter().filter_map(|(file, _)| {
        let is_root = file.ends_with("lib.rs") || file.ends_with("main.rs");
        is_root.then(|| file.parent().expect("a folder").to_path_buf())
    });
    let unchecked = UNCHECKED.map(|folder| root().join(folder));
    let roots: BTreeSet<PathBuf> = roots.collect();
    for folder in &unchecked {
        assert!(roots.contains(folder), "{} is no crate", folder.display());
    }
    let checked: BTreeSet<PathBuf> = roots.into_iter().filter(|folder| !unchecked.contains(folder)).collect();
    assert!(checked.contains(&root().join("origin/src")), "origin/src is no crate");
    checked
}

#[test]
fn imports_of_the_origin_point_one_way() {
    let imports = Imports::of(&root().join("origin/src"));
    let reached = imports.reached_by_top_modules();
    for (row, modules) in ORDER.iter().enumerate() {
        let earlier = ORDER[..row].concat();
        let others = ORDER[row..].concat();
        for module in *modules {
            let imported = reached.get(module).unwrap_or_else(|| panic!("origin/src has no {module}"));
            for other in others.iter().filter(|other| *other != module) {
                assert!(!imported.contains(other), "origin/src: {module} imports {other}, by itself or through others");
            }
            let checked = row == 0 || earlier.iter().any(|earlier| imported.contains(earlier));
            assert!(
                checked,
                "origin/src: {module} reaches nothing of the rows before it, or the check finds no imports"
            );
        }
    }
}

#[test]
fn only_serve_imports_http() {
    let imports = Imports::of(&root().join("origin/src"));
    let importers: Vec<&str> = imports
        .of_top_modules()
        .into_iter()
        .filter(|(_, imported)| imported.contains("http"))
        .map(|(by, _)| by)
        .collect();
    assert_eq!(importers, ["serve"]);
}

#[test]
fn sql_lives_in_the_store_only() {
    // Upper or lower case as in SQL, and not as in prose.
    let signs = ["libsql::", "INSERT INTO", "insert into", "DELETE FROM", "delete from", "SELECT ", " SET ", "PRAGMA "];
    assert_only_in("origin/src/store", &signs, &|text| text.to_owned());
}

#[test]
fn only_the_configuration_reads_the_environment() {
    assert_only_in("origin/src/config.rs", &["env::"], &code);
}

#[test]
fn only_the_clock_reads_wall_time() {
    assert_only_in("origin/src/clock.rs", &["SystemTime", "now_utc", "now_local", "UtcDateTime::now"], &code);
}

/// These signs appear at `place` and nowhere else in the origin. Its tests may read what they need.
fn assert_only_in(place: &str, signs: &[&str], part: &dyn Fn(&str) -> String) {
    let place = root().join(place);
    let origin = root().join("origin/src");
    let is_test = |file: &Path| {
        let file = file.strip_prefix(&origin).expect("a file of the origin");
        file.iter().any(|name| name == "tests" || name == "tests.rs")
    };
    let mut found = 0;
    for (file, text) in sources(&origin, &["rs"]).into_iter().filter(|(file, _)| !is_test(file)) {
        let text = part(&text);
        let sign = signs.iter().find(|sign| text.contains(**sign));
        if file.starts_with(&place) {
            found += usize::from(sign.is_some());
        } else {
            assert_eq!(sign, None, "{}", file.display());
        }
    }
    assert!(found > 0, "{} has none of {signs:?}: the check has nothing to check", place.display());
}
