use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::edge::order_code;
use crate::load::open::{self, Arrivals};
use crate::load::request::Kind;
use crate::machine::MemoryWatch;
use crate::progress::Progress;
use crate::scenario::common::Common;
use crate::scenario::orders::{PLENTY, buy, require_stored};
use crate::scenario::traffic::{payment_flow, purchase_flow, status_flow};
use crate::servers::Servers;

/// Bought before the clock starts, so that there is always an order to pay for.
const BOUGHT_BEFORE: usize = 1_000;
const MINUTE: Duration = Duration::from_secs(60);

#[derive(Args)]
#[command(long_about = "Status, purchases and the webhooks of some of their payments at steady rates.\n\n\
Holds live 15 minutes, so in a run of 20 minutes or more they also end beside the sale.")]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    #[arg(long, default_value_t = 10)]
    minutes: u32,
    /// Reads of the snapshot a second.
    #[arg(long, default_value_t = 8_500)]
    status: u32,
    /// Purchases a second.
    #[arg(long, default_value_t = 500)]
    purchases: u32,
    /// Webhooks a second, each for another order; at most as many as purchases.
    #[arg(long, default_value_t = 100)]
    webhooks: u32,
}

pub(crate) fn run(options: Options) -> Result<()> {
    let Options { common, minutes, status, purchases, webhooks } = options;
    let servers = common.start_servers()?;
    let columns = &["responses/s", "p50 ms", "p99 ms", "p99.9 ms", "max ms", "resident MiB"];
    let facts = json!({ "minutes": minutes, "status": status, "purchases": purchases, "webhooks": webhooks });
    let mut report = common.report("soak", columns, facts);
    let (origin, drop) = servers.start_fresh_origin(PLENTY)?;
    let mut shoppers = origin.shoppers(drop);
    let bought = buy(&origin, &mut shoppers, BOUGHT_BEFORE, common.connections)?;
    let unpaid = RefCell::new(VecDeque::from(bought));

    let watch = MemoryWatch::start(origin.pid());
    let time = MINUTE * minutes;
    let measured = std::thread::scope(|scope| {
        let (to_payos, paid) = channel();
        scope.spawn(|| mark_paid_at_payos(&servers, paid));
        let flows = vec![
            status_flow(&origin, Arrivals::steady(status.into()), common.connections),
            purchase_flow(&mut shoppers, Arrivals::steady(purchases.into()), common.connections),
            // PayOS must know the transfer when the origin reads the link, seconds later.
            payment_flow(&origin, &unpaid, Arrivals::steady(webhooks.into()), move |order| {
                let _ = to_payos.send(order);
            }),
        ];
        open::run(&origin.address, flows, time, MINUTE, &Progress::new("soak"), |response| {
            if response.kind == Kind::Purchase {
                unpaid.borrow_mut().extend(order_code(response.body));
            }
        })
    })?;
    let memory = watch.stop()?;
    measured.require(Kind::Status, &[200])?;
    measured.require(Kind::Purchase, &[201])?;
    measured.require(Kind::Webhook, &[204])?;
    for (minute, slice) in measured.slices.iter().enumerate().filter(|(_, slice)| slice.count() > 0) {
        let quantile = |at| slice.quantile_ms(at);
        let end = measured.started + MINUTE * (minute as u32 + 1);
        let resident = memory.iter().rev().find(|(at, _)| *at <= end).map_or(f64::NAN, |(_, mib)| *mib);
        let rate = slice.count() as f64 / MINUTE.as_secs_f64();
        let figures = [rate, quantile(0.5), quantile(0.99), quantile(0.999), quantile(1.0), resident];
        report.row(format!("minute {}", minute + 1), &figures);
    }
    let placed = BOUGHT_BEFORE as u64 + measured.total.count_of(Kind::Purchase, 201);
    require_stored(placed, origin.verified_orders()?)?;
    report.note("no request failed, every acknowledged order is stored, and the ledger verifies");
    report.finish(common.json)
}

fn mark_paid_at_payos(servers: &Servers, paid: Receiver<u64>) -> Result<()> {
    while let Ok(first) = paid.recv() {
        std::thread::sleep(Duration::from_millis(500));
        let orders: Vec<u64> = std::iter::once(first).chain(paid.try_iter()).collect();
        servers.mark_paid(&orders)?;
    }
    Ok(())
}
