//! Logs go to stderr, one line each, with the fields named here.
//!
//! `order` and `drop` are ids, `error` is the whole chain of a failure. Names, phones, e-mails, addresses, tokens,
//! keys and order keys are never logged.
//!
//! What is wrong is tried and found again for hours. A warning or an error therefore appears once an hour; what repeats
//! it meanwhile is counted.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};

use domain::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer};

use crate::clock::Clock;

/// A person who reads the log of an hour finds all that is wrong in it.
const LINE_REPEATED_AFTER_MS: i64 = 3_600_000;
/// Different lines of one place in the code within that time. While PayOS is down each order has a line of its own: so
/// many show what is wrong, and more would fill the disk.
const LINES_PER_PLACE_MAX: usize = 256;

/// How many lines were left out because they had appeared already, by the module they come from.
pub type RepeatedLines = Family<LoggedBy, Counter>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct LoggedBy {
    module: &'static str,
}

/// `RUST_LOG` chooses what is shown; `info` by default.
pub fn start(clock: Clock) -> RepeatedLines {
    let repeated = RepeatedLines::default();
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    // Colours are for people: in a file or a journal they hide what is searched for.
    let colours = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false).with_ansi(colours);
    let once_an_hour = OnceAnHour::new(clock, repeated.clone());
    tracing_subscriber::registry().with(lines).with(once_an_hour).with(filter).init();
    repeated
}

/// Leaves out a warning or an error that appeared less than an hour ago with the same fields.
struct OnceAnHour {
    clock: Clock,
    /// When each line last appeared, by the place that logs it.
    appeared: Mutex<HashMap<Identifier, HashMap<u64, Timestamp>>>,
    repeated: RepeatedLines,
}

impl OnceAnHour {
    fn new(clock: Clock, repeated: RepeatedLines) -> Self {
        Self { clock, appeared: Mutex::default(), repeated }
    }

    fn appears(&self, event: &Event<'_>) -> bool {
        let (line, now) = (digest(event), self.clock.now());
        let is_recent = |at: Timestamp| (now.0 - at.0).abs() < LINE_REPEATED_AFTER_MS;
        let mut places = self.appeared.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = places.entry(event.metadata().callsite()).or_default();
        if lines.get(&line).is_some_and(|at| is_recent(*at)) {
            return false;
        }
        if lines.len() >= LINES_PER_PLACE_MAX {
            lines.retain(|_, at| is_recent(*at));
        }
        let has_room = lines.len() < LINES_PER_PLACE_MAX;
        if has_room {
            lines.insert(line, now);
        }
        has_room
    }
}

impl<S: Subscriber> Layer<S> for OnceAnHour {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        // The levels ascend with how much they tell.
        if *event.metadata().level() > Level::WARN {
            return true;
        }
        let appears = self.appears(event);
        if !appears {
            self.repeated.get_or_create(&LoggedBy { module: event.metadata().target() }).inc();
        }
        appears
    }
}

fn digest(event: &Event<'_>) -> u64 {
    let mut fields = Fields(String::new());
    event.record(&mut fields);
    let mut hasher = DefaultHasher::new();
    fields.0.hash(&mut hasher);
    hasher.finish()
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{field}={value:?} ");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use tracing::{info, warn};

    use super::*;

    struct Count(Arc<AtomicU64>);

    impl<S: Subscriber> Layer<S> for Count {
        fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many lines `log` leaves in a log in which repeated ones are left out, and how many are left out.
    fn lines(clock: &Clock, log: impl FnOnce()) -> (u64, u64) {
        let (shown, repeated) = (Arc::new(AtomicU64::new(0)), RepeatedLines::default());
        let once_an_hour = OnceAnHour::new(clock.clone(), repeated.clone());
        let subscriber = tracing_subscriber::registry().with(Count(shown.clone())).with(once_an_hour);
        tracing::subscriber::with_default(subscriber, log);
        let left_out = repeated.get_or_create(&LoggedBy { module: module_path!() }).get();
        (shown.load(Ordering::Relaxed), left_out)
    }

    fn differs(order: u64, ledger: i64) {
        warn!(order, ledger, "PayOS counts another sum than the ledger");
    }

    #[test]
    fn a_warning_that_repeats_appears_once_an_hour_and_is_counted() {
        let clock = Clock::manual(Timestamp(0));
        let hour = || {
            (0..60).for_each(|_| {
                differs(1, 5);
                clock.advance(60_000);
            })
        };
        assert_eq!(lines(&clock, hour), (1, 59));
        assert_eq!(lines(&clock, || (hour(), hour()).0), (2, 118));
    }

    #[test]
    fn a_warning_of_something_else_appears() {
        let clock = Clock::manual(Timestamp(0));
        let others = || (1..=3).for_each(|order| (0..2).for_each(|_| (differs(order, 5), differs(order, 6)).0));
        assert_eq!(lines(&clock, others), (6, 6));
        assert_eq!(lines(&clock, || (0..9).for_each(|_| info!("money applied to its order"))), (9, 0));
    }

    #[test]
    fn one_place_fills_no_log_however_many_orders_it_warns_of() {
        let clock = Clock::manual(Timestamp(0));
        let warned = || (0..5_000).for_each(|order| differs(order, 5));
        assert_eq!(lines(&clock, warned), (LINES_PER_PLACE_MAX as u64, 5_000 - LINES_PER_PLACE_MAX as u64));
        let two_hours = || {
            warned();
            clock.advance(LINE_REPEATED_AFTER_MS);
            warned();
        };
        assert_eq!(lines(&clock, two_hours).0, 2 * LINES_PER_PLACE_MAX as u64);
    }
}
