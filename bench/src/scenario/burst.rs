use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::load::open::{self, Arrivals};
use crate::load::request::Kind;
use crate::progress::Progress;
use crate::scenario::common::Common;
use crate::scenario::orders::{PLENTY, require_stored};
use crate::scenario::traffic::{purchase_flow, status_flow};

const RAMP: Duration = Duration::from_secs(1);

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    /// Reads of the snapshot a second, at the peak.
    #[arg(long, default_value_t = 8_500)]
    status: u32,
    /// Purchases a second, at the peak: in the second in which a drop opens, all shoppers buy.
    #[arg(long, default_value_t = 4_000)]
    purchases: u32,
    /// With the second of the ramp.
    #[arg(long, default_value_t = 6)]
    seconds: u64,
}

pub(crate) fn run(options: Options) -> Result<()> {
    let Options { common, status, purchases, seconds } = options;
    let servers = common.start_servers()?;
    let columns = &["responses/s", "p50 ms", "p99 ms", "p99.9 ms", "max ms", "bought p99"];
    let facts = json!({ "status": status, "purchases": purchases, "seconds": seconds });
    let mut report = common.report("burst", columns, facts);
    let (origin, drop) = servers.start_fresh_origin(PLENTY)?;
    let mut shoppers = origin.shoppers(drop);
    let arrivals = |rate: u32| Arrivals { per_second: rate.into(), ramp: RAMP };
    let flows = vec![
        status_flow(&origin, arrivals(status), common.connections),
        purchase_flow(&mut shoppers, arrivals(purchases), common.connections),
    ];
    let slice = Duration::from_secs(1);
    let progress = Progress::new("0 to peak in a second");
    let measured = open::run(&origin.address, flows, Duration::from_secs(seconds), slice, &progress, |_| {})?;
    measured.require(Kind::Status, &[200])?;
    measured.require(Kind::Purchase, &[201])?;
    for (second, slice) in measured.slices.iter().enumerate().filter(|(_, slice)| slice.count() > 0) {
        let quantile = |at| slice.quantile_ms(at);
        let bought = slice.quantile_of_ms(Kind::Purchase, 201, 0.99);
        let figures = [slice.count() as f64, quantile(0.5), quantile(0.99), quantile(0.999), quantile(1.0), bought];
        report.row(format!("second {}", second + 1), &figures);
    }
    require_stored(measured.total.count_of(Kind::Purchase, 201), origin.verified_orders()?)?;
    report.note("no request failed, every acknowledged order is stored, and the ledger verifies");
    report.finish(common.json)
}
