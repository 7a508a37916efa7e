mod files;

use anyhow::{Context, Result, bail};
use clap::Args;
use edge_protocol::{Role, rfc3339};
use reqwest::Method;
use serde_json::{Value, json};

use self::files::Files;
use crate::cli::admin_client::AdminClient;
use crate::clock::Clock;
use crate::statement::shown;

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
    references(&client.call(Method::GET, "/admin/references", None).await?)?;
    println!("{read} links read since {since}, {different} differences, {unread} not read");
    if unread > 0 {
        bail!("some links could not be read: run it again");
    }
    Ok(())
}

/// One bank's reference for two payments is one transfer told twice, or two that a person should tell apart.
fn references(found: &Value) -> Result<()> {
    let found = found.as_array().context("the origin's answer is not a list")?;
    if found.is_empty() {
        println!("no reference is known more than once");
    }
    for payments in found.iter().filter_map(Value::as_array) {
        let reference = payments.first().map_or("", |payment| payment["reference"].as_str().unwrap_or_default());
        let each: Vec<String> = payments.iter().map(payment).collect();
        println!("known more than once: {}: {}", shown(reference), each.join("; "));
    }
    Ok(())
}

/// Such as "300000 VND of 2026-10-31 without an order, payment 5, unmatched".
fn payment(known: &Value) -> String {
    let when = if known["day_is_recorded"] == true { "recorded on" } else { "of" };
    let whose = match known["order_code"].as_u64() {
        None | Some(0) => "without an order".to_owned(),
        Some(order) => format!("for order {order}"),
    };
    let text = |field: &str| known[field].as_str().unwrap_or_default();
    let (amount, day, stands) = (&known["amount"], text("day"), text("stands"));
    format!("{amount} VND {when} {day} {whose}, payment {}, {stands}", known["payment"])
}
