use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::json;

use crate::edge::Shoppers;
use crate::load::closed::{self, Until};
use crate::load::request::Kind;
use crate::load::request::Requests;
use crate::progress::Progress;
use crate::report::Bound;
use crate::scenario::common::Common;
use crate::scenario::orders::{buy, require_stored};
use crate::scenario::rounds::{COLUMNS, add_round, report_ratio};
use crate::servers::Origin;
use crate::statistics::Rounds;

const RATIO_MIN: f64 = 0.85;
/// Units of the drop.
const UNITS: u32 = 300;
/// Between two repeats of the purchase whose response was lost.
const REPLAY_EVERY: usize = 500;
/// Far longer than a purchase takes.
const PLACED_TIMEOUT: Duration = Duration::from_secs(5);
/// Of one measurement; tokens live 120 s.
const MEASUREMENT_TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Refused purchases in each round.
    #[arg(long, default_value_t = 100_000)]
    refusals: usize,
}

pub(crate) fn run(options: Options) -> Result<()> {
    let Options { common, rounds, refusals } = options;
    let servers = common.start_servers()?;
    let mut report = common.report("soldout", COLUMNS, json!({ "refusals": refusals, "rounds": rounds }));
    let mut all_rounds = Rounds::default();
    for round in 1..=rounds {
        let (origin, drop) = servers.start_fresh_origin(UNITS)?;
        let bare = servers.start_bare(&origin)?;
        let mut shoppers = origin.shoppers(drop);
        buy(&origin, &mut shoppers, UNITS as usize - 1, common.connections)?;
        let lost = shoppers.purchases(1)?;
        let (_, lost) = lost.get(0).context("no request")?;
        buy_and_lose_the_response(&origin, lost)?;
        let requests = refused_purchases(&mut shoppers, refusals, lost)?;

        let mut receipts = BTreeSet::new();
        let mut measure = |address: &str, server: &str| {
            let progress = Progress::new(&format!("round {round} of {rounds}: {server}"));
            receipts.clear();
            closed::run(
                address,
                &requests,
                Until::AllSent(MEASUREMENT_TIMEOUT),
                common.connections,
                &progress,
                |response| {
                    if response.kind == Kind::Replay && !receipts.contains(response.body) {
                        receipts.insert(response.body.to_vec());
                    }
                },
            )
        };
        let baseline = measure(&bare.address, "bare")?;
        let measured = measure(&origin.address, "origin")?;
        measured.require(Kind::Purchase, &[409])?;
        measured.require(Kind::Replay, &[201])?;
        ensure!(receipts.len() == 1, "the lost order came back as {} different receipts", receipts.len());
        ensure!(measured.total.count_of(Kind::Purchase, 409) == refusals as u64, "the purchases were not sent in time");
        let refused = origin.metric(r#"dropgate_purchases_total{result="held_out"}"#)?;
        ensure!(refused == refusals as u64, "{refused} of {refusals} were refused because every unit is held");
        add_round(&mut report, &mut all_rounds, round, &baseline, &measured);
        require_stored(UNITS.into(), origin.verified_orders()?)?;
    }
    report.note("in every round the shopper who lost the response for the last unit got the same receipt each time");
    let ratio = report_ratio(&mut report, &all_rounds);
    report.bar("refusals when nothing is left, ratio to a bare POST", ratio, Bound::AtLeast(RATIO_MIN));
    report.finish(common.json)
}

/// Sends the purchase of the last unit and closes the connection once it is placed, without reading the response.
fn buy_and_lose_the_response(origin: &Origin, request: &[u8]) -> Result<()> {
    let mut stream = TcpStream::connect(&origin.address)?;
    stream.write_all(request)?;
    let deadline = Instant::now() + PLACED_TIMEOUT;
    while origin.metric(r#"dropgate_purchases_total{result="placed"}"#)? < u64::from(UNITS) {
        ensure!(Instant::now() < deadline, "the last unit was not sold");
    }
    Ok(())
}

/// Purchases by other customers, with the lost one repeated among them.
fn refused_purchases(shoppers: &mut Shoppers<'_>, refusals: usize, lost: &[u8]) -> Result<Requests> {
    let purchases = shoppers.purchases(refusals)?;
    let mut requests = Requests::default();
    let mut index = 0;
    while let Some((kind, bytes)) = purchases.get(index) {
        if index % REPLAY_EVERY == 0 {
            requests.push(Kind::Replay, |to| to.extend_from_slice(lost));
        }
        requests.push(kind, |to| to.extend_from_slice(bytes));
        index += 1;
    }
    Ok(requests)
}
