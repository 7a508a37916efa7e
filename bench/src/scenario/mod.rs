//! One file a scenario. Each ends by itself, and fails when an answer was wrong or an acknowledged order is not stored;
//! a figure that misses its bar is reported and fails nothing, for it may be the machine's.

pub(crate) mod burst;
pub(crate) mod memory;
pub(crate) mod mixed;
pub(crate) mod overload;
pub(crate) mod purchase;
pub(crate) mod soak;
pub(crate) mod soldout;
pub(crate) mod status;
pub(crate) mod stored;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::{Value, json};

use crate::load::closed::{self, Until};
use crate::load::open::{Arrivals, Flow, WhenFull};
use crate::load::{Kind, Measured};
use crate::machine;
use crate::process::Cores;
use crate::report::{Progress, Report, Turns};
use crate::requests::{Reader, Requests, Shoppers, order_code, webhooks};
use crate::stage::{Origin, Stage};

/// Never sold out within a measurement.
const PLENTY: u32 = 10_000_000;
/// Requests made ready at a time: sent within the life of their tokens, and held in some hundred megabytes.
const CHUNK: usize = 200_000;
/// So many that a webhook waits for the origin and never for another.
const PAYER_CONNECTIONS: usize = 128;
/// A chunk is sent in far less; a server that takes longer has stalled.
const CHUNK_TIMEOUT: Duration = Duration::from_secs(100);

#[derive(Args)]
pub(crate) struct Common {
    #[arg(long, default_value_t = 128)]
    connections: usize,
    /// Cores of the measured servers, such as 0 or 0-1; all by default.
    #[arg(long, value_name = "CORES")]
    pin: Option<Cores>,
    /// Cores of the generator; all by default.
    #[arg(long, value_name = "CORES")]
    pin_generator: Option<Cores>,
    /// Where the result goes; target/bench/SCENARIO.json by default.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl Common {
    /// Starts PayOS and binds this process to its cores; the servers are bound as they start.
    fn stage(&self) -> Result<Stage> {
        machine::raise_file_limit()?;
        let all = Cores::allowed()?;
        let stage = Stage::set(&all, self.pin.clone().unwrap_or_else(|| all.clone()))?;
        if let Some(cores) = &self.pin_generator {
            cores.bind()?;
        }
        Ok(stage)
    }

    fn report(&self, scenario: &'static str, columns: &'static [&'static str], mut options: Value) -> Report {
        let cores = |cores: &Option<Cores>| cores.as_ref().map(|cores| json!(cores.list()));
        options["connections"] = json!(self.connections);
        options["pin"] = json!(cores(&self.pin));
        options["pin_generator"] = json!(cores(&self.pin_generator));
        Report::new(scenario, options, columns)
    }
}

const TURNS: &[&str] = &["bare/s", "origin/s", "ratio", "p50 ms", "p99 ms", "p99.9 ms"];

fn turn(report: &mut Report, turns: &mut Turns, round: usize, bare: &Measured, ours: &Measured) {
    let (rival, rate) = (bare.rate(), ours.rate());
    let quantile = |at| ours.total.quantile_ms(at);
    report.row(format!("round {round}"), &[rival, rate, rate / rival, quantile(0.5), quantile(0.99), quantile(0.999)]);
    turns.push(rival, rate);
}

/// Says the ratio and its spread, and returns it for the bar.
fn ratio(report: &mut Report, turns: &Turns) -> f64 {
    let ratio = turns.ratio();
    report.note(format!(
        "medians: {:.0}/s and {:.0}/s, ratio {:.3} (single rounds {:.3} to {:.3})",
        ratio.rival, ratio.ours, ratio.ratio, ratio.least, ratio.most
    ));
    ratio.ratio
}

/// What was answered with a 201 is stored, and nothing else is.
fn require_stored(acknowledged: u64, stored: u64) -> Result<()> {
    ensure!(acknowledged == stored, "{acknowledged} orders acknowledged, {stored} stored");
    Ok(())
}

/// Buys `count` units, a customer each, and returns the codes of the orders.
fn buy(origin: &Origin, shoppers: &mut Shoppers<'_>, count: usize, connections: usize) -> Result<Vec<u64>> {
    let mut orders = Vec::with_capacity(count);
    let progress = Progress::new(&format!("{count} orders"));
    while orders.len() < count {
        let requests = shoppers.requests(CHUNK.min(count - orders.len()))?;
        let measured = send_all(origin, &requests, connections, |body| orders.extend(order_code(body)))?;
        measured.require(Kind::Purchase, &[201])?;
        progress.at(Duration::from_secs(orders.len() as u64), Duration::from_secs(count as u64));
    }
    ensure!(orders.len() == count, "{} orders of {count}", orders.len());
    Ok(orders)
}

fn send_all(origin: &Origin, requests: &Requests, connections: usize, mut look: impl FnMut(&[u8])) -> Result<Measured> {
    let until = Until::Sent(CHUNK_TIMEOUT);
    closed::run(&origin.address, requests, until, connections, &Progress::hidden(), |answer| look(answer.body))
}

/// The edge reading the snapshot.
fn status_flow(origin: &Origin, arrivals: Arrivals, connections: usize) -> Flow<'_> {
    let mut reader = Reader::new(&origin.edge_keys);
    Flow {
        kind: Kind::Status,
        arrivals,
        connections,
        pipeline: 1,
        when_full: WhenFull::Wait,
        next: Box::new(move |bytes| {
            reader.write(bytes);
            Ok(())
        }),
    }
}

/// Shoppers who buy; each token is minted as its request leaves, so that none expires in a long run.
fn purchase_flow<'a>(shoppers: &'a mut Shoppers<'_>, arrivals: Arrivals, connections: usize) -> Flow<'a> {
    Flow {
        kind: Kind::Purchase,
        arrivals,
        connections,
        pipeline: 1,
        when_full: WhenFull::Wait,
        next: Box::new(move |bytes| shoppers.write(bytes)),
    }
}

/// Webhooks that pay for the oldest orders of `unpaid`, signed as they leave. `pays` hears of each.
fn payment_flow<'a>(
    origin: &'a Origin,
    unpaid: &'a RefCell<VecDeque<u64>>,
    arrivals: Arrivals,
    mut pays: impl FnMut(u64) + 'a,
) -> Flow<'a> {
    Flow {
        kind: Kind::Webhook,
        arrivals,
        connections: PAYER_CONNECTIONS,
        pipeline: 1,
        when_full: WhenFull::Wait,
        next: Box::new(move |bytes| {
            let order = unpaid.borrow_mut().pop_front().context("more webhooks than orders")?;
            let request = webhooks(&origin.edge_keys, &[order])?;
            bytes.extend_from_slice(request.get(0).map_or(&[][..], |(_, bytes)| bytes));
            pays(order);
            Ok(())
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledged_order_that_is_not_stored_fails_the_run() {
        require_stored(3, 3).unwrap();
        for (acknowledged, stored) in [(3, 2), (2, 3)] {
            assert!(require_stored(acknowledged, stored).is_err());
        }
    }
}
