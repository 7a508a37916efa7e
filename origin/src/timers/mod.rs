//! What happens because time passes.

mod holds;

pub(crate) use holds::HoldTimer;
