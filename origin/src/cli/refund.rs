use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use edge_protocol::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::admin_client::AdminClient;

#[derive(Subcommand)]
pub(super) enum RefundCommand {
    /// Show refunds that are due or under way, oldest first.
    List,
    /// Put every due refund that has a destination on one list, and print it as CSV for the bank.
    Export {
        /// Print this list again instead: the same bytes.
        #[arg(long)]
        batch: Option<u64>,
    },
    /// Record what the bank sent, from a CSV file with `memo` and `bank_reference` columns.
    Import { file: PathBuf },
    /// Record that the bank statement shows the transfer.
    Confirm {
        /// The refund's memo, RF…
        id: String,
    },
    /// Record that the transfer did not go out or came back: the refund is due again.
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
        RefundCommand::Import { file } => import(&client, file).await,
        RefundCommand::Confirm { id } => {
            client.call(Method::POST, &format!("/admin/refunds/{}/confirm", checked(&id)?), None).await?;
            println!("confirmed {id}");
            Ok(())
        }
        RefundCommand::Fail { id, reason } => {
            let body = json!({ "reason": reason });
            client.call(Method::POST, &format!("/admin/refunds/{}/fail", checked(&id)?), Some(body)).await?;
            println!("due again {id}");
            Ok(())
        }
    }
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
            refund["destination_usable_at"].as_str().map_or("none yet", |_| "given"),
        );
    }
    Ok(())
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

/// Says what became of every line, and goes on after one that is refused.
async fn import(client: &AdminClient, file: PathBuf) -> Result<()> {
    let mut csv = csv::Reader::from_path(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let headers = csv.headers().context("the file has no header line")?.clone();
    let column = |name: &str| {
        headers.iter().position(|header| header.trim() == name).with_context(|| format!("there is no column {name}"))
    };
    let (memo, reference) = (column("memo")?, column("bank_reference")?);
    let mut refused = 0;
    for (number, line) in csv.records().enumerate() {
        let line = line.with_context(|| format!("line {} cannot be read", number + 2))?;
        let id = line.get(memo).unwrap_or_default().trim();
        let body = json!({ "bank_reference": line.get(reference).unwrap_or_default().trim() });
        let sent = match checked(id) {
            Ok(id) => client.call(Method::POST, &format!("/admin/refunds/{id}/sent"), Some(body)).await,
            Err(error) => Err(error),
        };
        match sent {
            Ok(_) => println!("sent {id}"),
            Err(error) => {
                refused += 1;
                println!("line {}: {id}: {error:#}", number + 2);
            }
        }
    }
    if refused > 0 {
        bail!("{refused} lines were refused; the others are recorded");
    }
    Ok(())
}

/// A memo goes into an address: nothing else may.
fn checked(id: &str) -> Result<&str> {
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        bail!("a refund is named like RF0KW5R8Q2M1");
    }
    Ok(id)
}
