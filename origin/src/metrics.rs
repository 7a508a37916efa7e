//! What an operator can measure, in the Prometheus text format on the private listener. Names follow Prometheus: base
//! units, `_total` for counters. Gauges of the sale are read from the published state when they are asked for.

use std::fmt::Write as _;

use anyhow::Result;
use domain::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::store::MoneyWaiting;
use crate::writer::Writer;

/// How something ended, by its stable code.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Ended {
    pub result: &'static str,
}

/// One reader of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Channelled {
    pub channel: &'static str,
}

pub(crate) struct Metrics {
    registry: Registry,
    /// Purchases by the code of their answer; `placed` is a new order.
    pub purchases: Family<Ended, Counter>,
    /// Requests refused before anything looked at them, by reason.
    pub refused_tokens: Family<Ended, Counter>,
    pub webhooks: Family<Ended, Counter>,
    /// Calls to the payment provider by what came of them.
    pub links: Family<Ended, Counter>,
    /// How long the oldest effect of a channel has been due: of the checks, how far reconciliation is behind.
    pub outbox_lag_seconds: Family<Channelled, Gauge>,
    pub outbox_retries: Family<Channelled, Gauge>,
    pub batch_size: Histogram,
    pub commit_seconds: Histogram,
    pub clock_steps: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("dropgate");
        let purchases = Family::default();
        registry.register("purchases", "Purchases by result", purchases.clone());
        let refused_tokens = Family::default();
        registry.register("refused_tokens", "Requests without a valid token, by reason", refused_tokens.clone());
        let webhooks = Family::default();
        registry.register("webhooks", "Payment webhooks by result", webhooks.clone());
        let links = Family::default();
        registry.register("payment_links", "Payment link calls by result", links.clone());
        let outbox_lag_seconds = Family::default();
        let help = "How long the oldest effect has been due, by channel";
        registry.register("outbox_lag_seconds", help, outbox_lag_seconds.clone());
        let outbox_retries = Family::default();
        registry.register("outbox_retries", "Effects that failed and wait, by channel", outbox_retries.clone());
        let batch_size = Histogram::new([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0]);
        registry.register("batch_size", "Commands decided together", batch_size.clone());
        let commit_seconds = Histogram::new([0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 1.0]);
        let help = "Time to write and sync one batch";
        registry.register_with_unit("commit", help, Unit::Seconds, commit_seconds.clone());
        let clock_steps = Counter::default();
        registry.register("clock_steps", "Jumps of the wall clock over five seconds", clock_steps.clone());
        Self {
            registry,
            purchases,
            refused_tokens,
            webhooks,
            links,
            outbox_lag_seconds,
            outbox_retries,
            batch_size,
            commit_seconds,
            clock_steps,
        }
    }
}

impl Metrics {
    pub(crate) fn count(family: &Family<Ended, Counter>, result: &'static str) {
        family.get_or_create(&Ended { result }).inc();
    }

    pub(crate) fn render(
        &self,
        writer: &Writer,
        waiting: &MoneyWaiting,
        log_bytes: u64,
        now: Timestamp,
    ) -> Result<String> {
        let mut text = String::new();
        render_sale(&mut text, writer)?;
        render_money(&mut text, waiting, now)?;
        // Some megabytes while it is emptied as it should be.
        let name = "dropgate_write_ahead_log_bytes";
        writeln!(text, "# HELP {name} Size of the write-ahead log.\n# TYPE {name} gauge\n{name} {log_bytes}")?;
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Money that waits for somebody: each of these should be small, and its age hours at most.
fn render_money(text: &mut String, waiting: &MoneyWaiting, now: Timestamp) -> Result<()> {
    let age = |oldest: Option<Timestamp>| oldest.map_or(0, |oldest| (now.0 - oldest.0).max(0) / 1000);
    for (name, help, value) in [
        ("refunds_due", "Refunds that wait to be sent", waiting.refunds_due),
        ("refunds_due_vnd", "Their money", waiting.refunds_due_amount),
        ("refunds_due_oldest_seconds", "Age of the oldest of them", age(waiting.refunds_due_oldest)),
        ("payments_unsettled", "Payments no signed read has shown yet", waiting.unsettled),
        ("payments_unsettled_oldest_seconds", "Age of the oldest of them", age(waiting.unsettled_oldest)),
        ("payments_disputed", "Transfers reported with two amounts, or twice", waiting.disputed),
        ("payments_unmatched", "Payments that name no order", waiting.unmatched),
        ("payments_unmatched_vnd", "Their money", waiting.unmatched_amount),
    ] {
        writeln!(text, "# HELP dropgate_{name} {help}.\n# TYPE dropgate_{name} gauge\ndropgate_{name} {value}")?;
    }
    Ok(())
}

fn render_sale(text: &mut String, writer: &Writer) -> Result<()> {
    let published = writer.published();
    writeln!(text, "# HELP dropgate_stock Units by drop and state.\n# TYPE dropgate_stock gauge")?;
    for drop in published.drops() {
        let (id, stock) = (drop.listing.terms.drop.0, drop.stock);
        for (state, units) in
            [("available", stock.available), ("held", stock.held), ("sold", stock.sold), ("withdrawn", stock.withdrawn)]
        {
            writeln!(text, "dropgate_stock{{drop=\"{id}\",state=\"{state}\"}} {units}")?;
        }
    }
    writeln!(text, "# HELP dropgate_ledger_seq Rows of the ledger.\n# TYPE dropgate_ledger_seq gauge")?;
    writeln!(text, "dropgate_ledger_seq {}", published.seq)?;
    writeln!(text, "# HELP dropgate_lane_depth Commands waiting.\n# TYPE dropgate_lane_depth gauge")?;
    for (lane, depth) in writer.depths() {
        writeln!(text, "dropgate_lane_depth{{lane=\"{lane}\"}} {depth}")?;
    }
    Ok(())
}
