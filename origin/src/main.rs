use std::process::ExitCode;

use clap::Parser;
use origin::cli::Cli;

/// Purchases allocate small buffers on two threads; with the system's allocator a tenth of the throughput is lost.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dropgate: {error:#}");
            ExitCode::FAILURE
        }
    }
}
