use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::json;

use super::{Common, PLENTY, buy, require_stored};
use crate::load::closed::{self, Until};
use crate::load::{Kind, Measured};
use crate::report::{Bound, Progress, Turns};
use crate::requests::now_ms;
use crate::stage::{Folder, Origin, Stage, results_folder};

const RATIO_MIN: f64 = 0.85;
/// Orders of one past drop.
const PER_DROP: u32 = 100_000;
/// How many orders the kept folder holds, so that the next run need not fill it.
const MARK: &str = "orders";
const KILLED_TIMEOUT: Duration = Duration::from_secs(120);
const QUIET_TIMEOUT: Duration = Duration::from_secs(600);

#[derive(Args)]
#[command(
    long_about = "Purchases of a fresh drop on a database that holds millions of orders, against the same on an \
empty one.\n\nThe stored orders are those of past drops: bought over HTTP, then ended by killing their drop, so that \
they are rows on disk and ended orders in the ledger, and hold nothing in memory that a sale needs. The filled folder is \
kept for the next run and grows by what each run buys. Filling costs minutes and a gigabyte a million orders."
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
    /// Each measures an empty database and the filled one once.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Purchases made ready for each measurement.
    #[arg(long, default_value_t = 400_000)]
    purchases: usize,
}

pub(crate) fn run(options: Options) -> Result<()> {
    let stage = options.common.stage()?;
    let folder = match &options.folder {
        Some(folder) => folder.clone(),
        None => results_folder()?.join("stored"),
    };
    fs::create_dir_all(&folder)?;
    let columns = &["empty/s", "filled/s", "ratio", "filled p50", "filled p99"];
    let facts = json!({ "orders": options.orders, "seconds": options.seconds, "rounds": options.rounds });
    let mut report = options.common.report("stored", columns, facts);
    fill(&stage, &folder, &options)?;
    let mut turns = Turns::default();
    for round in 1..=options.rounds {
        let (origin, drop) = stage.fresh_origin(PLENTY)?;
        let empty = purchases(&options, &origin, drop, &format!("round {round}: empty"))?;
        require_stored(empty.total.count(), origin.verified_orders()?)?;
        let origin = stage.origin(Folder::Kept(folder.clone()))?;
        let drop = origin.create_drop(&format!("measured-{}", now_ms()), PLENTY)?;
        origin.quiet(QUIET_TIMEOUT)?;
        let filled = purchases(&options, &origin, drop, &format!("round {round}: filled"))?;
        mark(&folder, stored(&folder)? + filled.total.count())?;
        end_drop(&origin, drop)?;
        let quantile = |at| filled.total.quantile_ms(at);
        let (empty, filled) = (empty.rate(), filled.rate());
        report.row(format!("round {round}"), &[empty, filled, filled / empty, quantile(0.5), quantile(0.99)]);
        turns.push(empty, filled);
    }
    let origin = stage.origin(Folder::Kept(folder.clone()))?;
    report.note(format!("started on {} orders in {:.2} s", stored(&folder)?, origin.started_in.as_secs_f64()));
    require_stored(stored(&folder)?, origin.verified_orders()?)?;
    report.note("every acknowledged order is stored, and every ledger verifies");
    let ratio = super::ratio(&mut report, &turns);
    report.bar("purchases with orders stored, ratio to none", ratio, Bound::AtLeast(RATIO_MIN));
    report.end(options.common.json)
}

fn purchases(options: &Options, origin: &Origin, drop: u32, what: &str) -> Result<Measured> {
    let requests = origin.shoppers(drop).requests(options.purchases)?;
    let until = Until::Sent(Duration::from_secs(options.seconds));
    let connections = options.common.connections;
    let measured = closed::run(&origin.address, &requests, until, connections, &Progress::new(what), |_| {})?;
    measured.require(Kind::Purchase, &[201])?;
    Ok(measured)
}

fn fill(stage: &Stage, folder: &Path, options: &Options) -> Result<()> {
    if stored(folder)? >= options.orders {
        return Ok(());
    }
    let progress = Progress::new("filling the database");
    let origin = stage.origin(Folder::Kept(folder.to_path_buf()))?;
    loop {
        let already = stored(folder)?;
        progress.at(Duration::from_secs(already), Duration::from_secs(options.orders));
        if already >= options.orders {
            break;
        }
        let drop = origin.create_drop(&format!("past-{}", now_ms()), PER_DROP)?;
        let bought = buy(&origin, &mut origin.shoppers(drop), PER_DROP as usize, options.common.connections)?;
        mark(folder, already + bought.len() as u64)?;
        end_drop(&origin, drop)?;
    }
    origin.quiet(QUIET_TIMEOUT)?;
    require_stored(stored(folder)?, origin.verified_orders()?)
}

/// Kills it and waits until none of its orders is pending any more.
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

fn stored(folder: &Path) -> Result<u64> {
    match fs::read_to_string(folder.join(MARK)) {
        Ok(text) => text.trim().parse().context("the mark in the folder is not a number"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error.into()),
    }
}

fn mark(folder: &Path, orders: u64) -> Result<()> {
    Ok(fs::write(folder.join(MARK), format!("{orders}\n"))?)
}
