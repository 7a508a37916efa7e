use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::load::measured::Measured;
use crate::load::open::{self, Arrivals};
use crate::load::request::Kind;
use crate::progress::Progress;
use crate::report::{Bound, Report};
use crate::scenario::common::Common;
use crate::scenario::orders::{PLENTY, require_stored};
use crate::scenario::traffic::{purchase_flow, status_flow};
use crate::servers::Origin;
use crate::statistics::median;

const P50_MS: f64 = 1.0;
const P99_MS: f64 = 5.0;
const P999_MS: f64 = 15.0;

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    /// Reads of the snapshot a second.
    #[arg(long, default_value_t = 8_500)]
    status: u32,
    /// Purchases a second.
    #[arg(long, default_value_t = 500)]
    purchases: u32,
    /// Of each measurement.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Each round measures the baseline and the origin once, the origin on a fresh database.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

pub(crate) fn run(options: Options) -> Result<()> {
    let servers = options.common.start_servers()?;
    let columns = &["responses/s", "p50 ms", "p99 ms", "p99.9 ms", "max ms", "status p99", "bought p99"];
    let Options { status, purchases, seconds, rounds, .. } = options;
    let facts = json!({ "status": status, "purchases": purchases, "seconds": seconds, "rounds": rounds });
    let mut report = options.common.report("mixed", columns, facts);
    let mut quantiles = [const { Vec::new() }; 3];
    for round in 1..=rounds {
        let (origin, drop) = servers.start_fresh_origin(PLENTY)?;
        let bare = servers.start_bare(&origin)?;
        let baseline = offer(&options, &origin, drop, &bare.address, &format!("round {round} of {rounds}: bare"))?;
        row(&mut report, format!("round {round} bare"), &baseline, 200);
        let measured = offer(&options, &origin, drop, &origin.address, &format!("round {round} of {rounds}: origin"))?;
        row(&mut report, format!("round {round} origin"), &measured, 201);
        measured.require(Kind::Status, &[200])?;
        measured.require(Kind::Purchase, &[201])?;
        for (all, at) in quantiles.iter_mut().zip([0.5, 0.99, 0.999]) {
            all.push(measured.total.quantile_ms(at));
        }
        require_stored(measured.total.count_of(Kind::Purchase, 201), origin.verified_orders()?)?;
    }
    report.note("no request failed, every acknowledged order is stored, and every ledger verifies");
    for ((what, bound), seen) in [("p50", P50_MS), ("p99", P99_MS), ("p99.9", P999_MS)].into_iter().zip(&quantiles) {
        report.bar(format!("mixed traffic, {what} in ms, median of rounds"), median(seen), Bound::Below(bound));
    }
    report.finish(options.common.json)
}

fn offer(options: &Options, origin: &Origin, drop: u32, address: &str, what: &str) -> Result<Measured> {
    let mut shoppers = origin.shoppers(drop);
    let time = Duration::from_secs(options.seconds);
    let flows = vec![
        status_flow(origin, Arrivals::steady(options.status.into()), options.common.connections),
        purchase_flow(&mut shoppers, Arrivals::steady(options.purchases.into()), options.common.connections),
    ];
    open::run(address, flows, time, time, &Progress::new(what), |_| {})
}

fn row(report: &mut Report, name: String, measured: &Measured, bought: u16) {
    let total = &measured.total;
    let quantile = |at| total.quantile_ms(at);
    report.row(
        name,
        &[
            measured.rate(),
            quantile(0.5),
            quantile(0.99),
            quantile(0.999),
            quantile(1.0),
            total.quantile_of_ms(Kind::Status, 200, 0.99),
            total.quantile_of_ms(Kind::Purchase, bought, 0.99),
        ],
    );
}
