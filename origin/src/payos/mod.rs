//! PayOS as the sale uses it: payment links are created, read and closed here, and its reports become payments. Every
//! call is safe to repeat.

mod create;
mod read;
mod report;

pub(crate) use read::LinkDifference;
pub(crate) use report::DescriptionSalt;

use crate::ports::Ports;

/// What came of making a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkMaking {
    /// Done, or not owed any more.
    Done,
    /// To be tried again, not before this long if PayOS said so.
    Later { after_ms: Option<i64> },
}

/// Asks PayOS, and the writer to record what PayOS says.
pub(crate) struct PaymentLinks {
    pub ports: Ports,
    pub client: payos::Client,
    pub description_salt: DescriptionSalt,
    /// Where PayOS sends shoppers back to.
    pub public_url: String,
}
