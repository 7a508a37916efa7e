//! Effects owed to the outside. The ledger itself is the queue: a channel reads it from its cursor, carries each effect
//! out, and reports to the writer how far it has come. Every effect is safe to repeat, because after a crash some are.

mod channel;
mod effect;
mod make_link;
mod read_link;

use std::sync::Arc;

use domain::Millis;

pub(crate) use channel::run;
pub(crate) use effect::{LINK_CHECKS, PAYMENT_LINKS};
pub(crate) use read_link::LinkDifference;

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
    /// Done for now; owed again at this time.
    At(Millis),
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
