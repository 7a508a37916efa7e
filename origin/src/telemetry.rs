//! Logs go to stderr, one line each, with the fields named here.
//!
//! `order` and `drop` are ids, `error` is the whole chain of a failure. Names, phones, e-mails, addresses, tokens,
//! keys and order keys are never logged.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// `RUST_LOG` chooses what is shown; `info` by default.
pub fn start() {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
}
