use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{Common, PLENTY, TURNS, ratio, turn};
use crate::load::Kind;
use crate::load::closed::{self, Until};
use crate::report::{Bound, Progress, Turns};
use crate::requests::Reader;

const RATIO_MIN: f64 = 0.90;

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    /// Of each measurement; below the life of a token, which is a minute.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=50))]
    seconds: u64,
    /// Each measures the rival and the origin once.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

pub(crate) fn run(options: Options) -> Result<()> {
    let Options { common, seconds, rounds } = options;
    let stage = common.stage()?;
    let (origin, _) = stage.fresh_origin(PLENTY)?;
    let bare = stage.bare(&origin)?;
    let mut report = common.report("status", TURNS, json!({ "seconds": seconds, "rounds": rounds }));
    let mut turns = Turns::default();
    for round in 1..=rounds {
        let requests = Reader::new(&origin.edge_keys).requests();
        let until = Until::Passed(Duration::from_secs(seconds));
        let measure = |address: &str, who: &str| {
            let progress = Progress::new(&format!("round {round} of {rounds}: {who}"));
            closed::run(address, &requests, until, common.connections, &progress, |_| {})
        };
        let rival = measure(&bare.address, "bare")?;
        let ours = measure(&origin.address, "origin")?;
        rival.require(Kind::Status, &[200])?;
        ours.require(Kind::Status, &[200])?;
        turn(&mut report, &mut turns, round, &rival, &ours);
    }
    let ratio = ratio(&mut report, &turns);
    report.bar("status, ratio to a bare GET", ratio, Bound::AtLeast(RATIO_MIN));
    report.end(common.json)
}
