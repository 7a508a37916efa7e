use std::process::Command;

use crate::built::program;

/// The worker never gets these: a reader of its secrets must not become an operator.
const ORIGIN_ONLY: &str = "DROPGATE_ADMIN_KEYS";

/// Fresh keys of one shop, as `dropgate keys` makes them.
#[derive(Clone)]
pub struct Secrets(Vec<(String, String)>);

impl Secrets {
    pub(crate) fn make() -> Secrets {
        let output = Command::new(program("dropgate")).arg("keys").output().expect("dropgate keys runs");
        let text = String::from_utf8(output.stdout).expect("keys are text");
        let pairs = text.lines().map(|line| line.split_once('=').expect("NAME=value"));
        Secrets(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    pub fn get(&self, name: &str) -> &str {
        let found = self.all().find(|(known, _)| *known == name);
        found.unwrap_or_else(|| panic!("dropgate keys makes no {name}")).1
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn for_edge(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all().filter(|(name, _)| *name != ORIGIN_ONLY)
    }
}
