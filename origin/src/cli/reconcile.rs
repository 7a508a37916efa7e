use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use domain::Timestamp;
use edge_protocol::{Role, rfc3339};
use reqwest::Method;
use serde_json::{Value, json};

use super::admin_client::AdminClient;
use crate::clock::Clock;
use crate::config;
use crate::statement::{self, Difference};
use crate::store::ReadStore;

/// Without `--since`: transfers between banks are late by a day at most, and two are asked about.
const SINCE_HOURS: i64 = 48;

#[derive(Args)]
pub(super) struct Reconcile {
    /// Orders placed since, such as 2026-11-21T20:00:00+07:00; two days ago by default. With --csv, payments since.
    #[arg(long)]
    since: Option<String>,
    /// Compare the ledger with a bank's or PayOS's export instead. Reads DROPGATE_DATA, changes nothing.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// The column of the file that holds the bank's reference.
    #[arg(long, default_value = "reference", requires = "csv")]
    reference_column: String,
    /// The column of the file that holds the amount.
    #[arg(long, default_value = "amount", requires = "csv")]
    amount_column: String,
    /// Payments until, with --csv; now by default.
    #[arg(long, requires = "csv")]
    until: Option<String>,
}

pub(super) async fn run(command: Reconcile) -> Result<()> {
    match &command.csv {
        Some(file) => compare_file(file, &command),
        None => ask_payos(command.since).await,
    }
}

fn compare_file(file: &Path, command: &Reconcile) -> Result<()> {
    let now = Clock::system().now();
    let since = command.since.as_deref().map_or(Ok(now.plus_ms(-SINCE_HOURS * 3_600_000)), moment)?;
    let until = command.until.as_deref().map_or(Ok(now), moment)?;
    let opened = File::open(file).with_context(|| format!("cannot open {}", file.display()))?;
    let lines = statement::read(opened, &command.reference_column, &command.amount_column)?;
    let known = ReadStore::open(&config::data_folder()?)?.known_transfers(since, until)?;
    let differences = statement::compare(&lines, &known);
    for difference in &differences {
        let kind = difference.kind();
        match difference {
            Difference::NotInLedger(line) | Difference::TwiceInFile(line) => {
                println!("{kind}: line {}, {} of {} VND", line.number, line.reference, line.amount);
            }
            Difference::AmountDiffers { line, ledger } => println!(
                "{kind}: line {}, {} of {} VND, in the ledger {} VND for order {}",
                line.number, line.reference, line.amount, ledger.amount, ledger.order
            ),
            Difference::NotInFile(ledger) => {
                println!("{kind}: {} of {} VND for order {}", ledger.reference, ledger.amount, ledger.order);
            }
        }
    }
    println!("{} lines and {} payments compared, {} differences", lines.len(), known.len(), differences.len());
    if !differences.is_empty() {
        bail!("the file and the ledger differ");
    }
    Ok(())
}

fn moment(text: &str) -> Result<Timestamp> {
    Ok(rfc3339::parse(text)?)
}

async fn ask_payos(since: Option<String>) -> Result<()> {
    let since = match since {
        Some(since) => since,
        None => rfc3339::format(Clock::system().now().plus_ms(-SINCE_HOURS * 3_600_000)),
    };
    let client = AdminClient::from_env(Role::Operate)?;
    let mut after = Value::Null;
    let (mut read, mut different, mut unread) = (0, 0, 0);
    loop {
        let body = json!({ "since": since, "after": after });
        let page = client.call(Method::POST, "/admin/reconcile", Some(body)).await?;
        for difference in page["differences"].as_array().context("the origin's answer has no differences")? {
            different += 1;
            println!(
                "{}  {}  {}: {}",
                difference["order_code"],
                difference["short_code"].as_str().unwrap_or_default(),
                difference["kind"].as_str().unwrap_or_default(),
                difference["detail"].as_str().unwrap_or_default(),
            );
        }
        for order in page["unread"].as_array().into_iter().flatten() {
            unread += 1;
            println!("{order}  not read: PayOS gave no answer to go by");
        }
        read += page["read"].as_u64().unwrap_or_default();
        after = page["next"].clone();
        if after.is_null() {
            break;
        }
    }
    println!("{read} links read since {since}, {different} differences, {unread} not read");
    if unread > 0 {
        bail!("some links could not be read: run it again");
    }
    Ok(())
}
