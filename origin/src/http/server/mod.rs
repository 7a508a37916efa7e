//! How the origin is reached: its listeners, their connections, and what the machine asks about.

mod connection;
pub(super) mod health;
pub(super) mod listener;
pub(super) mod metrics;
