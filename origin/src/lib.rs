//! The origin: one writer, its readers, and everything that speaks to them.
//!
//! Imports point one way: `store` ← `writer` ← `payos`, `views` ← `http`, `outbox`, `timers`. Nothing imports `http` but `serve`.

pub mod cli;
pub mod clock;
pub mod config;
mod delivery;
mod doctor;
mod failpoint;
mod http;
mod mail;
mod metrics;
mod outbox;
mod payos;
mod ports;
mod reader;
mod refund_list;
pub mod serve;
mod sheets;
mod statement;
pub mod store;
pub mod telemetry;
#[cfg(test)]
mod tests;
mod timeline;
mod timers;
mod views;
mod webhooks;
mod writer;
