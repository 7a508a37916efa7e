//! The generator: one thread, kept-alive connections, either as fast as answers come or at given times.

pub(crate) mod closed;
pub(crate) mod measured;
pub(crate) mod open;
mod response;
mod swarm;

pub(crate) use measured::Measured;
pub(crate) use swarm::Answer;

/// What a request asks for, so that each kind is counted by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Status,
    Purchase,
    /// The purchase of a shopper who lost the answer, with the same token.
    Replay,
    Webhook,
}
