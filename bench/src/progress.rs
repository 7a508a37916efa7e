//! How far a measurement has come, shown on a terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The progress of one measurement.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn new(what: &str) -> Self {
        let bar = ProgressBar::new(1_000);
        if let Ok(style) = ProgressStyle::with_template("{msg:32} [{bar:40}] {percent:>3} %") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what.to_owned());
        if !std::io::stderr().is_terminal() {
            eprintln!("{what} …");
        }
        Self(bar)
    }

    /// For a measurement that is part of another.
    pub(crate) fn hidden() -> Self {
        Self(ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()))
    }

    pub(crate) fn set(&self, elapsed: Duration, of: Duration) {
        self.0.set_position((elapsed.as_secs_f64() / of.as_secs_f64() * 1_000.0) as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
