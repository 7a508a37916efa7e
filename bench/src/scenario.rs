use anyhow::{Result, ensure};
use clap::Args;

use crate::load::{self, Measured};
use crate::requests;
use crate::system::{Origin, Rival};

#[derive(Args, Clone, Copy)]
pub(crate) struct Options {
    #[arg(long, default_value_t = 128)]
    connections: usize,
    /// Of each measurement.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Each measures the origin and its rival once.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Purchases made ready for each measurement; it ends early when they are used up.
    #[arg(long, default_value_t = 400_000)]
    purchases: usize,
}

pub(crate) async fn status(options: Options) -> Result<()> {
    let rival = Rival::start()?;
    let origin = Origin::start(&rival)?;
    let mut table = Table::new("GET snapshot");
    for _ in 0..options.rounds {
        let Options { connections, seconds, .. } = options;
        let bare = load::run(&rival.address, requests::status(&origin), false, connections, seconds).await?;
        let ours = load::run(&origin.address, requests::status(&origin), false, connections, seconds).await?;
        ensure!(ours.statuses.keys().eq([&200]), "answers: {:?}", ours.statuses);
        table.round(&bare, &ours);
    }
    table.end();
    Ok(())
}

pub(crate) async fn purchase(options: Options) -> Result<()> {
    let rival = Rival::start()?;
    let mut table = Table::new("POST purchase");
    for _ in 0..options.rounds {
        let Options { connections, seconds, purchases, .. } = options;
        let origin = Origin::start(&rival)?;
        let same_bytes = requests::purchases(&origin, purchases)?;
        let bare = load::run(&rival.address, same_bytes, true, connections, seconds).await?;
        let fresh = requests::purchases(&origin, purchases)?;
        let ours = load::run(&origin.address, fresh, true, connections, seconds).await?;
        ensure!(ours.statuses.keys().eq([&201]), "answers: {:?}", ours.statuses);
        let acknowledged = ours.statuses.values().sum::<u64>();
        table.round(&bare, &ours);
        let stored = origin.verified_orders()?;
        ensure!(acknowledged == stored, "{acknowledged} acknowledged, {stored} stored");
    }
    table.end();
    println!("every acknowledged order is stored, and every ledger verifies");
    Ok(())
}

/// A line a round as it is measured, and the ratio of medians at the end.
struct Table {
    bare: Vec<f64>,
    ours: Vec<f64>,
}

impl Table {
    fn new(what: &str) -> Self {
        println!(
            "{what}\n{:>12} {:>12} {:>7} {:>10} {:>10} {:>10}",
            "bare/s", "origin/s", "ratio", "p50 ms", "p99 ms", "p99.9 ms"
        );
        Self { bare: Vec::new(), ours: Vec::new() }
    }

    fn round(&mut self, bare: &Measured, ours: &Measured) {
        println!(
            "{:>12.0} {:>12.0} {:>7.2} {:>10.2} {:>10.2} {:>10.2}",
            bare.rate(),
            ours.rate(),
            ours.rate() / bare.rate(),
            ours.percentile_ms(0.5),
            ours.percentile_ms(0.99),
            ours.percentile_ms(0.999),
        );
        self.bare.push(bare.rate());
        self.ours.push(ours.rate());
    }

    fn end(self) {
        let ratios: Vec<f64> = self.ours.iter().zip(&self.bare).map(|(ours, bare)| ours / bare).collect();
        let (least, most) =
            ratios.iter().fold((f64::MAX, 0.0_f64), |(least, most), ratio| (least.min(*ratio), most.max(*ratio)));
        let (bare, ours) = (median(self.bare), median(self.ours));
        println!(
            "medians: bare {bare:.0}/s, origin {ours:.0}/s, ratio {:.2} (rounds {least:.2} to {most:.2})",
            ours / bare
        );
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
