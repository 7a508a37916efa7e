use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::load::closed::{self, Until};
use crate::load::request::Kind;
use crate::progress::Progress;
use crate::report::Bound;
use crate::scenario::common::Common;
use crate::scenario::orders::{PLENTY, require_stored};
use crate::scenario::rounds::{COLUMNS, add_round, report_ratio};
use crate::statistics::{Rounds, median};

/// A durable purchase verifies a token, decides, writes and syncs; a bare POST does none of this.
const RATIO_MIN: f64 = 0.60;
const P99_MS_MAX: f64 = 10.0;

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    /// Of each measurement.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=30))]
    seconds: u64,
    /// Each round measures the baseline and the origin once, the origin on a fresh database.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Purchases prepared for each round; a measurement ends early when they are used up.
    #[arg(long, default_value_t = 400_000)]
    purchases: usize,
}

pub(crate) fn run(options: Options) -> Result<()> {
    let Options { common, seconds, rounds, purchases } = options;
    let servers = common.start_servers()?;
    let mut report = common.report("purchase", COLUMNS, json!({ "seconds": seconds, "rounds": rounds }));
    let mut all_rounds = Rounds::default();
    let mut p99s = Vec::new();
    for round in 1..=rounds {
        let (origin, drop) = servers.start_fresh_origin(PLENTY)?;
        let bare = servers.start_bare(&origin)?;
        let requests = origin.shoppers(drop).purchases(purchases)?;
        let until = Until::AllSent(Duration::from_secs(seconds));
        let measure = |address: &str, server: &str| {
            let progress = Progress::new(&format!("round {round} of {rounds}: {server}"));
            closed::run(address, &requests, until, common.connections, &progress, |_| {})
        };
        let baseline = measure(&bare.address, "bare")?;
        let measured = measure(&origin.address, "origin")?;
        baseline.require(Kind::Purchase, &[200])?;
        measured.require(Kind::Purchase, &[201])?;
        add_round(&mut report, &mut all_rounds, round, &baseline, &measured);
        p99s.push(measured.total.quantile_ms(0.99));
        require_stored(measured.total.count(), origin.verified_orders()?)?;
    }
    report.note("every acknowledged order is stored, and every ledger verifies");
    let ratio = report_ratio(&mut report, &all_rounds);
    report.bar("durable purchases, ratio to a bare POST", ratio, Bound::AtLeast(RATIO_MIN));
    report.bar("durable purchases, p99 in ms, median of rounds", median(&p99s), Bound::AtMost(P99_MS_MAX));
    report.finish(common.json)
}
