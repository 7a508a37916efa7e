//! What a run measured: how many responses of each kind and status came, and how long they took.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use hdrhistogram::Histogram;

use crate::load::connections::Response;
use crate::load::request::Kind;

/// Longer than any run waits for an response.
const LATENCY_MICROS_MAX: u64 = 60_000_000;
/// Three significant digits keep 4.98 ms apart from 4.99 ms.
const DIGITS: u8 = 3;

/// Latencies of the responses of one kind and status.
struct Tally {
    kind: Kind,
    status: u16,
    latencies: Histogram<u32>,
}

#[derive(Default)]
pub(crate) struct Tallies(Vec<Tally>);

pub(crate) struct Measured {
    pub(crate) started: Instant,
    pub(crate) elapsed: Duration,
    pub(crate) total: Tallies,
    /// The same, by the time at which a request was due. Empty in a closed loop.
    pub(crate) slices: Vec<Tallies>,
    /// Arrivals that found every connection full and were not sent.
    pub(crate) rejected: u64,
    /// 503s without a Retry-After.
    pub(crate) without_retry_after: u64,
}

impl Measured {
    /// Starts the clock of a run.
    pub(super) fn start() -> Self {
        Self {
            started: Instant::now(),
            elapsed: Duration::ZERO,
            total: Tallies::default(),
            slices: Vec::new(),
            rejected: 0,
            without_retry_after: 0,
        }
    }

    pub(super) fn record(&mut self, response: &Response<'_>, now: Instant) -> Result<()> {
        self.without_retry_after += u64::from(response.status == 503 && !response.retry_after);
        self.total.record(response.kind, response.status, now - response.due)
    }

    pub(crate) fn rate(&self) -> f64 {
        self.total.count() as f64 / self.elapsed.as_secs_f64()
    }

    pub(crate) fn rate_of(&self, kind: Kind, status: u16) -> f64 {
        self.total.count_of(kind, status) as f64 / self.elapsed.as_secs_f64()
    }

    /// Fails unless every response of `kind` has one of these statuses, and there is at least one.
    pub(crate) fn require(&self, kind: Kind, statuses: &[u16]) -> Result<()> {
        let seen = self.total.statuses(kind);
        let expected = !seen.is_empty() && seen.iter().all(|(status, _)| statuses.contains(status));
        ensure!(expected, "responses to {kind:?} by status (0: none): {seen:?}");
        Ok(())
    }
}

impl Tallies {
    pub(super) fn record(&mut self, kind: Kind, status: u16, latency: Duration) -> Result<()> {
        let micros = u64::try_from(latency.as_micros())?.clamp(1, LATENCY_MICROS_MAX);
        let found = self.0.iter().position(|tally| tally.kind == kind && tally.status == status);
        let index = match found {
            Some(index) => index,
            None => {
                let latencies = Histogram::new_with_max(LATENCY_MICROS_MAX, DIGITS)?;
                self.0.push(Tally { kind, status, latencies });
                self.0.len() - 1
            }
        };
        Ok(self.0[index].latencies.record(micros)?)
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.iter().map(|tally| tally.latencies.len()).sum()
    }

    pub(crate) fn count_of(&self, kind: Kind, status: u16) -> u64 {
        self.statuses(kind).iter().filter(|(seen, _)| *seen == status).map(|(_, count)| count).sum()
    }

    pub(crate) fn statuses(&self, kind: Kind) -> Vec<(u16, u64)> {
        let tallies = self.0.iter().filter(|tally| tally.kind == kind);
        tallies.map(|tally| (tally.status, tally.latencies.len())).collect()
    }

    /// Of all responses.
    pub(crate) fn quantile_ms(&self, quantile: f64) -> f64 {
        self.quantile_where(quantile, |_| true)
    }

    pub(crate) fn quantile_of_ms(&self, kind: Kind, status: u16, quantile: f64) -> f64 {
        self.quantile_where(quantile, |tally| tally.kind == kind && tally.status == status)
    }

    fn quantile_where(&self, quantile: f64, wanted: impl Fn(&Tally) -> bool) -> f64 {
        let mut all: Option<Histogram<u32>> = None;
        for tally in self.0.iter().filter(|tally| wanted(tally)) {
            match &mut all {
                // Both have the same bounds, so nothing can be out of range.
                Some(all) => drop(all.add(&tally.latencies)),
                None => all = Some(tally.latencies.clone()),
            }
        }
        all.map_or(0.0, |all| all.value_at_quantile(quantile) as f64 / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::connections::LOST;

    #[test]
    fn quantiles_are_of_the_responses_asked_about() {
        let mut tallies = Tallies::default();
        for millis in 1..=100 {
            tallies.record(Kind::Purchase, 201, Duration::from_millis(millis)).unwrap();
            tallies.record(Kind::Purchase, 503, Duration::from_millis(1)).unwrap();
        }
        assert!((tallies.quantile_of_ms(Kind::Purchase, 201, 0.99) - 99.0).abs() < 0.1);
        assert!((tallies.quantile_of_ms(Kind::Purchase, 503, 0.99) - 1.0).abs() < 0.01);
        assert!((tallies.quantile_ms(0.5) - 1.0).abs() < 0.01);
        assert_eq!(tallies.count(), 200);
    }

    #[test]
    fn one_response_of_another_status_fails_the_run() {
        let mut measured = Measured::start();
        assert!(measured.require(Kind::Purchase, &[201]).is_err(), "no response at all");
        measured.total.record(Kind::Purchase, 201, Duration::ZERO).unwrap();
        measured.require(Kind::Purchase, &[201]).unwrap();
        measured.total.record(Kind::Purchase, LOST, Duration::ZERO).unwrap();
        assert!(measured.require(Kind::Purchase, &[201]).is_err());
    }
}
