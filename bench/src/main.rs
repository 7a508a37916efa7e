//! Measures the origin beside a bare axum server, in alternation on the same machine, because absolute figures of a
//! shared machine say little and ratios say much.

mod bare;
mod load;
mod machine;
mod payos_player;
mod process;
mod report;
mod requests;
mod scenario;
mod stage;

use std::net::SocketAddr;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use tokio::runtime::{Builder, Runtime};

use crate::scenario::{burst, memory, mixed, overload, purchase, soak, soldout, status, stored};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Starts the release binary of the origin on fresh databases, loads it over HTTP and checks its ledger afterwards.
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
    /// Purchases refused because everything is taken, while a shopper who lost an answer asks again.
    Soldout(soldout::Options),
    /// Status and purchases at the rates of a sale, open loop.
    Mixed(mixed::Options),
    /// From nothing to full traffic in a second, open loop.
    Burst(burst::Options),
    /// Ten times the purchases that can be served, open loop, with webhooks among them.
    Overload(overload::Options),
    /// A sale's traffic with payments for minutes: does it get slower or larger?
    Soak(soak::Options),
    /// Resident memory and start with a million orders, pending and paid.
    Memory(memory::Options),
    /// Purchases with millions of orders stored against none.
    Stored(stored::Options),
    /// The bare server, as the scenarios start it.
    #[command(hide = true)]
    Bare {
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long)]
        snapshot: String,
    },
    /// PayOS, as the scenarios start it.
    #[command(hide = true)]
    Payos {
        #[arg(long)]
        listen: SocketAddr,
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
        Command::Bare { listen, snapshot } => runtime()?.block_on(bare::serve(listen, snapshot)),
        Command::Payos { listen } => runtime()?.block_on(payos_player::serve(listen)),
    }
}

/// As the origin makes it, whose writer has a thread of its own beside these.
fn runtime() -> Result<Runtime> {
    let cores = std::thread::available_parallelism()?.get();
    let mut builder = if cores <= 2 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    if cores > 2 {
        builder.worker_threads(cores - 1);
    }
    builder.enable_all().build().context("cannot start the runtime")
}
