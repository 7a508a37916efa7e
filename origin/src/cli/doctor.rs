use anyhow::{Result, bail};

use super::terminal::printable;
use crate::clock::Clock;
use crate::config::ServeConfig;
use crate::doctor::{Verdict, findings};

/// Prints a line for everything that was looked at, and fails when a drop cannot be held.
pub(super) async fn run() -> Result<()> {
    let mut bad = 0;
    for finding in findings(ServeConfig::from_env()?, Clock::system()).await {
        let word = match finding.verdict {
            Verdict::Well => "ok",
            Verdict::Doubtful => "look",
            Verdict::Bad => "BAD",
            Verdict::Off => "off",
        };
        bad += usize::from(finding.verdict == Verdict::Bad);
        println!("{word:<5} {:<12} {}", finding.what, printable(&finding.says));
    }
    if bad > 0 {
        bail!("{bad} of these must be mended before a drop");
    }
    Ok(())
}
