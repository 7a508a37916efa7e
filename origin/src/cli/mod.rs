//! The command line of `dropgate`.

mod admin_client;
mod audit;
mod clock;
mod delivery;
mod doctor;
mod drop;
mod file;
mod history;
mod keys;
mod mail;
mod order;
mod payment;
mod payouts;
mod query;
mod reconcile;
mod refund;
mod run;
mod terminal;
mod token;
mod verify;
mod views;
mod webhook;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Sells limited drops: each unit once, with every accepted order on disk and every đồng accounted for.
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
    /// Look at this machine, PayOS, the mail server and all that the settings name, and say what is not ready for a drop.
    /// Changes nothing.
    Doctor,
    /// Create, list, pause, resume and kill drops on a running origin.
    #[command(subcommand)]
    Drop(drop::DropCommand),
    /// Show the time of the sale, and accept a wall clock that was set.
    #[command(subcommand)]
    Clock(clock::ClockCommand),
    /// Issue and revoke tokens of operators.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Find, show and cancel orders on a running origin.
    #[command(subcommand)]
    Order(order::OrderCommand),
    /// Enter payments that PayOS never reported, and decide about unmatched ones.
    #[command(subcommand)]
    Payment(payment::PaymentCommand),
    /// Send refunds: list those that are due, export them for the bank, import the bank's references.
    #[command(subcommand)]
    Refund(refund::RefundCommand),
    /// Look at payouts of refunds through PayOS, pause them and let them go on.
    #[command(subcommand)]
    Payouts(payouts::PayoutsCommand),
    /// Look at the mails to buyers, try the mail server, and see which addresses it refused.
    #[command(subcommand)]
    Mail(mail::MailCommand),
    /// Tell the merchant's own systems of orders, refunds and drops.
    #[command(subcommand)]
    Webhook(webhook::WebhookCommand),
    /// Show what could not be delivered yet, and try again what was given up.
    #[command(subcommand)]
    Delivery(delivery::DeliveryCommand),
    /// Show what operators did, the newest first.
    Audit(audit::Audit),
    /// Sum up and list the orders of years, regions and drops.
    #[command(subcommand)]
    History(history::HistoryCommand),
    /// Show how far searches see, and make their database anew.
    #[command(subcommand)]
    Views(views::ViewsCommand),
    /// Read payment links at PayOS again, record missing payments, and print every difference. With --csv, compare the
    /// ledger with an export of a bank or of PayOS instead.
    Reconcile(reconcile::Reconcile),
    /// Check that the stored state equals the replayed ledger, and that the ledger was not changed.
    Verify {
        /// A head of the chain that was kept elsewhere. It shows whether the ledger was cut or rewritten.
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
            eprintln!("dropgate: {}", terminal::printable(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

impl Cli {
    fn run(self) -> Result<()> {
        match self.command {
            Command::Serve => run::serve(),
            Command::Keys => keys::print(),
            Command::Doctor => run::blocking(doctor::run()),
            Command::Drop(command) => run::blocking(drop::run(command)),
            Command::Clock(command) => run::blocking(clock::run(command)),
            Command::Token(command) => run::blocking(token::run(command)),
            Command::Order(command) => run::blocking(order::run(command)),
            Command::Payment(command) => run::blocking(payment::run(command)),
            Command::Refund(command) => run::blocking(refund::run(command)),
            Command::Payouts(command) => run::blocking(payouts::run(command)),
            Command::Mail(command) => run::blocking(mail::run(command)),
            Command::Webhook(command) => run::blocking(webhook::run(command)),
            Command::Delivery(command) => run::blocking(delivery::run(command)),
            Command::Audit(command) => run::blocking(audit::run(command)),
            Command::History(command) => history::start(command),
            Command::Views(command) => run::blocking(views::run(command)),
            Command::Reconcile(command) => run::blocking(reconcile::run(command)),
            Command::Verify { head, data } => verify::run(head, data),
        }
    }
}
