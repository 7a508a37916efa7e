//! The dependencies of the crates that hold the rules of the sale.

use std::collections::BTreeSet;

use harness::root;

use super::sources::read;

/// Each crate with everything that it depends on, for its code and for its tests. These crates do no I/O and read no
/// clock, because no dependency of theirs does.
const DEPENDENCIES: [(&str, &[&str], &[&str]); 3] = [
    ("domain", &["hashbrown"], &["proptest", "proptest-state-machine"]),
    ("ledger", &["anyhow", "base64", "domain", "serde", "serde_json", "sha2"], &[]),
    ("engine", &["anyhow", "domain", "hashbrown", "hmac", "ledger", "sha2"], &[]),
];

#[test]
fn the_rules_of_the_sale_depend_on_exactly_what_is_listed() {
    for (name, code, tests) in DEPENDENCIES {
        let manifest = read(&root().join(format!("crates/{name}/Cargo.toml")));
        assert!(manifest.contains(&format!("name = \"{name}\"")), "crates/{name} holds another crate");
        for (table, listed) in [("dependencies", code), ("dev-dependencies", tests)] {
            let found = dependencies(&manifest, table);
            assert_eq!(found, listed.iter().copied().collect(), "{table} of crates/{name}");
        }
    }
}

/// The names in a table of a manifest. Other tables of dependencies are not allowed.
fn dependencies<'a>(manifest: &'a str, wanted: &str) -> BTreeSet<&'a str> {
    let mut names = BTreeSet::new();
    let mut table = "";
    for line in manifest.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(title) = line.strip_prefix('[') {
            table = title.trim_end_matches(']');
            let known = !table.contains("dependencies") || ["dependencies", "dev-dependencies"].contains(&table);
            assert!(known, "move [{table}] into [dependencies] or [dev-dependencies]");
        } else if table == wanted {
            names.extend(line.split(['=', '.', ' ']).next());
        }
    }
    names
}

#[test]
fn dependencies_are_read_from_their_table() {
    let manifest = "[package]\nname = \"a\"\n[dependencies]\nb.workspace = true\n# c\nd = \"1\"\n[dev-dependencies]\ne = { path = \"f\" }\n";
    assert_eq!(dependencies(manifest, "dependencies"), BTreeSet::from(["b", "d"]));
    assert_eq!(dependencies(manifest, "dev-dependencies"), BTreeSet::from(["e"]));
}
