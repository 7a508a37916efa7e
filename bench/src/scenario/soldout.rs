use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::json;

use super::{Common, TURNS, buy, ratio, require_stored, turn};
use crate::load::Kind;
use crate::load::closed::{self, Until};
use crate::report::{Bound, Progress, Turns};
use crate::requests::{Requests, Shoppers};
use crate::stage::Origin;

const RATIO_MIN: f64 = 0.85;
/// Units of the drop.
const UNITS: u32 = 300;
/// The shopper who lost the answer asks again this often in the storm.
const REPLAY_EVERY: usize = 500;
/// Far longer than a purchase takes.
const PLACED_TIMEOUT: Duration = Duration::from_secs(5);
/// Of one storm; tokens live 120 s.
const STORM_TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Purchases that are refused in each round.
    #[arg(long, default_value_t = 100_000)]
    refusals: usize,
}

pub(crate) fn run(options: Options) -> Result<()> {
    let Options { common, rounds, refusals } = options;
    let stage = common.stage()?;
    let mut report = common.report("soldout", TURNS, json!({ "refusals": refusals, "rounds": rounds }));
    let mut turns = Turns::default();
    for round in 1..=rounds {
        let (origin, drop) = stage.fresh_origin(UNITS)?;
        let bare = stage.bare(&origin)?;
        let mut shoppers = origin.shoppers(drop);
        buy(&origin, &mut shoppers, UNITS as usize - 1, common.connections)?;
        let lost = shoppers.requests(1)?;
        let (_, lost) = lost.get(0).context("no request")?;
        buy_and_lose_the_answer(&origin, lost)?;
        let storm = storm(&mut shoppers, refusals, lost)?;

        let mut receipts = BTreeSet::new();
        let mut measure = |address: &str, who: &str| {
            let progress = Progress::new(&format!("round {round} of {rounds}: {who}"));
            receipts.clear();
            closed::run(address, &storm, Until::Sent(STORM_TIMEOUT), common.connections, &progress, |answer| {
                if answer.kind == Kind::Replay && !receipts.contains(answer.body) {
                    receipts.insert(answer.body.to_vec());
                }
            })
        };
        let rival = measure(&bare.address, "bare")?;
        let ours = measure(&origin.address, "origin")?;
        ours.require(Kind::Purchase, &[409])?;
        ours.require(Kind::Replay, &[201])?;
        ensure!(receipts.len() == 1, "the lost order was given back as {} different receipts", receipts.len());
        ensure!(ours.total.count_of(Kind::Purchase, 409) == refusals as u64, "the storm was not sent in time");
        let refused = origin.metric(r#"dropgate_purchases_total{result="held_out"}"#)?;
        ensure!(refused == refusals as u64, "{refused} of {refusals} were refused because every unit is held");
        turn(&mut report, &mut turns, round, &rival, &ours);
        require_stored(UNITS.into(), origin.verified_orders()?)?;
    }
    report.note("in every storm the shopper who lost the answer to the last unit got the same receipt each time");
    let ratio = ratio(&mut report, &turns);
    report.bar("refusals when nothing is left, ratio to a bare POST", ratio, Bound::AtLeast(RATIO_MIN));
    report.end(common.json)
}

/// Sends the purchase of the last unit and hangs up once it is placed, without reading the answer.
fn buy_and_lose_the_answer(origin: &Origin, request: &[u8]) -> Result<()> {
    let mut stream = TcpStream::connect(&origin.address)?;
    stream.write_all(request)?;
    let deadline = Instant::now() + PLACED_TIMEOUT;
    while origin.metric(r#"dropgate_purchases_total{result="placed"}"#)? < u64::from(UNITS) {
        ensure!(Instant::now() < deadline, "the last unit was not sold");
    }
    Ok(())
}

fn storm(shoppers: &mut Shoppers<'_>, refusals: usize, lost: &[u8]) -> Result<Requests> {
    let fresh = shoppers.requests(refusals)?;
    let mut storm = Requests::default();
    let mut index = 0;
    while let Some((kind, bytes)) = fresh.get(index) {
        if index % REPLAY_EVERY == 0 {
            storm.push(Kind::Replay, |to| to.extend_from_slice(lost));
        }
        storm.push(kind, |to| to.extend_from_slice(bytes));
        index += 1;
    }
    Ok(storm)
}
