//! Measures the origin and a bare axum server in alternation on the same machine: on a shared machine a ratio says more
//! than an absolute figure.

mod bare;
mod clock;
mod destinations;
mod edge;
mod load;
mod machine;
mod payos_stand_in;
mod payouts_stand_in;
mod process;
mod progress;
mod report;
mod results;
mod scenario;
mod servers;
mod statistics;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use tokio::runtime::{Builder, Runtime};

use crate::scenario::{
    burst, channels, mails, memory, mixed, overload, purchase, search, soak, soldout, status, stored,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Starts the release binary of the origin on a fresh database, loads it over HTTP and verifies its ledger afterwards.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// GET of the published snapshot against GET of the same bytes from a bare axum server.
    Status(status::Options),
    /// Durable purchases, a fresh token and a random phone each, against POST of the same bytes, echoed.
    Purchase(purchase::Options),
    /// Purchases of a drop that is sold out, while a shopper who lost the response repeats a purchase.
    Soldout(soldout::Options),
    /// Status and purchases at the rates of a sale, open loop.
    Mixed(mixed::Options),
    /// From no traffic to all of it within a second, open loop.
    Burst(burst::Options),
    /// Ten times the purchases that the origin can serve, open loop, with webhooks.
    Overload(overload::Options),
    /// The mixed traffic with payments for minutes: latency and memory must not grow.
    Soak(soak::Options),
    /// Resident memory and time of a start with a million orders, pending and paid.
    Memory(memory::Options),
    /// Purchases with millions of stored orders against an empty database.
    Stored(stored::Options),
    /// Purchases with every channel of the outbox on, and with all of them hanging, against the same with none.
    Channels(channels::Options),
    /// Owed mails against a mail server that takes 50 ms for each.
    Mails(mails::Options),
    /// Purchases beside a view that follows, and searches over many orders.
    Search(search::Options),
    /// The bare server, as the scenarios start it.
    #[command(hide = true)]
    Bare {
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long)]
        snapshot: String,
    },
    /// The PayOS stand-in, as the scenarios start it.
    #[command(hide = true)]
    PayosStandIn {
        #[arg(long)]
        listen: SocketAddr,
        /// What each call takes.
        #[arg(long)]
        delay_ms: u64,
    },
}

fn main() -> Result<()> {
    edge_protocol::install_crypto();
    match Cli::parse().command {
        Command::Status(options) => status::run(options),
        Command::Purchase(options) => purchase::run(options),
        Command::Soldout(options) => soldout::run(options),
        Command::Mixed(options) => mixed::run(options),
        Command::Burst(options) => burst::run(options),
        Command::Overload(options) => overload::run(options),
        Command::Soak(options) => soak::run(options),
        Command::Memory(options) => memory::run(options),
        Command::Stored(options) => stored::run(options),
        Command::Channels(options) => channels::run(options),
        Command::Mails(options) => mails::run(options),
        Command::Search(options) => search::run(options),
        Command::Bare { listen, snapshot } => runtime()?.block_on(bare::serve(listen, snapshot)),
        Command::PayosStandIn { listen, delay_ms } => {
            runtime()?.block_on(payos_stand_in::serve(listen, Duration::from_millis(delay_ms)))
        }
    }
}

/// The runtime as the origin makes it, without the thread of its writer.
fn runtime() -> Result<Runtime> {
    let cores = std::thread::available_parallelism()?.get();
    let mut builder = if cores <= 2 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    if cores > 2 {
        builder.worker_threads(cores - 1);
    }
    builder.enable_all().build().context("cannot start the runtime")
}
