use anyhow::{Context, Result};
use clap::Args;
use edge_protocol::Role;
use reqwest::Method;

use super::admin_client::AdminClient;
use super::order::{row_line, warn_behind};
use super::query::query;

#[derive(Args)]
pub(super) struct Audit {
    /// Of this operator alone.
    #[arg(long)]
    operator: Option<String>,
    /// The next page: the number that the page before ended with.
    #[arg(long)]
    before: Option<u64>,
    /// Rows of a page, at most 200.
    #[arg(long)]
    limit: Option<u32>,
    /// Print the origin's answer as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(audit: Audit) -> Result<()> {
    let client = AdminClient::from_env(Role::View)?;
    let fields = query([
        ("operator", audit.operator),
        ("before", audit.before.map(|seq| seq.to_string())),
        ("limit", audit.limit.map(|limit| limit.to_string())),
    ]);
    let answer = client.call(Method::GET, &format!("/admin/audit{fields}"), None).await?;
    if audit.json {
        println!("{}", serde_json::to_string_pretty(&answer)?);
        return Ok(());
    }
    for row in answer["rows"].as_array().context("the origin's answer has no rows")? {
        let order = row["order_code"].as_u64().map_or_else(String::new, |order| format!("order {order}: "));
        let drop = row["drop"].as_u64().filter(|_| order.is_empty());
        let drop = drop.map_or_else(String::new, |drop| format!("drop {drop}: "));
        let mut row = row.clone();
        row["text"] = format!("{order}{drop}{}", row["text"].as_str().unwrap_or_default()).into();
        row_line(&row);
    }
    if let Some(next) = answer["next"].as_i64() {
        println!("more: --before {next}");
    }
    warn_behind(&answer);
    Ok(())
}
