//! What a part of the origin asks and measures with: the writer for changes, the reader for what is stored.

use std::sync::Arc;

use crate::clock::Clock;
use crate::delivery::Retried;
use crate::metrics::Metrics;
use crate::reader::Reader;
use crate::writer::Writer;

/// Cheap to clone. Each part holds its own.
#[derive(Clone)]
pub(crate) struct Ports {
    pub writer: Writer,
    pub reader: Reader,
    pub clock: Clock,
    pub metrics: Arc<Metrics>,
    pub retried: Arc<Retried>,
}
