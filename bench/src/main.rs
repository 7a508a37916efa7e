//! Measures the origin beside a bare axum server, in alternation on the same machine, because absolute figures of a
//! shared machine say little and ratios say much.

mod load;
mod requests;
mod rival;
mod scenario;
mod system;

use std::net::SocketAddr;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// GET of the published snapshot against GET of the same bytes from a bare axum server.
    Status(scenario::Options),
    /// Durable purchases, a fresh token and a random phone each, against POST of the same bytes, echoed.
    Purchase(scenario::Options),
    /// The bare server, as the scenarios start it.
    #[command(hide = true)]
    Rival {
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long)]
        checksum_key: String,
    },
}

fn main() -> Result<()> {
    edge_protocol::install_crypto();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match Cli::parse().command {
            Command::Status(options) => scenario::status(options).await,
            Command::Purchase(options) => scenario::purchase(options).await,
            Command::Rival { listen, checksum_key } => rival::serve(listen, checksum_key).await,
        }
    })
}
