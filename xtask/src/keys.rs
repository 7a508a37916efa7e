//! The secrets of the shop on this machine. Made once and kept in `.dev`, so that order links and cookies
//! from an earlier start stay valid.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::step;

/// The worker never gets these: a reader of its secrets must not become an operator.
const ORIGIN_ONLY: &str = "DROPGATE_ADMIN_KEYS";

const WEBHOOK_SECRET: &str = "DROPGATE_WEBHOOK_SECRET";

pub(crate) struct Keys(Vec<(String, String)>);

impl Keys {
    /// Reads the keys from `file`; when there is none, `dropgate keys` makes them.
    pub(crate) fn load_or_make(file: &Path, dropgate: &Path) -> Result<Keys> {
        if !file.exists() {
            println!("Making keys for this machine: {}", file.display());
            write_private(file, &step::output(Command::new(dropgate).arg("keys"))?)?;
        }
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        parse(&text).with_context(|| format!("in {}; delete it to get new keys", file.display()))
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn webhook_secret(&self) -> &str {
        let found = self.all().find(|(name, _)| *name == WEBHOOK_SECRET);
        found.map_or("", |(_, value)| value)
    }

    /// Writes the worker's share beside `file`, in the form wrangler reads.
    pub(crate) fn write_for_edge(&self, file: &Path) -> Result<PathBuf> {
        let lines = self.all().filter(|(name, _)| *name != ORIGIN_ONLY);
        let text: String = lines.map(|(name, value)| format!("{name}={value}\n")).collect();
        let edge_file = file.with_file_name("edge.env");
        write_private(&edge_file, &text)?;
        Ok(edge_file)
    }
}

fn parse(text: &str) -> Result<Keys> {
    let mut keys = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        // The value is not shown: it is a secret even when it is in the wrong place.
        let Some((name, value)) = line.split_once('=') else { bail!("a line is not NAME=value") };
        keys.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    for needed in [ORIGIN_ONLY, WEBHOOK_SECRET] {
        if !keys.iter().any(|(name, value)| name == needed && !value.is_empty()) {
            bail!("{needed} is missing");
        }
    }
    Ok(Keys(keys))
}

fn write_private(file: &Path, text: &str) -> Result<()> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)
        .and_then(|mut opened| opened.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_line_by_line() {
        let keys = parse("# made here\nDROPGATE_ADMIN_KEYS=a1.x=\n\nDROPGATE_WEBHOOK_SECRET = hook\n").unwrap();
        assert_eq!(keys.webhook_secret(), "hook");
        assert_eq!(keys.all().next(), Some(("DROPGATE_ADMIN_KEYS", "a1.x=")));
    }

    #[test]
    fn a_broken_file_of_keys_is_refused_without_showing_it() {
        let error = parse("sesame").err().unwrap();
        assert!(!format!("{error:#}").contains("sesame"));
        assert!(parse("DROPGATE_ADMIN_KEYS=a\nDROPGATE_WEBHOOK_SECRET=\n").is_err());
    }
}
