use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use edge_protocol::{Role, rfc3339, vietnam_time};
use reqwest::Method;
use serde_json::{Value, json};

use super::admin_client::AdminClient;
use super::query::{encoded, query};

#[derive(Subcommand)]
pub(super) enum OrderCommand {
    /// Find orders by anything that is known of them, the newest first. What is given must all fit.
    Find(Box<Find>),
    /// Show one order with its payments and refunds, as JSON.
    Show {
        /// The order's number, its nine characters, or a memo with them.
        order: String,
    },
    /// Show what happened to an order, from the ledger, in Vietnam's time.
    Timeline { order: String },
    /// Cancel a pending or paid order. Its payments become refunds that are due.
    Cancel {
        /// The order's number, as `order_code` gives it.
        order_code: u64,
        /// Do not put the units of a paid order on sale again.
        #[arg(long)]
        no_restock: bool,
    },
}

#[derive(Args)]
pub(super) struct Find {
    /// The order's number, its nine characters, or a memo with them.
    #[arg(long)]
    code: Option<String>,
    /// In any spelling.
    #[arg(long)]
    phone: Option<String>,
    #[arg(long)]
    email: Option<String>,
    /// Beginnings of words of the name, with or without diacritics.
    #[arg(long)]
    name: Option<String>,
    /// Its number or its slug.
    #[arg(long)]
    drop: Option<String>,
    /// Its number or its name.
    #[arg(long)]
    product: Option<String>,
    /// pending, paid, expired or cancelled.
    #[arg(long)]
    state: Option<String>,
    /// N01, C01, S01 or INTL.
    #[arg(long)]
    region: Option<String>,
    /// In đồng.
    #[arg(long)]
    amount: Option<i64>,
    #[arg(long)]
    amount_min: Option<i64>,
    #[arg(long)]
    amount_max: Option<i64>,
    /// A day in Vietnam, such as 2026-11-21, or a time.
    #[arg(long)]
    from: Option<String>,
    /// The last day in Vietnam, or the time at which it ends.
    #[arg(long)]
    to: Option<String>,
    #[command(flatten)]
    page: Page,
}

#[derive(Args)]
pub(super) struct Page {
    /// The next page: the number that the page before ended with.
    #[arg(long)]
    before: Option<String>,
    /// Orders of a page, at most 100.
    #[arg(long)]
    limit: Option<u32>,
    /// Print the origin's answer as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: OrderCommand) -> Result<()> {
    match command {
        OrderCommand::Find(find) => {
            let Find { code, phone, email, name, drop, product, state, region, amount, .. } = *find;
            let amounts = [amount, find.amount_min, find.amount_max].map(|amount| amount.map(|vnd| vnd.to_string()));
            let [amount, amount_min, amount_max] = amounts;
            let fields = vec![
                ("code", code),
                ("phone", phone),
                ("email", email),
                ("name", name),
                ("drop", drop),
                ("product", product),
                ("state", state),
                ("region", region),
                ("amount", amount),
                ("amount_min", amount_min),
                ("amount_max", amount_max),
                ("from", find.from),
                ("to", find.to),
            ];
            print_page(fields, find.page).await
        }
        OrderCommand::Show { order } => {
            let client = AdminClient::from_env(Role::Operate)?;
            let shown = client.call(Method::GET, &format!("/admin/orders/{}", encoded(&order)), None).await?;
            println!("{}", serde_json::to_string_pretty(&shown)?);
            Ok(())
        }
        OrderCommand::Timeline { order } => timeline(&order).await,
        OrderCommand::Cancel { order_code, no_restock } => {
            let client = AdminClient::from_env(Role::Money)?;
            let body = json!({ "restock": !no_restock });
            client.call(Method::POST, &format!("/admin/orders/{order_code}/cancel"), Some(body)).await?;
            println!("cancelled {order_code}");
            Ok(())
        }
    }
}

pub(super) async fn print_page(mut fields: Vec<(&str, Option<String>)>, page: Page) -> Result<()> {
    fields.extend([("before", page.before), ("limit", page.limit.map(|limit| limit.to_string()))]);
    let client = AdminClient::from_env(Role::Operate)?;
    let path = format!("/admin/orders{}", query(fields));
    let answer = client.call(Method::GET, &path, None).await?;
    if page.json {
        println!("{}", serde_json::to_string_pretty(&answer)?);
        return Ok(());
    }
    let orders = answer["orders"].as_array().context("the origin's answer has no orders")?;
    println!(
        "{:>16} {:<9} {:<9} {:>3} {:>14} {:<6} {:<16} {:<20} {:<24} phone",
        "order", "short", "state", "qty", "VND", "region", "ordered", "drop", "name"
    );
    orders.iter().for_each(line);
    let total = &answer["total"];
    if let Some(count) = total["count"].as_u64() {
        println!("{}", total_words(count, total["or_more"] == true));
    }
    if let Some(next) = answer["next"].as_u64() {
        println!("more: --before {next}");
    }
    warn_behind(&answer);
    Ok(())
}

fn total_words(count: u64, or_more: bool) -> String {
    let digits = count.to_string();
    let grouped = if count < 1_000 { digits } else { format!("{},{:03}", count / 1_000, count % 1_000) };
    format!("{grouped}{} in all", if or_more { "+" } else { "" })
}

/// Searches may lag behind the sale.
pub(super) fn warn_behind(answer: &Value) {
    // What is on its way within the second is no news.
    const NOTABLE_ROWS: i64 = 1_000;
    if let Some(rows) = answer["behind_rows"].as_i64().filter(|rows| *rows >= NOTABLE_ROWS) {
        eprintln!("the newest {rows} rows of the ledger are not in this yet: see `dropgate views show`");
    }
}

fn line(order: &Value) {
    let text = |field: &str| order[field].as_str().unwrap_or_default();
    let buyer = |field: &str| order["buyer"][field].as_str().unwrap_or("-");
    println!(
        "{:>16} {:<9} {:<9} {:>3} {:>14} {:<6} {:<16} {:<20} {:<24} {}",
        order["order_code"].to_string(),
        text("short_code"),
        text("state"),
        order["quantity"].to_string(),
        order["amount"].to_string(),
        text("region"),
        in_vietnam(text("ordered_at")),
        text("slug"),
        buyer("name"),
        buyer("phone"),
    );
}

pub(super) fn in_vietnam(text: &str) -> String {
    rfc3339::parse(text).map_or_else(|_| text.to_owned(), vietnam_time::format)
}

async fn timeline(order: &str) -> Result<()> {
    let client = AdminClient::from_env(Role::View)?;
    let mut after = None;
    loop {
        let fields = query([("after", after.map(|seq: i64| seq.to_string()))]);
        let path = format!("/admin/orders/{}/timeline{fields}", encoded(order));
        let answer = client.call(Method::GET, &path, None).await?;
        answer["rows"].as_array().context("the origin's answer has no rows")?.iter().for_each(row_line);
        after = answer["next"].as_i64();
        if after.is_none() {
            warn_behind(&answer);
            return Ok(());
        }
    }
}

pub(super) fn row_line(row: &Value) {
    let text = |field: &str| row[field].as_str().unwrap_or_default();
    let operator = Some(text("operator")).filter(|name| !name.is_empty());
    let operator = operator.map_or_else(String::new, |name| format!(" ({name})"));
    println!("{:>9}  {}  {}{operator}", row["seq"].to_string(), in_vietnam(text("at")), text("text"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_is_grouped_and_says_when_there_may_be_more() {
        for (count, or_more, words) in [
            (0, false, "0 in all"),
            (999, false, "999 in all"),
            (1_000, false, "1,000 in all"),
            (10_000, true, "10,000+ in all"),
        ] {
            assert_eq!(total_words(count, or_more), words);
        }
    }
}
