//! Tells the writer, and the metrics, how far a channel has come.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::Timestamp;
use engine::{GivenUp, Progress, Retry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use tracing::warn;

use super::cursor::PAGE_ROWS;
use crate::metrics::{Channelled, Metrics};
use crate::writer::Writer;

/// Progress is written at most this often: repeating a moment of effects after a crash is harmless, and each report
/// costs the writer a transaction.
pub(super) const REPORT_EVERY: Duration = Duration::from_millis(250);

/// What a channel did since its last report.
pub(super) struct ProgressReport {
    channel: &'static str,
    reported: i64,
    put_aside: BTreeMap<i64, Retry>,
    done: BTreeSet<i64>,
    given_up: Vec<GivenUp>,
}

impl ProgressReport {
    /// `cursor` is what is stored.
    pub(super) fn new(channel: &'static str, cursor: i64) -> Self {
        Self { channel, reported: cursor, put_aside: BTreeMap::new(), done: BTreeSet::new(), given_up: Vec::new() }
    }

    /// The cursor that is stored.
    pub(super) fn reported(&self) -> i64 {
        self.reported
    }

    /// The effect is tried again later, so that the cursor may pass its row.
    pub(super) fn put_aside(&mut self, retry: Retry) {
        self.put_aside.insert(retry.seq, retry);
    }

    /// An effect that had been put aside is owed no longer.
    pub(super) fn done(&mut self, seq: i64) {
        self.put_aside.remove(&seq);
        self.done.insert(seq);
    }

    /// The effect is not tried again, and kept for an operator.
    pub(super) fn give_up(&mut self, given_up: GivenUp) {
        self.done(given_up.seq);
        self.given_up.push(given_up);
    }

    /// Every row up to `cursor` is done or put aside. `idle` says that nothing is under way, so that a restart would
    /// repeat finished work for nothing.
    pub(super) async fn send(&mut self, writer: &Writer, cursor: i64, idle: bool) {
        // Rows that owe nothing move the cursor too, but are not worth a transaction of their own.
        let advance = cursor - self.reported;
        let worth_it = advance >= PAGE_ROWS || idle && advance > 0;
        if self.put_aside.is_empty() && self.done.is_empty() && self.given_up.is_empty() && !worth_it {
            return;
        }
        let progress = Progress {
            channel: self.channel,
            cursor,
            failed: self.put_aside.values().copied().collect(),
            done: self.done.iter().copied().collect(),
            given_up: self.given_up.clone(),
        };
        match writer.record_progress(progress).await {
            Ok(()) => {
                self.reported = cursor;
                self.put_aside.clear();
                self.done.clear();
                self.given_up.clear();
            }
            Err(_) => warn!(channel = self.channel, "progress was not recorded; trying again"),
        }
    }
}

pub(super) fn count(family: &Family<Channelled, Counter>, channel: &'static str) {
    family.get_or_create(&Channelled { channel }).inc();
}

/// Shows since when the oldest effect has been due, and how many were put aside.
pub(super) fn measure(
    metrics: &Metrics,
    channel: &'static str,
    now: Timestamp,
    oldest_due: Option<Timestamp>,
    put_aside: usize,
) {
    let lag_ms = oldest_due.map_or(0, |due_at| (now.0 - due_at.0).max(0));
    let label = Channelled { channel };
    metrics.outbox_lag_seconds.get_or_create(&label).set(lag_ms / 1000);
    metrics.outbox_retries.get_or_create(&label).set(put_aside as i64);
    // So that it is there, and 0, before the first failure.
    metrics.outbox_failures.get_or_create(&label).inc_by(0);
}
