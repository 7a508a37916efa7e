//! How a call can end other than well, cut by what the caller may do next.

use std::time::Duration;

/// Only [`Error::Unknown`] leaves it open whether PayOS acted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The call was not sent, because its arguments cannot be right.
    #[error("not sent: {0}")]
    NotSent(&'static str),
    /// PayOS understood and declined; it usually does so with HTTP status 200.
    #[error("PayOS refused with code {code}: {desc}")]
    Refused { code: String, desc: String },
    /// The client id or API key is missing, wrong or blocked, or the payout channel does not list the caller's IP
    /// address. Nothing was done.
    #[error("PayOS does not accept the keys: {desc}")]
    Unauthorized { desc: String },
    /// Too many calls; nothing was done. PayOS publishes no limits. For a payout it is [`Error::Unknown`] instead.
    #[error("PayOS is limiting the rate of calls")]
    RateLimited { retry_after: Option<Duration> },
    /// Whether the call took effect is not known. Neither success nor failure may be assumed: ask with
    /// [`Client::get_link`](crate::Client::get_link), or for a payout with
    /// [`payouts::Client::find`](crate::payouts::Client::find), before anything else.
    #[error("the outcome of the call is not known")]
    Unknown(#[source] UnknownCause),
}

impl Error {
    /// The order code has been used before; also the answer to a creation repeated after
    /// [`Error::Unknown`].
    pub fn is_duplicate_order(&self) -> bool {
        self.has_code("231")
    }

    /// PayOS knows no such link. Refusals are not signed.
    pub fn is_not_found(&self) -> bool {
        self.has_code("101")
    }

    fn has_code(&self, wanted: &str) -> bool {
        matches!(self, Error::Refused { code, .. } if code == wanted)
    }
}

/// Why an outcome is unknown. For logs: no caller should act differently on it.
#[derive(Debug, thiserror::Error)]
pub enum UnknownCause {
    /// No connection, a lost one, or no reply in time.
    #[error("no complete reply")]
    Transport(#[source] reqwest::Error),
    #[error("HTTP status {0}")]
    Status(u16),
    #[error("unreadable reply: {0}")]
    UnreadableReply(String),
    #[error("the signature of the reply is missing or wrong")]
    BadSignature,
    /// An answer about a payout that does not say that nothing happened, or not of an earlier post of it.
    #[error("PayOS answered with code {code}: {desc}")]
    NotDecisive { code: String, desc: String },
}

impl From<reqwest::Error> for Error {
    fn from(error: reqwest::Error) -> Self {
        Error::Unknown(UnknownCause::Transport(error.without_url()))
    }
}

impl From<UnknownCause> for Error {
    fn from(cause: UnknownCause) -> Self {
        Error::Unknown(cause)
    }
}
