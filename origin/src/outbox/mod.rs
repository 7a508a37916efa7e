//! Effects owed to the outside. The ledger itself is the queue: a channel reads it from its cursor, carries each effect
//! out, and reports to the writer how far it has come. Every effect is safe to repeat, because after a crash some are.

mod channel;
mod close_link;
mod make_link;

use std::sync::Arc;

pub(crate) use channel::run;

use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::payments::DescriptionSalt;
use crate::reader::Reader;
use crate::writer::Writer;

/// What came of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// Done, or not owed any more.
    Done,
    /// To be tried again, not before this long if the other side said so.
    Later { after_ms: Option<i64> },
}

/// Makes and closes payment links at PayOS.
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
