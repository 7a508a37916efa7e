//! The metrics page: what the parts have counted, and gauges that are read at each scrape.

use std::fmt;
use std::sync::Arc;

use anyhow::Result;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::{Stock, Timestamp};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use crate::http::app::App;
use crate::http::problem::ApiError;
use crate::store::{MoneyWaiting, PayoutsUnderWay, ReadStore};
use crate::writer::Published;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(crate) async fn show(State(app): State<Arc<App>>) -> Response {
    match render(&app).await {
        Ok(text) => ([(header::CONTENT_TYPE, OPENMETRICS)], text).into_response(),
        Err(error) => ApiError::internal(&error).into_response(),
    }
}

async fn render(app: &App) -> Result<String> {
    let now = app.clock.now();
    let view_seq = app.views.state().seq;
    let read = move |store: &ReadStore| {
        let (given_up, payouts) = (store.given_up_counts()?, store.payouts_under_way()?);
        let (money_waiting, next_in_view) = (store.money_waiting()?, store.ledger_time(view_seq + 1)?);
        Ok(Stored { money_waiting, payouts, given_up, log_bytes: store.log_bytes()?, next_in_view, now })
    };
    let stored = app.reader.read(read).await?;
    let mut registry = Registry::with_prefix("dropgate");
    let published = app.writer.published();
    let views_lag_rows = (published.seq - view_seq).max(0);
    let sale = Sale { published, lane_depths: app.writer.depths(), views_lag_rows };
    registry.register_collector(Box::new(sale));
    registry.register_collector(Box::new(stored));
    app.metrics.register(&mut registry);
    app.writer.metrics().register(&mut registry);
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

/// As of the last commit, from memory.
#[derive(Debug)]
struct Sale {
    published: Arc<Published>,
    lane_depths: [(&'static str, usize); 3],
    views_lag_rows: i64,
}

impl Collector for Sale {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut units = encoder.encode_descriptor("stock", "Units by drop and state.", None, MetricType::Gauge)?;
        for drop in self.published.drops() {
            let Stock { available, held, sold, withdrawn } = drop.stock;
            let id = drop.listing.terms.drop.0.to_string();
            for (state, count) in [("available", available), ("held", held), ("sold", sold), ("withdrawn", withdrawn)] {
                units.encode_family(&[("drop", id.as_str()), ("state", state)])?.encode_gauge(&count)?;
            }
        }
        gauge(&mut encoder, "ledger_seq", "Rows of the ledger.", &self.published.seq)?;
        let help = "Rows of the ledger that searches do not see yet.";
        gauge(&mut encoder, "views_lag_rows", help, &self.views_lag_rows)?;
        let mut depth = encoder.encode_descriptor("lane_depth", "Commands waiting.", None, MetricType::Gauge)?;
        for (lane, commands) in self.lane_depths {
            depth.encode_family(&[("lane", lane)])?.encode_gauge(&commands)?;
        }
        Ok(())
    }
}

/// Read from disk. Money that waits for a person should be little, and hours old at most.
#[derive(Debug)]
struct Stored {
    money_waiting: MoneyWaiting,
    payouts: PayoutsUnderWay,
    /// Effects that no channel tries again by itself, by channel.
    given_up: Vec<(&'static str, i64)>,
    /// Some megabytes while the writer empties the log in time.
    log_bytes: u64,
    /// When the first row was written that the view does not have.
    next_in_view: Option<Timestamp>,
    now: Timestamp,
}

impl Collector for Stored {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let age = |oldest: Option<Timestamp>| oldest.map_or(0, |oldest| (self.now.0 - oldest.0).max(0) / 1000);
        let waiting = &self.money_waiting;
        for (name, help, value) in [
            ("refunds_due", "Refunds that wait to be sent.", waiting.refunds_due),
            ("refunds_due_vnd", "Their money.", waiting.refunds_due_amount),
            ("refunds_due_oldest_seconds", "Age of the oldest of them.", age(waiting.refunds_due_oldest)),
            ("refunds_paying", "Refunds that PayOS is asked to pay out.", self.payouts.paying),
            (
                "refunds_doubted",
                "Payouts of which a person must find out whether the money left.",
                self.payouts.doubted,
            ),
            ("payouts_paused", "1 while an operator has paused payouts.", self.payouts.paused.into()),
            ("payments_unsettled", "Payments no signed read has shown yet.", waiting.unsettled),
            ("payments_unsettled_oldest_seconds", "Age of the oldest of them.", age(waiting.unsettled_oldest)),
            ("payments_disputed", "Transfers reported with two amounts, or twice.", waiting.disputed),
            ("payments_unmatched", "Payments that name no order.", waiting.unmatched),
            ("payments_unmatched_vnd", "Their money.", waiting.unmatched_amount),
            ("webhooks_unreadable", "Signed webhooks whose money is in no sum.", waiting.unreadable_webhooks),
            ("views_lag_seconds", "Age of the first row that searches do not see.", age(self.next_in_view)),
        ] {
            gauge(&mut encoder, name, help, &value)?;
        }
        let help = "Effects that were given up, by channel.";
        let mut given_up = encoder.encode_descriptor("outbox_given_up", help, None, MetricType::Gauge)?;
        for (channel, count) in &self.given_up {
            given_up.encode_family(&[("channel", *channel)])?.encode_gauge(count)?;
        }
        gauge(&mut encoder, "write_ahead_log_bytes", "Size of the write-ahead log.", &self.log_bytes)
    }
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: &impl EncodeGaugeValue) -> fmt::Result {
    encoder.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gauges_that_are_read_at_a_scrape_keep_their_names() {
        let waiting = MoneyWaiting {
            refunds_due: 2,
            refunds_due_amount: 500_000,
            refunds_due_oldest: Some(Timestamp(40_000)),
            ..MoneyWaiting::default()
        };
        let mut registry = Registry::with_prefix("dropgate");
        let sale = Sale { published: Arc::default(), lane_depths: [("money", 3); 3], views_lag_rows: 3 };
        registry.register_collector(Box::new(sale));
        let stored = Stored {
            money_waiting: waiting,
            payouts: PayoutsUnderWay::default(),
            given_up: vec![("mail", 3)],
            log_bytes: 4_096,
            next_in_view: Some(Timestamp(98_000)),
            now: Timestamp(100_000),
        };
        registry.register_collector(Box::new(stored));
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        for line in [
            "# TYPE dropgate_stock gauge",
            "dropgate_ledger_seq 0",
            "dropgate_views_lag_rows 3",
            "dropgate_views_lag_seconds 2",
            "dropgate_lane_depth{lane=\"money\"} 3",
            "# HELP dropgate_refunds_due Refunds that wait to be sent.",
            "dropgate_refunds_due 2",
            "dropgate_refunds_due_vnd 500000",
            "dropgate_refunds_due_oldest_seconds 60",
            "dropgate_payments_unsettled_oldest_seconds 0",
            "dropgate_outbox_given_up{channel=\"mail\"} 3",
            "dropgate_write_ahead_log_bytes 4096",
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
