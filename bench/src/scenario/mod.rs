//! One file a scenario, and what they share: `common` (options), `orders` (buying, paying and counting), `rounds` (the origin
//! beside the baseline) and `traffic` (flows of an open loop).
//!
//! Each scenario ends by itself. It fails on a wrong response or when an acknowledged order is not stored. A figure that
//! misses its bar is reported and fails nothing, because the machine may be the cause.

pub(crate) mod burst;
pub(crate) mod channels;
mod common;
pub(crate) mod mails;
pub(crate) mod memory;
pub(crate) mod mixed;
mod orders;
pub(crate) mod overload;
pub(crate) mod purchase;
mod rounds;
pub(crate) mod search;
pub(crate) mod soak;
pub(crate) mod soldout;
pub(crate) mod status;
pub(crate) mod stored;
mod traffic;
