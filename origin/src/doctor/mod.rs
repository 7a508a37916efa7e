//! Whether this machine, and everything the settings name, is ready for a drop. Nothing is changed anywhere.

mod machine;
mod outside;

use crate::clock::Clock;
use crate::config::ServeConfig;

/// One thing that was looked at.
pub(crate) struct Finding {
    pub what: &'static str,
    pub verdict: Verdict,
    /// What was seen; with what to do about it unless it is well.
    pub says: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Well,
    /// It works, and a drop may suffer from it.
    Doubtful,
    /// A drop cannot be held like that.
    Bad,
    /// The settings do not have it.
    Off,
}

impl Finding {
    fn well(what: &'static str, says: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Well, says: says.into() }
    }

    fn doubtful(what: &'static str, says: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Doubtful, says: says.into() }
    }

    fn bad(what: &'static str, says: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Bad, says: says.into() }
    }

    fn off(what: &'static str, says: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Off, says: says.into() }
    }
}

/// Looks at everything, in the order in which a person would mend it.
pub(crate) async fn findings(config: ServeConfig, clock: Clock) -> Vec<Finding> {
    let mut findings = machine::findings(&config, &clock);
    findings.extend(outside::findings(config, clock).await);
    findings
}
