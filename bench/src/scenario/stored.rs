use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::json;

use crate::clock::now_ms;
use crate::load::closed::{self, Until};
use crate::load::measured::Measured;
use crate::load::request::Kind;
use crate::progress::Progress;
use crate::report::Bound;
use crate::results;
use crate::scenario::common::Common;
use crate::scenario::orders::{PLENTY, buy, require_stored};
use crate::scenario::rounds::report_ratio;
use crate::servers::{DataFolder, Origin, Servers};
use crate::statistics::Rounds;

const RATIO_MIN: f64 = 0.85;
/// Orders of each past drop.
const PER_DROP: u32 = 100_000;
/// This file in the kept folder holds its count of orders, so that the next run need not fill it.
const COUNT_FILE: &str = "orders";
const KILLED_TIMEOUT: Duration = Duration::from_secs(120);
const IDLE_TIMEOUT: Duration = Duration::from_secs(600);

#[derive(Args)]
#[command(
    long_about = "Purchases of a fresh drop on a database that holds millions of orders, against the same on an \
empty one.\n\nThe stored orders belong to past drops: bought over HTTP, then ended by killing their drop. They are rows \
on disk and ended orders in the ledger, and take no memory that a sale needs. The scenario keeps the filled folder for \
the next run, and each run adds its purchases. A million orders cost minutes and a gigabyte."
)]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    #[arg(long, default_value_t = 5_000_000)]
    orders: u64,
    /// Keeps the filled database; target/bench/stored by default.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Of each measurement.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=30))]
    seconds: u64,
    /// Each round measures an empty database and the filled one once.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Purchases prepared for each measurement.
    #[arg(long, default_value_t = 400_000)]
    purchases: usize,
}

pub(crate) fn run(options: Options) -> Result<()> {
    let servers = options.common.start_servers()?;
    let folder = match &options.folder {
        Some(folder) => folder.clone(),
        None => results::folder()?.join("stored"),
    };
    DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let columns = &["empty/s", "filled/s", "ratio", "filled p50", "filled p99"];
    let facts = json!({ "orders": options.orders, "seconds": options.seconds, "rounds": options.rounds });
    let mut report = options.common.report("stored", columns, facts);
    fill(&servers, &folder, &options)?;
    let mut all_rounds = Rounds::default();
    for round in 1..=options.rounds {
        let (origin, drop) = servers.start_fresh_origin(PLENTY)?;
        let empty = purchases(&options, &origin, drop, &format!("round {round}: empty"))?;
        require_stored(empty.total.count(), origin.verified_orders()?)?;
        let origin = servers.start_origin(DataFolder::Kept(folder.clone()))?;
        let drop = origin.create_drop(&format!("measured-{}", now_ms()), PLENTY)?;
        origin.wait_until_idle(IDLE_TIMEOUT)?;
        let filled = purchases(&options, &origin, drop, &format!("round {round}: filled"))?;
        write_count(&folder, stored_count(&folder)? + filled.total.count())?;
        end_drop(&origin, drop)?;
        let quantile = |at| filled.total.quantile_ms(at);
        let (empty, filled) = (empty.rate(), filled.rate());
        report.row(format!("round {round}"), &[empty, filled, filled / empty, quantile(0.5), quantile(0.99)]);
        all_rounds.push(empty, filled);
    }
    let origin = servers.start_origin(DataFolder::Kept(folder.clone()))?;
    report.note(format!("started on {} orders in {:.2} s", stored_count(&folder)?, origin.started_in.as_secs_f64()));
    require_stored(stored_count(&folder)?, origin.verified_orders()?)?;
    report.note("every acknowledged order is stored, and every ledger verifies");
    let ratio = report_ratio(&mut report, &all_rounds);
    report.bar("purchases with orders stored, ratio to none", ratio, Bound::AtLeast(RATIO_MIN));
    report.finish(options.common.json)
}

fn purchases(options: &Options, origin: &Origin, drop: u32, what: &str) -> Result<Measured> {
    let requests = origin.shoppers(drop).purchases(options.purchases)?;
    let until = Until::AllSent(Duration::from_secs(options.seconds));
    let connections = options.common.connections;
    let measured = closed::run(&origin.address, &requests, until, connections, &Progress::new(what), |_| {})?;
    measured.require(Kind::Purchase, &[201])?;
    Ok(measured)
}

fn fill(servers: &Servers, folder: &Path, options: &Options) -> Result<()> {
    if stored_count(folder)? >= options.orders {
        return Ok(());
    }
    let progress = Progress::new("filling the database");
    let origin = servers.start_origin(DataFolder::Kept(folder.to_path_buf()))?;
    loop {
        let already = stored_count(folder)?;
        progress.set(Duration::from_secs(already), Duration::from_secs(options.orders));
        if already >= options.orders {
            break;
        }
        let drop = origin.create_drop(&format!("past-{}", now_ms()), PER_DROP)?;
        let bought = buy(&origin, &mut origin.shoppers(drop), PER_DROP as usize, options.common.connections)?;
        write_count(folder, already + bought.len() as u64)?;
        end_drop(&origin, drop)?;
    }
    origin.wait_until_idle(IDLE_TIMEOUT)?;
    require_stored(stored_count(folder)?, origin.verified_orders()?)
}

/// Kills the drop and waits until all its orders have ended.
fn end_drop(origin: &Origin, drop: u32) -> Result<()> {
    origin.command(&["drop", "kill", &drop.to_string()])?;
    let held = format!("dropgate_stock{{drop=\"{drop}\",state=\"held\"}}");
    let deadline = Instant::now() + KILLED_TIMEOUT;
    while origin.metric(&held)? > 0 {
        ensure!(Instant::now() < deadline, "the orders of a killed drop do not end");
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn stored_count(folder: &Path) -> Result<u64> {
    match fs::read_to_string(folder.join(COUNT_FILE)) {
        Ok(text) => text.trim().parse().context("the count in the folder is not a number"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error.into()),
    }
}

fn write_count(folder: &Path, orders: u64) -> Result<()> {
    Ok(fs::write(folder.join(COUNT_FILE), format!("{orders}\n"))?)
}
