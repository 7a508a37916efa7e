//! Payment links: the provider as this system sees it. Making, closing, reading; each safe to repeat.

mod create;
mod read;
mod report;

use std::sync::Arc;

pub(crate) use read::LinkDifference;
pub(crate) use report::DescriptionSalt;

use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::reader::Reader;
use crate::writer::Writer;

/// What came of making a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkMaking {
    /// Done, or not owed any more.
    Done,
    /// To be tried again, not before this long if PayOS said so.
    Later { after_ms: Option<i64> },
}

/// Asks PayOS, and the writer to record what it says.
pub(crate) struct PaymentLinks {
    pub writer: Writer,
    pub reader: Reader,
    pub client: payos::Client,
    pub clock: Clock,
    pub metrics: Arc<Metrics>,
    pub description_salt: DescriptionSalt,
    /// Where PayOS sends shoppers back to.
    pub public_url: String,
}
