use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{Common, PLENTY, TURNS, ratio, require_stored, turn};
use crate::load::Kind;
use crate::load::closed::{self, Until};
use crate::report::{Bound, Progress, Turns, median};

const RATIO_MIN: f64 = 0.75;
const P99_MS_MAX: f64 = 10.0;

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    /// Of each measurement.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=30))]
    seconds: u64,
    /// Each measures the rival and the origin once, the origin on a fresh database.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Purchases made ready for each round; a measurement ends early when they are used up.
    #[arg(long, default_value_t = 400_000)]
    purchases: usize,
}

pub(crate) fn run(options: Options) -> Result<()> {
    let Options { common, seconds, rounds, purchases } = options;
    let stage = common.stage()?;
    let mut report = common.report("purchase", TURNS, json!({ "seconds": seconds, "rounds": rounds }));
    let mut turns = Turns::default();
    let mut p99s = Vec::new();
    for round in 1..=rounds {
        let (origin, drop) = stage.fresh_origin(PLENTY)?;
        let bare = stage.bare(&origin)?;
        let requests = origin.shoppers(drop).requests(purchases)?;
        let until = Until::Sent(Duration::from_secs(seconds));
        let measure = |address: &str, who: &str| {
            let progress = Progress::new(&format!("round {round} of {rounds}: {who}"));
            closed::run(address, &requests, until, common.connections, &progress, |_| {})
        };
        let rival = measure(&bare.address, "bare")?;
        let ours = measure(&origin.address, "origin")?;
        rival.require(Kind::Purchase, &[200])?;
        ours.require(Kind::Purchase, &[201])?;
        turn(&mut report, &mut turns, round, &rival, &ours);
        p99s.push(ours.total.quantile_ms(0.99));
        require_stored(ours.total.count(), origin.verified_orders()?)?;
    }
    report.note("every acknowledged order is stored, and every ledger verifies");
    let ratio = ratio(&mut report, &turns);
    report.bar("durable purchases, ratio to a bare POST", ratio, Bound::AtLeast(RATIO_MIN));
    report.bar("durable purchases, p99 in ms, median of rounds", median(&p99s), Bound::AtMost(P99_MS_MAX));
    report.end(common.json)
}
