//! What the writer measures of its own work.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

#[derive(Clone)]
pub(crate) struct WriterMetrics {
    pub(super) batch_size: Histogram,
    pub(super) commit_seconds: Histogram,
    pub(super) clock_steps: Counter,
    pub(super) clock_step_seconds: Gauge,
}

impl WriterMetrics {
    pub(super) fn new() -> Self {
        Self {
            batch_size: Histogram::new([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0]),
            commit_seconds: Histogram::new([0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 1.0]),
            clock_steps: Counter::default(),
            clock_step_seconds: Gauge::default(),
        }
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register("batch_size", "Commands decided together", self.batch_size.clone());
        let help = "Time to write and sync one batch";
        registry.register_with_unit("commit", help, Unit::Seconds, self.commit_seconds.clone());
        registry.register("clock_steps", "Jumps of the wall clock over five seconds", self.clock_steps.clone());
        let help = "How far the wall clock is ahead of the sale, which does not follow it; 0 when it does";
        registry.register("clock_step_seconds", help, self.clock_step_seconds.clone());
    }
}
