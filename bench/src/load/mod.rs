//! The load generator: one thread with kept-alive connections. `closed` sends as fast as responses come, `open` at given
//! times.

pub(crate) mod closed;
pub(crate) mod connections;
pub(crate) mod measured;
pub(crate) mod open;
pub(crate) mod request;
mod response;
