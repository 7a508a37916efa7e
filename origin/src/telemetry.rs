//! Logs go to stderr, one line each, with the fields named here.
//!
//! `order` and `drop` are ids, `error` is the whole chain of a failure. Names, phones, e-mails, addresses, tokens,
//! keys and order keys are never logged.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// `RUST_LOG` chooses what is shown; `info` by default.
pub fn start() {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    // Colours are for people: in a file or a journal they hide what is searched for.
    let colours = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    log.with_target(false).with_ansi(colours).init();
}
