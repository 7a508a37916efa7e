mod files;

use anyhow::{Context, Result, bail};
use clap::Args;
use edge_protocol::{Role, rfc3339};
use reqwest::Method;
use serde_json::{Value, json};

use self::files::Files;
use crate::cli::admin_client::AdminClient;
use crate::clock::Clock;

/// The default of `--since`. Transfers between banks are at most a day late; the second day is spare.
const SINCE_HOURS: i64 = 48;

#[derive(Args)]
pub(super) struct Reconcile {
    /// Read links of orders placed since this time, such as 2026-11-21T20:00:00+07:00; two days ago by default. With
    /// --csv, compare payments since this time.
    #[arg(long)]
    since: Option<String>,
    #[command(flatten)]
    files: Files,
}

pub(super) async fn run(command: Reconcile) -> Result<()> {
    let Reconcile { since, files } = command;
    if files.is_empty() {
        return ask_payos(since).await;
    }
    let now = Clock::system().now();
    let since = since.as_deref().map_or(Ok(now.plus_ms(-SINCE_HOURS * 3_600_000)), rfc3339::parse)?;
    files.compare(since, now)
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
            println!("{order}  not read: PayOS gave no valid response");
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
