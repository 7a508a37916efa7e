//! What handlers, the outbox and the PayOS calls count. Names follow Prometheus: base units, `_total` for counters.
//!
//! The writer has metrics of its own, and `http::server` renders both beside what it reads at each scrape.

use domain::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::telemetry::RepeatedLines;

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

#[derive(Default)]
pub(crate) struct Metrics {
    /// Purchases by the code of their answer; `placed` is a new order, `replayed` one that its token made before, and
    /// `resumed` one that another token of the shopper made.
    pub purchases: Family<Ended, Counter>,
    /// Requests refused before anything looked at them, by reason.
    pub refused_tokens: Family<Ended, Counter>,
    pub webhooks: Family<Ended, Counter>,
    /// Calls to the payment provider, by result.
    pub links: Family<Ended, Counter>,
    /// Mails handed to the mail server, by its answer.
    pub mails: Family<Ended, Counter>,
    /// Payouts by what became of their requests and of themselves.
    pub payouts: Family<Ended, Counter>,
    /// What the payout account held when PayOS last said so.
    pub payout_balance: Gauge,
    /// How long the oldest effect of a channel has been due: of the checks, how far reconciliation is behind.
    pub outbox_lag_seconds: Family<Channelled, Gauge>,
    pub outbox_retries: Family<Channelled, Gauge>,
    /// Whether the destination of a channel takes nothing until a person acts.
    pub outbox_refused: Family<Channelled, Gauge>,
    /// Pages of rows for the Google sheet, by what came of them.
    pub sheet_pages: Family<Ended, Counter>,
    pub repeated_lines: RepeatedLines,
    /// Tries to tell the merchant's own systems of something.
    pub deliveries: Family<Ended, Counter>,
    pub outbox_failures: Family<Channelled, Counter>,
    /// Money whose webhook never came. Many of them say that webhooks do not reach the origin.
    pub payments_found: Counter,
    /// Refunds that could begin if the payout account held more.
    pub refunds_without_funds: Gauge,
    /// Since 1970. It changes with each start, and so tells a crash loop from a quiet night.
    pub start_time_seconds: Gauge,
}

impl Metrics {
    pub(crate) fn new(started_at: Timestamp, repeated_lines: RepeatedLines) -> Self {
        let metrics = Self { repeated_lines, ..Self::default() };
        metrics.start_time_seconds.set(started_at.0 / 1000);
        // What alerts ask about is there before it happens: of a series that begins at 1, Prometheus sees no increase.
        let watched: [(&Family<Ended, Counter>, &[&'static str]); 4] = [
            (&metrics.purchases, &["placed", "busy", "internal"]),
            (&metrics.refused_tokens, &["bad_signature", "unknown_key"]),
            (&metrics.webhooks, &["applied", "refund_due", "bad_signature", "busy", "internal"]),
            (&metrics.links, &["created", "conflict", "create_unknown", "failed", "read", "read_failed"]),
        ];
        for (family, results) in watched {
            for result in results {
                family.get_or_create(&Ended { result }).inc_by(0);
            }
        }
        metrics
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register("purchases", "Purchases by result", self.purchases.clone());
        let help = "Requests without a valid token, by reason";
        registry.register("refused_tokens", help, self.refused_tokens.clone());
        registry.register("webhooks", "Payment webhooks by result", self.webhooks.clone());
        registry.register("payment_links", "Payment link calls by result", self.links.clone());
        registry.register("mails", "Mails to buyers by the mail server's answer", self.mails.clone());
        registry.register("payouts", "Payouts of refunds by result", self.payouts.clone());
        let help = "What the payout account held when PayOS last said so";
        registry.register("payout_balance_vnd", help, self.payout_balance.clone());
        let help = "How long the oldest effect has been due, by channel";
        registry.register("outbox_lag_seconds", help, self.outbox_lag_seconds.clone());
        let help = "Effects that failed and wait, by channel";
        registry.register("outbox_retries", help, self.outbox_retries.clone());
        let help = "1 while the destination of a channel takes nothing until a person acts";
        registry.register("outbox_refused", help, self.outbox_refused.clone());
        registry.register("sheet_pages", "Pages of rows for the Google sheet, by result", self.sheet_pages.clone());
        let help = "Warnings and errors left out of the log because they had appeared within the hour";
        registry.register("log_lines_repeated", help, self.repeated_lines.clone());
        registry.register("webhook_deliveries", "Deliveries to webhook endpoints by result", self.deliveries.clone());
        registry.register(
            "outbox_failures",
            "Tries that carried nothing out and are followed by another, by channel",
            self.outbox_failures.clone(),
        );
        let help = "Payments that a read of their link found and no webhook had brought";
        registry.register("payments_found", help, self.payments_found.clone());
        let help = "Refunds that wait until the payout account holds enough";
        registry.register("refunds_without_funds", help, self.refunds_without_funds.clone());
        let help = "When the origin started, in seconds since 1970";
        registry.register("start_time_seconds", help, self.start_time_seconds.clone());
    }

    pub(crate) fn count(family: &Family<Ended, Counter>, result: &'static str) {
        family.get_or_create(&Ended { result }).inc();
    }
}
