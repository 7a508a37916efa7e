use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Args;
use serde_json::json;

use crate::destinations::{Answers, Destinations};
use crate::machine::MemoryWatch;
use crate::progress::Progress;
use crate::report::{Bound, Report};
use crate::scenario::common::Common;
use crate::scenario::orders::{buy, pay, require_stored, wait_for_links};
use crate::servers::{Origin, Servers};

/// Mails that the origin has under way at once: its connections to the mail server.
const MAILS_AT_ONCE: f64 = 8.0;
/// Of the rate at which the mail server takes mails over so many connections.
const RATIO_MIN: f64 = 0.90;
const GROWTH_MIB_MAX: f64 = 16.0;
/// Buffers and tables reach their size in the first seconds.
const SETTLED_AFTER: Duration = Duration::from_secs(5);
/// The origin reads at most 256 payments a second back.
const READ_BACK_TIMEOUT: Duration = Duration::from_secs(3_600);
/// A mail takes milliseconds.
const SILENCE_MAX: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);

#[derive(Args)]
#[command(
    long_about = "Drains owed mails against a mail server that takes a time for each.\n\nThe scenario buys orders, \
waits for their payment links, pays by signed webhooks and waits until the origin has read every payment back from a \
PayOS that answers at once. Then it starts the origin again, with the mail server: each order owes its mail now. The \
ideal is what eight connections carry: 8 mails in the time of one. Memory is read once a second from some seconds after \
the first mail to the last.\n\n100,000 mails take some ten minutes to be owed and eleven to go out."
)]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    #[arg(long, default_value_t = 100_000)]
    mails: u32,
    /// What the mail server takes for a mail.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    mail_ms: u64,
}

pub(crate) fn run(options: Options) -> Result<()> {
    let Options { common, mails, mail_ms } = options;
    let servers = common.start_servers_with(Duration::ZERO)?;
    let destinations = Destinations::start(Answers::After(Duration::from_millis(mail_ms)), 0)?;
    let columns = &["mails", "mails/s", "ideal/s", "ratio", "first MiB", "most MiB"];
    let mut report = common.report("mails", columns, json!({ "mails": mails, "mail_ms": mail_ms }));
    let origin = owing(&servers, mails, common.connections)?;
    let origin = servers.restart_with(origin, &destinations.mail_settings())?;
    let watch = MemoryWatch::start(origin.pid());
    let drained = drain(&destinations, mails)?;
    let memory = watch.stop()?;
    let ideal = MAILS_AT_ONCE / Duration::from_millis(mail_ms).as_secs_f64();
    let (rate, (first, most)) = (drained.rate(mails), first_and_most(&memory, drained.first_at + SETTLED_AFTER));
    report.row("drain", &[mails.into(), rate, ideal, rate / ideal, first, most]);
    require_stored(mails.into(), origin.verified_orders()?)?;
    let again = destinations.mail_server.taken();
    ensure!(again == 0, "{again} mails came twice");
    report.note("every order is stored and got one mail, and the ledger verifies");
    add_bars(&mut report, rate / ideal, most - first);
    report.finish(common.json)
}

/// An origin without a mail server, with orders that owe a mail each.
fn owing(servers: &Servers, mails: u32, connections: usize) -> Result<Origin> {
    let (origin, drop) = servers.start_fresh_origin(mails)?;
    let orders = buy(&origin, &mut origin.shoppers(drop), mails as usize, connections)?;
    wait_for_links(&origin, orders.len())?;
    pay(servers, &origin, &orders, connections)?;
    let progress = Progress::new("payments read back");
    let deadline = Instant::now() + READ_BACK_TIMEOUT;
    loop {
        let unsettled = origin.metric("dropgate_payments_unsettled")?;
        if unsettled == 0 {
            return Ok(origin);
        }
        ensure!(Instant::now() < deadline, "{unsettled} payments were not read back");
        progress.set(Duration::from_secs(u64::from(mails) - unsettled), Duration::from_secs(mails.into()));
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// When the mails went out.
struct Drained {
    first_at: Instant,
    /// Taken when the first were noticed.
    first: u64,
    last_at: Instant,
}

impl Drained {
    fn rate(&self, mails: u32) -> f64 {
        (u64::from(mails) - self.first) as f64 / (self.last_at - self.first_at).as_secs_f64()
    }
}

/// Waits until the mail server has taken them all.
fn drain(destinations: &Destinations, mails: u32) -> Result<Drained> {
    let progress = Progress::new(&format!("{mails} mails"));
    let mut drained = Drained { first_at: Instant::now(), first: 0, last_at: Instant::now() };
    let mut taken = 0;
    while taken < u64::from(mails) {
        std::thread::sleep(LOOK_EVERY);
        let more = destinations.mail_server.taken();
        if more > 0 {
            drained.last_at = Instant::now();
            if taken == 0 {
                (drained.first_at, drained.first) = (drained.last_at, more);
            }
        }
        taken += more;
        ensure!(drained.last_at.elapsed() < SILENCE_MAX, "the mail server took {taken} mails of {mails} and then none");
        progress.set(Duration::from_secs(taken), Duration::from_secs(mails.into()));
    }
    Ok(drained)
}

fn first_and_most(memory: &[(Instant, f64)], since: Instant) -> (f64, f64) {
    let settled: Vec<f64> = memory.iter().filter(|(at, _)| *at >= since).map(|(_, mib)| *mib).collect();
    (settled.first().copied().unwrap_or(f64::NAN), settled.iter().copied().fold(f64::NAN, f64::max))
}

fn add_bars(report: &mut Report, ratio: f64, growth: f64) {
    report.bar("mails a second, ratio to what the mail server takes", ratio, Bound::AtLeast(RATIO_MIN));
    report.bar("growth of memory while they go out, MiB", growth, Bound::AtMost(GROWTH_MIB_MAX));
}
