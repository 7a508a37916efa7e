//! The command line of `dropgate`.

mod admin_client;
mod drop;
mod file;
mod keys;
mod order;
mod payment;
mod reconcile;
mod refund;
mod run;
mod token;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Sells limited drops: each unit once, every accepted order on disk, every đồng accounted for.
#[derive(Parser)]
#[command(name = "dropgate", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the origin. Settings come from DROPGATE_… and PAYOS_… environment variables.
    Serve,
    /// Print a fresh set of keys as NAME=value lines, for the origin and the edge.
    Keys,
    /// Make, list, pause and resume drops on a running origin.
    #[command(subcommand)]
    Drop(drop::DropCommand),
    /// Issue and revoke operators' tokens.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// End orders on a running origin.
    #[command(subcommand)]
    Order(order::OrderCommand),
    /// Enter money PayOS never reported, and give money without a home one.
    #[command(subcommand)]
    Payment(payment::PaymentCommand),
    /// Send money back: list what is due, export transfers, import what the bank did.
    #[command(subcommand)]
    Refund(refund::RefundCommand),
    /// Ask PayOS about links again, record what the ledger did not have, and print what differed. With --csv, compare
    /// a bank's or PayOS's export.
    Reconcile(reconcile::Reconcile),
    /// Prove that the stored state is what the ledger says, and that the ledger was not changed.
    Verify {
        /// A place in the chain kept elsewhere, as SEQ:HASH: shows a cut or rewritten ledger.
        #[arg(long, value_name = "SEQ:HASH", value_parser = verify::parse_head)]
        head: Option<(i64, [u8; 32])>,
        /// The data folder; DROPGATE_DATA by default.
        #[arg(long)]
        data: Option<PathBuf>,
    },
}

/// The whole program.
pub fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dropgate: {error:#}");
            ExitCode::FAILURE
        }
    }
}

impl Cli {
    fn run(self) -> Result<()> {
        match self.command {
            Command::Serve => run::serve(),
            Command::Keys => keys::print(),
            Command::Drop(command) => run::blocking(drop::run(command)),
            Command::Token(command) => run::blocking(token::run(command)),
            Command::Order(command) => run::blocking(order::run(command)),
            Command::Payment(command) => run::blocking(payment::run(command)),
            Command::Refund(command) => run::blocking(refund::run(command)),
            Command::Reconcile(command) => run::blocking(reconcile::run(command)),
            Command::Verify { head, data } => verify::run(head, data),
        }
    }
}
