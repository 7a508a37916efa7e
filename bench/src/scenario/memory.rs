use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::machine::peak_resident_mib;
use crate::report::{Bound, Report};
use crate::scenario::common::Common;
use crate::scenario::orders::{buy, pay, require_stored};
use crate::servers::{Origin, Servers};

const RESIDENT_MIB: f64 = 150.0;
const START_SECONDS: f64 = 1.0;
/// The channels of the outbox read a row for each of so many orders.
const IDLE_TIMEOUT: Duration = Duration::from_secs(300);

#[derive(Args)]
#[command(long_about = "Buys a unit each for a million customers of one drop over HTTP, then pays for every order by \
webhook.\n\nThe peak of resident memory is read once the filled origin is idle, and again after a restart. A start \
is timed from the spawn to the line that says where the origin listens. Holds live 15 minutes: all purchases, restarts \
and payments must fit in that time, while PayOS creates links beside them.")]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    #[arg(long, default_value_t = 1_000_000)]
    orders: u32,
}

pub(crate) fn run(options: Options) -> Result<()> {
    let Options { common, orders } = options;
    let servers = common.start_servers()?;
    let mut report = common.report("memory", &["peak resident MiB", "start s"], json!({ "orders": orders }));
    let (origin, drop) = servers.start_fresh_origin(orders)?;
    report.row("empty", &[peak_resident_mib(origin.pid())?, origin.started_in.as_secs_f64()]);
    let bought = buy(&origin, &mut origin.shoppers(drop), orders as usize, common.connections)?;
    let origin = measure(&servers, origin, &mut report, "pending")?;
    pay(&servers, &origin, &bought, common.connections)?;
    let origin = measure(&servers, origin, &mut report, "paid")?;
    let sold = origin.metric(&format!("dropgate_stock{{drop=\"{drop}\",state=\"sold\"}}"))?;
    anyhow::ensure!(sold == u64::from(orders), "{sold} of {orders} units are sold");
    require_stored(orders.into(), origin.verified_orders()?)?;
    report.note("every order is stored and paid, and the ledger verifies");
    report.finish(common.json)
}

/// Reports the peak memory of the filled origin and of a restarted one, and how long that start took.
fn measure(servers: &Servers, origin: Origin, report: &mut Report, state: &str) -> Result<Origin> {
    origin.wait_until_idle(IDLE_TIMEOUT)?;
    let filled = peak_resident_mib(origin.pid())?;
    report.row(format!("{state}, filled"), &[filled, f64::NAN]);
    let origin = servers.restart(origin)?;
    let start = origin.started_in.as_secs_f64();
    origin.wait_until_idle(IDLE_TIMEOUT)?;
    let restarted = peak_resident_mib(origin.pid())?;
    report.row(format!("{state}, restarted"), &[restarted, start]);
    report.bar(format!("peak resident MiB, {state}"), filled.max(restarted), Bound::Below(RESIDENT_MIB));
    report.bar(format!("start in seconds, {state}"), start, Bound::Below(START_SECONDS));
    Ok(origin)
}
