use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Args;
use serde_json::json;

use crate::load::closed::{self, Until};
use crate::load::connections::Connections;
use crate::load::measured::Measured;
use crate::load::open::{self, Arrivals, Flow, WhenFull, WriteNext};
use crate::load::request::Kind;
use crate::load::request::Requests;
use crate::machine::MemoryWatch;
use crate::progress::Progress;
use crate::report::{Bound, Report};
use crate::scenario::common::Common;
use crate::scenario::orders::{PLENTY, buy, require_stored};
use crate::scenario::traffic::{WEBHOOK_CONNECTIONS, payment_flow};
use crate::servers::Servers;

const TIMES_PEAK: f64 = 10.0;
const GOODPUT_MIN: f64 = 0.80;
const NONE: Bound = Bound::AtMost(0.0);
const REFUSED_MS_MAX: f64 = 50.0;
/// Memory may grow by what the orders of the overload take, and by this.
const GROWTH_MIB_MAX: f64 = 16.0;
/// An order, its customer and its token in memory. Tables double as they grow.
const ORDER_BYTES_MAX: f64 = 400.0;
/// Buffers and tables reach their size in the first seconds.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

#[derive(Args)]
#[command(
    long_about = "Measures the peak of a closed loop, then offers ten times as many purchases in an open loop.\n\n\
Thousands of connections cost any server more than a hundred do. So the scenario also measures a peak over as many \
connections as the overload has, and the bar compares the overload with that peak.\n\n\
A proxy before the origin bounds its connections, so an arrival that finds every connection full is rejected and \
counted. The origin must respond to every request that is sent: with a 201, or at once with a 503 and Retry-After. \
Meanwhile signed webhooks pay for earlier orders, and the origin must accept all of them."
)]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    /// Connections of the overload. The origin handles one request of a connection at a time, so it refuses purchases
    /// only over more connections than the purchases that it handles at once (4,096).
    #[arg(long, default_value_t = 4_800)]
    overload_connections: usize,
    /// Requests that each of them may have in flight.
    #[arg(long, default_value_t = 1)]
    pipeline: usize,
    /// Of the overload; tokens live 120 s.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u64).range(5..=60))]
    seconds: u64,
    /// Webhooks a second during the overload.
    #[arg(long, default_value_t = 50)]
    webhooks: u32,
    /// Of the measurement of the peak.
    #[arg(long, default_value_t = 5)]
    peak_seconds: u64,
}

pub(crate) fn run(options: Options) -> Result<()> {
    let servers = options.common.start_servers()?;
    let columns = &["responses/s", "201/s", "201 p50 ms", "201 p99 ms", "503/s", "503 p50 ms", "503 p99 ms"];
    let Options { overload_connections, pipeline, seconds, .. } = options;
    let facts = json!({ "overload_connections": overload_connections, "pipeline": pipeline, "seconds": seconds });
    let mut report = options.common.report("overload", columns, facts);

    let highest = peak(&options, &servers, options.common.connections)?;
    row(&mut report, &format!("peak, {}", options.common.connections), &highest);
    let peak_over_as_many = peak(&options, &servers, overload_connections)?;
    row(&mut report, &format!("peak, {overload_connections}"), &peak_over_as_many);
    let placed = |measured: &Measured| measured.rate_of(Kind::Purchase, 201);
    let overload = overload(&options, &servers, placed(&highest), &mut report)?;
    row(&mut report, &format!("overload, {overload_connections}"), &overload);
    report.note(format!("{:.2} of the highest peak in the overload", placed(&overload) / placed(&highest)));
    let goodput = placed(&overload) / placed(&peak_over_as_many);
    let what = "purchases in the overload, share of the peak over as many connections";
    report.bar(what, goodput, Bound::AtLeast(GOODPUT_MIN));
    let refused = overload.total.quantile_of_ms(Kind::Purchase, 503, 0.99);
    report.bar("refusals in the overload, p99 in ms", refused, Bound::AtMost(REFUSED_MS_MAX));
    let other = |kind, wanted: &[u16]| {
        let seen = overload.total.statuses(kind).into_iter().filter(|(status, _)| !wanted.contains(status));
        seen.map(|(_, count)| count).sum::<u64>() as f64
    };
    report.bar("purchases in the overload with another response or none", other(Kind::Purchase, &[201, 503]), NONE);
    report.bar("refusals in the overload without Retry-After", overload.without_retry_after as f64, NONE);
    report.bar("webhooks in the overload that were not accepted", other(Kind::Webhook, &[204]), NONE);
    report.finish(options.common.json)
}

fn peak(options: &Options, servers: &Servers, connections: usize) -> Result<Measured> {
    let (origin, drop) = servers.start_fresh_origin(PLENTY)?;
    let time = Duration::from_secs(options.peak_seconds);
    let requests = origin.shoppers(drop).purchases(PEAK_PER_SECOND_MAX * options.peak_seconds as usize)?;
    let progress = Progress::new("peak");
    let measured = closed::run(&origin.address, &requests, Until::AllSent(time), connections, &progress, |_| {})?;
    // Over more connections than purchase permits the origin may refuse the first requests.
    measured.require(Kind::Purchase, &[201, 503])?;
    require_stored(measured.total.count_of(Kind::Purchase, 201), origin.verified_orders()?)?;
    Ok(measured)
}

/// More purchases than the thread of the load generator can send.
const PEAK_PER_SECOND_MAX: usize = 80_000;

fn overload(options: &Options, servers: &Servers, peak: f64, report: &mut Report) -> Result<Measured> {
    let (origin, drop) = servers.start_fresh_origin(PLENTY)?;
    let mut shoppers = origin.shoppers(drop);
    let paid_for = (options.webhooks as u64 * options.seconds) as usize;
    let orders = buy(&origin, &mut shoppers, paid_for.max(1), options.common.connections)?;
    servers.mark_paid(&orders)?;
    let connection_count = options.overload_connections + WEBHOOK_CONNECTIONS;
    let connections = Connections::connect(&origin.address, connection_count)?;
    let sendable = (peak * 3.0) as usize * options.seconds as usize + options.overload_connections * options.pipeline;
    let requests = shoppers.purchases(sendable)?;
    let (bought, unpaid) = (orders.len() as u64, RefCell::new(VecDeque::from(orders)));
    let purchases = Flow {
        kind: Kind::Purchase,
        arrivals: Arrivals::steady(peak * TIMES_PEAK),
        connections: options.overload_connections,
        pipeline: options.pipeline,
        when_full: WhenFull::Reject,
        next: in_turn(&requests),
    };
    let payments = payment_flow(&origin, &unpaid, Arrivals::steady(options.webhooks.into()), |_| {});
    let watch = MemoryWatch::start(origin.pid());
    let time = Duration::from_secs(options.seconds);
    let flows = vec![purchases, payments];
    let measured = open::run_on(connections, flows, time, time, &Progress::new("overload"), |_| {})?;
    let memory = watch.stop()?;
    let placed = measured.total.count_of(Kind::Purchase, 201);
    memory_bar(report, &memory, &measured);
    let offered = measured.total.count() + measured.rejected;
    report.note(format!(
        "offered {:.0}/s, of which {} were rejected because every connection was full",
        offered as f64 / measured.elapsed.as_secs_f64(),
        measured.rejected
    ));
    require_stored(placed + bought, origin.verified_orders()?)?;
    report.note("every acknowledged order is stored, and the ledger verifies");
    Ok(measured)
}

fn in_turn(requests: &Requests) -> WriteNext<'_> {
    let mut index = 0;
    Box::new(move |bytes| {
        let request = requests.get(index);
        ensure!(request.is_some(), "the {index} prepared requests are used up");
        index += 1;
        bytes.extend_from_slice(request.map_or(&[][..], |(_, bytes)| bytes));
        Ok(())
    })
}

fn memory_bar(report: &mut Report, memory: &[(Instant, f64)], measured: &Measured) {
    let since = measured.started + SETTLED_AFTER;
    let settled: Vec<f64> = memory.iter().filter(|(at, _)| *at >= since).map(|(_, mib)| *mib).collect();
    let samples: Vec<String> = memory.iter().map(|(_, mib)| format!("{mib:.0}")).collect();
    report.note(format!("resident MiB, each second, the last {} counted: {}", settled.len(), samples.join(" ")));
    if let (Some(first), Some(most)) = (settled.first(), settled.iter().copied().reduce(f64::max)) {
        let orders = measured.rate_of(Kind::Purchase, 201) * settled.len() as f64;
        let of_orders = orders * ORDER_BYTES_MAX / f64::from(1 << 20);
        let what = "growth of memory in the overload beyond what its orders take, MiB";
        report.bar(what, (most - first - of_orders).max(0.0), Bound::AtMost(GROWTH_MIB_MAX));
    }
}

fn row(report: &mut Report, name: &str, measured: &Measured) {
    let quantile = |status, at| measured.total.quantile_of_ms(Kind::Purchase, status, at);
    let rate = |status| measured.rate_of(Kind::Purchase, status);
    let responses = rate(201) + rate(503);
    report.row(
        name,
        &[
            responses,
            rate(201),
            quantile(201, 0.5),
            quantile(201, 0.99),
            rate(503),
            quantile(503, 0.5),
            quantile(503, 0.99),
        ],
    );
}
