use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Args;
use serde_json::json;

use super::{Common, PAYER_CONNECTIONS, PLENTY, buy, payment_flow, require_stored};
use crate::load::closed::{self, Until};
use crate::load::open::{self, Arrivals, Flow, WhenFull, WriteNext};
use crate::load::{Kind, Measured};
use crate::machine::MemoryWatch;
use crate::report::{Bound, Progress, Report};
use crate::requests::Requests;
use crate::stage::Stage;

const TIMES_PEAK: f64 = 10.0;
const GOODPUT_MIN: f64 = 0.80;
const NONE: Bound = Bound::AtMost(0.0);
const REFUSED_MS_MAX: f64 = 50.0;
/// Memory may grow by what the orders of the storm themselves take, and by this.
const GROWTH_MIB_MAX: f64 = 16.0;
/// An order in memory: itself, its customer, and its token until that expires. Tables double as they grow.
const ORDER_BYTES_MAX: f64 = 400.0;
/// Buffers fill and tables find their size in the first seconds.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

#[derive(Args)]
#[command(long_about = "Measures the peak of a closed loop, then offers ten times as much at given times.\n\n\
Thousands of connections cost a server of any kind more than a hundred do, so the peak is measured with as many as the \
storm has, too, and what the storm leaves of that one is judged.\n\n\
Whoever stands before the origin bounds its connections, so arrivals that find every connection full are turned away \
there and counted. What is sent must be answered: with a 201, or with a 503 and Retry-After at once. Meanwhile signed \
webhooks pay for orders made before, and none may be refused.")]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    /// Connections of the storm. A connection has one request in work, so only more of them than purchases may be
    /// under way at the origin (4,096) make it refuse any.
    #[arg(long, default_value_t = 4_800)]
    storm_connections: usize,
    /// Requests that may wait on each of them for their answers.
    #[arg(long, default_value_t = 1)]
    pipeline: usize,
    /// Of the storm; tokens live 120 s.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u64).range(5..=60))]
    seconds: u64,
    /// Webhooks a second during the storm.
    #[arg(long, default_value_t = 50)]
    webhooks: u32,
    /// Of the measurement of the peak.
    #[arg(long, default_value_t = 5)]
    peak_seconds: u64,
}

pub(crate) fn run(options: Options) -> Result<()> {
    let stage = options.common.stage()?;
    let columns = &["answers/s", "201/s", "201 p50 ms", "201 p99 ms", "503/s", "503 p50 ms", "503 p99 ms"];
    let Options { storm_connections, pipeline, seconds, .. } = options;
    let facts = json!({ "storm_connections": storm_connections, "pipeline": pipeline, "seconds": seconds });
    let mut report = options.common.report("overload", columns, facts);

    let highest = peak(&options, &stage, options.common.connections)?;
    row(&mut report, &format!("peak, {}", options.common.connections), &highest);
    let crowded = peak(&options, &stage, storm_connections)?;
    row(&mut report, &format!("peak, {storm_connections}"), &crowded);
    let placed = |measured: &Measured| measured.rate_of(Kind::Purchase, 201);
    let storm = storm(&options, &stage, placed(&highest), &mut report)?;
    row(&mut report, &format!("storm, {storm_connections}"), &storm);
    report.note(format!("the storm left {:.2} of the highest peak", placed(&storm) / placed(&highest)));
    let goodput = placed(&storm) / placed(&crowded);
    let what = "purchases in the storm, share of the peak with as many connections";
    report.bar(what, goodput, Bound::AtLeast(GOODPUT_MIN));
    let refused = storm.total.quantile_of_ms(Kind::Purchase, 503, 0.99);
    report.bar("refusals in the storm, p99 in ms", refused, Bound::AtMost(REFUSED_MS_MAX));
    let other = |kind, wanted: &[u16]| {
        let seen = storm.total.statuses(kind).into_iter().filter(|(status, _)| !wanted.contains(status));
        seen.map(|(_, count)| count).sum::<u64>() as f64
    };
    report.bar("purchases in the storm answered otherwise or not at all", other(Kind::Purchase, &[201, 503]), NONE);
    report.bar("refusals in the storm without Retry-After", storm.without_retry_after as f64, NONE);
    report.bar("webhooks in the storm that were not taken", other(Kind::Webhook, &[204]), NONE);
    report.end(options.common.json)
}

fn peak(options: &Options, stage: &Stage, connections: usize) -> Result<Measured> {
    let (origin, drop) = stage.fresh_origin(PLENTY)?;
    let time = Duration::from_secs(options.peak_seconds);
    let requests = origin.shoppers(drop).requests(PEAK_PER_SECOND_MAX * options.peak_seconds as usize)?;
    let progress = Progress::new("peak");
    let measured = closed::run(&origin.address, &requests, Until::Sent(time), connections, &progress, |_| {})?;
    // With more connections than places the first of them may be told to come again.
    measured.require(Kind::Purchase, &[201, 503])?;
    require_stored(measured.total.count_of(Kind::Purchase, 201), origin.verified_orders()?)?;
    Ok(measured)
}

/// More than one thread of generator sends.
const PEAK_PER_SECOND_MAX: usize = 80_000;

fn storm(options: &Options, stage: &Stage, peak: f64, report: &mut Report) -> Result<Measured> {
    let (origin, drop) = stage.fresh_origin(PLENTY)?;
    let mut shoppers = origin.shoppers(drop);
    let bought = (options.webhooks as u64 * options.seconds) as usize;
    let orders = buy(&origin, &mut shoppers, bought.max(1), options.common.connections)?;
    stage.paid(&orders)?;
    let connections = options.storm_connections + PAYER_CONNECTIONS;
    let connected = open::connect(&origin.address, connections)?;
    let sendable = (peak * 3.0) as usize * options.seconds as usize + options.storm_connections * options.pipeline;
    let purchases = shoppers.requests(sendable)?;
    let (bought, unpaid) = (orders.len() as u64, RefCell::new(VecDeque::from(orders)));
    let storm = Flow {
        kind: Kind::Purchase,
        arrivals: Arrivals::steady(peak * TIMES_PEAK),
        connections: options.storm_connections,
        pipeline: options.pipeline,
        when_full: WhenFull::TurnAway,
        next: in_turn(&purchases),
    };
    let payments = payment_flow(&origin, &unpaid, Arrivals::steady(options.webhooks.into()), |_| {});
    let watch = MemoryWatch::start(origin.pid());
    let time = Duration::from_secs(options.seconds);
    let flows = vec![storm, payments];
    let measured = open::run_on(connected, flows, time, time, &Progress::new("storm"), |_| {})?;
    let memory = watch.stop()?;
    let placed = measured.total.count_of(Kind::Purchase, 201);
    memory_bar(report, &memory, &measured);
    let offered = measured.total.count() + measured.unsent;
    report.note(format!(
        "offered {:.0}/s, of which {} were turned away because every connection was full",
        offered as f64 / measured.elapsed.as_secs_f64(),
        measured.unsent
    ));
    require_stored(placed + bought, origin.verified_orders()?)?;
    report.note("every acknowledged order is stored, and the ledger verifies");
    Ok(measured)
}

fn in_turn(requests: &Requests) -> WriteNext<'_> {
    let mut index = 0;
    Box::new(move |bytes| {
        let request = requests.get(index);
        ensure!(request.is_some(), "the {index} requests made ready are used up");
        index += 1;
        bytes.extend_from_slice(request.map_or(&[][..], |(_, bytes)| bytes));
        Ok(())
    })
}

fn memory_bar(report: &mut Report, memory: &[(Instant, f64)], measured: &Measured) {
    let since = measured.started + SETTLED_AFTER;
    let settled: Vec<f64> = memory.iter().filter(|(at, _)| *at >= since).map(|(_, mib)| *mib).collect();
    let seen: Vec<String> = memory.iter().map(|(_, mib)| format!("{mib:.0}")).collect();
    report.note(format!("resident MiB, each second, the last {} counted: {}", settled.len(), seen.join(" ")));
    if let (Some(first), Some(most)) = (settled.first(), settled.iter().copied().reduce(f64::max)) {
        let orders = measured.rate_of(Kind::Purchase, 201) * settled.len() as f64;
        let of_orders = orders * ORDER_BYTES_MAX / f64::from(1 << 20);
        let what = "growth of memory in the storm beyond what its orders take, MiB";
        report.bar(what, (most - first - of_orders).max(0.0), Bound::AtMost(GROWTH_MIB_MAX));
    }
}

fn row(report: &mut Report, name: &str, measured: &Measured) {
    let quantile = |status, at| measured.total.quantile_of_ms(Kind::Purchase, status, at);
    let rate = |status| measured.rate_of(Kind::Purchase, status);
    let answers = rate(201) + rate(503);
    report.row(
        name,
        &[
            answers,
            rate(201),
            quantile(201, 0.5),
            quantile(201, 0.99),
            rate(503),
            quantile(503, 0.5),
            quantile(503, 0.99),
        ],
    );
}
