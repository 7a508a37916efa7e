mod import;
mod memo;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Subcommand;
use edge_protocol::Role;
use reqwest::Method;
use serde_json::{Value, json};

use self::memo::checked;
use crate::cli::admin_client::AdminClient;

#[derive(Subcommand)]
pub(super) enum RefundCommand {
    /// List refunds that are due or under way, oldest first.
    List,
    /// Put every due refund that has a destination on a new list, and print the list as CSV for the bank.
    Export {
        /// Print this list again, byte for byte, instead of making a new one.
        #[arg(long)]
        batch: Option<u64>,
    },
    /// Have PayOS pay out what may be paid out now. The origin does so by itself every few seconds; naming a refund also
    /// tries an account again to which a payout failed.
    Pay {
        /// This refund alone, by its memo, RF…
        id: Option<String>,
        /// Say what would be paid out and what not, and do nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Approve that a large refund is paid out to the account that is known now. It needs two operators.
    Approve {
        /// The refund's memo, RF…
        id: String,
    },
    /// Record by hand that a refund was sent: of a payout in doubt, after looking at PayOS or at the bank.
    Sent {
        /// The refund's memo, RF…
        id: String,
        #[arg(long)]
        bank_reference: String,
    },
    /// Give the name of an account of which only the bank and the number are known.
    Name {
        /// The refund's memo, RF…
        id: String,
        #[arg(long)]
        account_name: String,
    },
    /// Record refunds that the bank sent, from a CSV file with the columns `memo` and `bank_reference`. Amounts and account
    /// numbers in the file must equal those of the list.
    Import { file: PathBuf },
    /// Record that the bank's statement shows the transfer.
    Confirm {
        /// The refund's memo, RF…
        id: String,
    },
    /// Record that the transfer failed or came back. The refund is due again.
    Fail {
        /// The refund's memo, RF…
        id: String,
        #[arg(long)]
        reason: String,
    },
}

pub(super) async fn run(command: RefundCommand) -> Result<()> {
    let client = AdminClient::from_env(Role::Money)?;
    match command {
        RefundCommand::List => list(&client.call(Method::GET, "/admin/refunds", None).await?),
        RefundCommand::Export { batch } => export(&client, batch).await,
        RefundCommand::Name { id, account_name } => {
            let body = json!({ "account_name": account_name });
            let path = format!("/admin/refunds/{}/name", checked(&id)?);
            let answer = client.call(Method::POST, &path, Some(body)).await?;
            println!("{id} goes to this name, from {} on", answer["usable_at"].as_str().unwrap_or_default());
            Ok(())
        }
        RefundCommand::Pay { id, dry_run } => {
            let id = id.as_deref().map(checked).transpose()?;
            let body = json!({ "id": id, "dry_run": dry_run });
            planned(&client.call(Method::POST, "/admin/refunds/pay", Some(body)).await?)
        }
        RefundCommand::Approve { id } => {
            let answer = client.call(Method::POST, &format!("/admin/refunds/{}/approve", checked(&id)?), None).await?;
            println!("{id} is approved by {}", answer["approved_by"]);
            Ok(())
        }
        RefundCommand::Sent { id, bank_reference } => {
            let body = json!({ "bank_reference": bank_reference });
            let answer =
                client.call(Method::POST, &format!("/admin/refunds/{}/sent", checked(&id)?), Some(body)).await?;
            println!("{} {id}", if answer["outcome"] == "known_already" { "known already" } else { "sent" });
            Ok(())
        }
        RefundCommand::Import { file } => import::import(&client, &file).await,
        RefundCommand::Confirm { id } => {
            client.call(Method::POST, &format!("/admin/refunds/{}/confirm", checked(&id)?), None).await?;
            println!("confirmed {id}");
            Ok(())
        }
        RefundCommand::Fail { id, reason } => {
            let body = json!({ "reason": reason });
            client.call(Method::POST, &format!("/admin/refunds/{}/fail", checked(&id)?), Some(body)).await?;
            println!("{id} is due again");
            Ok(())
        }
    }
}

fn planned(plan: &Value) -> Result<()> {
    let refunds = plan["refunds"].as_array().context("the origin's answer is not a plan")?;
    if let Some(balance) = plan["balance"].as_i64() {
        println!("the payout account holds {balance} VND");
    }
    if refunds.is_empty() {
        println!("no refund is due whose account is known");
    }
    for refund in refunds {
        let text = |field: &str| refund[field].as_str().unwrap_or("-").to_owned();
        println!("{:<14} {:>14}  {:<16} {}", text("id"), refund["amount"].to_string(), text("verdict"), text("detail"));
    }
    Ok(())
}

fn list(refunds: &Value) -> Result<()> {
    let refunds = refunds.as_array().context("the origin's answer is not a list")?;
    println!("{:<14} {:>14}  {:<8} {:>6}  {:<26} destination", "refund", "VND", "state", "list", "due since");
    for refund in refunds {
        let text = |field: &str| refund[field].as_str().unwrap_or("-").to_owned();
        println!(
            "{:<14} {:>14}  {:<8} {:>6}  {:<26} {}",
            text("id"),
            refund["amount"].to_string(),
            text("state"),
            refund["batch"].as_u64().map_or_else(|| "-".to_owned(), |batch| batch.to_string()),
            text("due_at"),
            destination(refund),
        );
    }
    Ok(())
}

fn destination(refund: &Value) -> &str {
    if let Some(doubt) = refund["doubt"].as_str() {
        return doubt;
    }
    match (&refund["destination_usable_at"], &refund["account_name_missing"]) {
        (Value::Null, _) => "a person must say where it goes: none yet",
        (_, Value::Bool(true)) => "bank and number are known, the name is missing",
        _ => "given",
    }
}

async fn export(client: &AdminClient, batch: Option<u64>) -> Result<()> {
    let batch = match batch {
        Some(batch) => batch,
        None => match client.call(Method::POST, "/admin/refunds/export", None).await?["batch"].as_u64() {
            Some(batch) => batch,
            None => {
                eprintln!("no due refund has a destination that may be used now");
                return Ok(());
            }
        },
    };
    let list = client.text(&format!("/admin/refunds/batches/{batch}")).await?;
    eprintln!("list {batch}");
    print!("{list}");
    Ok(())
}
