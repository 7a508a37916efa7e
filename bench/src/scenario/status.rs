use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::edge::SnapshotReader;
use crate::load::closed::{self, Until};
use crate::load::request::Kind;
use crate::progress::Progress;
use crate::report::Bound;
use crate::scenario::common::Common;
use crate::scenario::orders::PLENTY;
use crate::scenario::rounds::{COLUMNS, add_round, report_ratio};
use crate::statistics::Rounds;

const RATIO_MIN: f64 = 0.90;

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    /// Of each measurement; below the life of a token, which is a minute.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=50))]
    seconds: u64,
    /// Each round measures the baseline and the origin once.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

pub(crate) fn run(options: Options) -> Result<()> {
    let Options { common, seconds, rounds } = options;
    let servers = common.start_servers()?;
    let (origin, _) = servers.start_fresh_origin(PLENTY)?;
    let bare = servers.start_bare(&origin)?;
    let mut report = common.report("status", COLUMNS, json!({ "seconds": seconds, "rounds": rounds }));
    let mut all_rounds = Rounds::default();
    for round in 1..=rounds {
        let requests = SnapshotReader::new(&origin.edge_keys).requests();
        let until = Until::Elapsed(Duration::from_secs(seconds));
        let measure = |address: &str, server: &str| {
            let progress = Progress::new(&format!("round {round} of {rounds}: {server}"));
            closed::run(address, &requests, until, common.connections, &progress, |_| {})
        };
        let baseline = measure(&bare.address, "bare")?;
        let measured = measure(&origin.address, "origin")?;
        baseline.require(Kind::Status, &[200])?;
        measured.require(Kind::Status, &[200])?;
        add_round(&mut report, &mut all_rounds, round, &baseline, &measured);
    }
    let ratio = report_ratio(&mut report, &all_rounds);
    report.bar("status, ratio to a bare GET", ratio, Bound::AtLeast(RATIO_MIN));
    report.finish(common.json)
}
