use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Args;
use serde_json::json;

use crate::load::closed::{self, Until};
use crate::load::measured::Measured;
use crate::load::request::{Kind, Requests};
use crate::progress::Progress;
use crate::report::{Bound, Report};
use crate::scenario::common::Common;
use crate::scenario::orders::{PLENTY, buy};
use crate::scenario::rounds::report_ratio;
use crate::servers::{DataFolder, Origin, Servers};
use crate::statistics::Rounds;

const RATIO_MIN: f64 = 0.95;
const P95_MS_MAX: f64 = 10.0;
/// Orders of each drop.
const PER_DROP: u64 = 100_000;
/// Operators are few.
const SEARCHERS: usize = 2;
/// A view that takes longer to follow has stalled.
const FED_TIMEOUT: Duration = Duration::from_secs(3 * 3_600);
const LAG: &str = "dropgate_views_lag_rows";

/// What is asked for: rare and common, found and not, one field and several.
const SEARCHES: [(&str, &str); 9] = [
    ("e-mail", "email=an77@example.com"),
    ("phone of nobody", "phone=%2B4917777777777"),
    ("name, rare", "name=nguyen+khanh+vy"),
    ("name, common", "name=nguyen"),
    ("name, beginnings", "name=ng+th"),
    ("state", "state=pending"),
    ("region and year", "region=S01&year=YEAR"),
    ("drop and a state it has not", "drop=1&state=paid"),
    ("amount, none", "amount_min=999999999"),
];

#[derive(Args)]
#[command(
    long_about = "Purchases beside a view that follows, against the same without one; then searches by operators over \
many orders.\n\nWithout a view means that a folder stands in the place of views.db: then the origin cannot open it, and \
waits."
)]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    #[arg(long, default_value_t = 500_000)]
    orders: u64,
    /// Of each measurement.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=30))]
    seconds: u64,
    /// Each round measures purchases without a view and with one.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Purchases prepared for each measurement.
    #[arg(long, default_value_t = 400_000)]
    purchases: usize,
}

pub(crate) fn run(options: Options) -> Result<()> {
    let servers = options.common.start_servers()?;
    let columns = &["off/s", "on/s", "ratio", "p50 ms", "p95 ms", "p99 ms"];
    let facts = json!({ "orders": options.orders, "seconds": options.seconds, "rounds": options.rounds });
    let mut report = options.common.report("search", columns, facts);
    let mut all_rounds = Rounds::default();
    for round in 1..=options.rounds {
        let off = purchases(&servers, &options, false, &format!("round {round}: without a view"))?;
        let on = purchases(&servers, &options, true, &format!("round {round}: with one"))?;
        let quantile = |at| on.total.quantile_ms(at);
        let (off, rate) = (off.rate(), on.rate());
        report.row(
            format!("purchases, round {round}"),
            &[off, rate, rate / off, quantile(0.5), quantile(0.95), quantile(0.99)],
        );
        all_rounds.push(off, rate);
    }
    let origin = servers.start_origin(DataFolder::fresh()?)?;
    fill(&origin, &options, &mut report)?;
    let mut slowest: f64 = 0.0;
    for (what, query) in SEARCHES {
        let found = search(&origin, query, &options, what)?;
        let quantile = |at| found.total.quantile_ms(at);
        report.row(what, &[f64::NAN, found.rate(), f64::NAN, quantile(0.5), quantile(0.95), quantile(0.99)]);
        slowest = slowest.max(quantile(0.95));
    }
    if options.rounds > 0 {
        let ratio = report_ratio(&mut report, &all_rounds);
        report.bar("purchases beside a view that follows, ratio to none", ratio, Bound::AtLeast(RATIO_MIN));
    }
    report.bar("slowest search, p95 in ms", slowest, Bound::AtMost(P95_MS_MAX));
    report.finish(options.common.json)
}

fn purchases(servers: &Servers, options: &Options, with_view: bool, what: &str) -> Result<Measured> {
    let folder = DataFolder::fresh()?;
    if !with_view {
        DirBuilder::new().mode(0o700).create(folder.path().join("views.db"))?;
    }
    let origin = servers.start_origin(folder)?;
    let drop = origin.create_drop("bench", PLENTY)?;
    let requests = origin.shoppers(drop).purchases(options.purchases)?;
    let until = Until::AllSent(Duration::from_secs(options.seconds));
    let connections = options.common.connections;
    let measured = closed::run(&origin.address, &requests, until, connections, &Progress::new(what), |_| {})?;
    measured.require(Kind::Purchase, &[201])?;
    Ok(measured)
}

fn fill(origin: &Origin, options: &Options, report: &mut Report) -> Result<()> {
    for number in 0..options.orders.div_ceil(PER_DROP) {
        let drop = origin.create_drop(&format!("drop-{number}"), PLENTY)?;
        let count = PER_DROP.min(options.orders - number * PER_DROP) as usize;
        buy(origin, &mut origin.shoppers(drop), count, options.common.connections)?;
    }
    let (started, behind) = (Instant::now(), origin.metric(LAG)?);
    while origin.metric(LAG)? > 0 {
        ensure!(started.elapsed() < FED_TIMEOUT, "the view does not follow");
        std::thread::sleep(Duration::from_millis(500));
    }
    let seconds = started.elapsed().as_secs_f64();
    report.note(format!("{} orders; the view took {behind} rows in {seconds:.0} s", options.orders));
    Ok(())
}

fn search(origin: &Origin, query: &str, options: &Options, what: &str) -> Result<Measured> {
    let token = origin.command(&["token", "admin", "--name", "bench", "--role", "operate"])?;
    let query = query.replace("YEAR", &year(origin)?);
    let mut requests = Requests::default();
    let head =
        format!("GET /admin/orders?{query} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\n\r\n", token.trim());
    requests.push(Kind::Search, |bytes| bytes.extend_from_slice(head.as_bytes()));
    let until = Until::Elapsed(Duration::from_secs(options.seconds));
    let measured = closed::run(&origin.address, &requests, until, SEARCHERS, &Progress::new(what), |_| {})?;
    measured.require(Kind::Search, &[200])?;
    Ok(measured)
}

/// In which the newest order was placed.
fn year(origin: &Origin) -> Result<String> {
    let found: serde_json::Value =
        serde_json::from_str(&origin.command(&["order", "find", "--limit", "1", "--json"])?)?;
    let ordered_at = found["orders"][0]["ordered_at"].as_str().unwrap_or_default();
    Ok(ordered_at.get(..4).unwrap_or_default().to_owned())
}
