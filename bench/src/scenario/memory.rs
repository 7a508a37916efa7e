use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{Common, buy, require_stored, send_all};
use crate::load::Kind;
use crate::machine::peak_resident_mib;
use crate::report::{Bound, Progress, Report};
use crate::requests::webhooks;
use crate::stage::{Origin, Stage};

const RESIDENT_MIB: f64 = 150.0;
const START_SECONDS: f64 = 1.0;
/// Webhooks made ready at a time; their token lives a minute.
const CHUNK: usize = 50_000;
/// After so many orders the channels of the outbox have much to look at.
const QUIET_TIMEOUT: Duration = Duration::from_secs(300);

#[derive(Args)]
#[command(long_about = "Buys a unit each for a million customers of one drop over HTTP, then pays for every order by \
webhook.\n\nResident memory is read as the filled process has it once it is quiet, and again after a restart. A start \
is timed from the spawn to the line that says where it listens. Holds live 15 minutes: everything must be bought, \
restarted and paid within that time, and PayOS goes on making links beside it.")]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    #[arg(long, default_value_t = 1_000_000)]
    orders: u32,
}

pub(crate) fn run(options: Options) -> Result<()> {
    let Options { common, orders } = options;
    let stage = common.stage()?;
    let mut report = common.report("memory", &["peak resident MiB", "start s"], json!({ "orders": orders }));
    let (origin, drop) = stage.fresh_origin(orders)?;
    report.row("empty", &[peak_resident_mib(origin.pid())?, origin.started_in.as_secs_f64()]);
    let bought = buy(&origin, &mut origin.shoppers(drop), orders as usize, common.connections)?;
    let origin = look(&stage, origin, &mut report, "pending")?;
    pay(&stage, &origin, &bought, common.connections)?;
    let origin = look(&stage, origin, &mut report, "paid")?;
    let sold = origin.metric(&format!("dropgate_stock{{drop=\"{drop}\",state=\"sold\"}}"))?;
    anyhow::ensure!(sold == u64::from(orders), "{sold} of {orders} units are sold");
    require_stored(orders.into(), origin.verified_orders()?)?;
    report.note("every order is stored and paid, and the ledger verifies");
    report.end(common.json)
}

/// Notes the most memory of the filled process, of one started afresh, and how long that start took.
fn look(stage: &Stage, origin: Origin, report: &mut Report, state: &str) -> Result<Origin> {
    origin.quiet(QUIET_TIMEOUT)?;
    let filled = peak_resident_mib(origin.pid())?;
    report.row(format!("{state}, filled"), &[filled, f64::NAN]);
    let origin = stage.restarted(origin)?;
    let start = origin.started_in.as_secs_f64();
    origin.quiet(QUIET_TIMEOUT)?;
    let restarted = peak_resident_mib(origin.pid())?;
    report.row(format!("{state}, restarted"), &[restarted, start]);
    report.bar(format!("peak resident MiB, {state}"), filled.max(restarted), Bound::Below(RESIDENT_MIB));
    report.bar(format!("start in seconds, {state}"), start, Bound::Below(START_SECONDS));
    Ok(origin)
}

fn pay(stage: &Stage, origin: &Origin, orders: &[u64], connections: usize) -> Result<()> {
    let progress = Progress::new(&format!("{} payments", orders.len()));
    let mut paid = 0;
    for orders_now in orders.chunks(CHUNK) {
        stage.paid(orders_now)?;
        let requests = webhooks(&origin.edge_keys, orders_now)?;
        send_all(origin, &requests, connections, |_| {})?.require(Kind::Webhook, &[204])?;
        paid += orders_now.len();
        progress.at(Duration::from_secs(paid as u64), Duration::from_secs(orders.len() as u64));
    }
    Ok(())
}
