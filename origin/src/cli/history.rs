use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use edge_protocol::Role;
use reqwest::Method;
use serde_json::Value;

use super::admin_client::AdminClient;
use super::order::{Page, print_page, warn_behind};
use super::query::query;
use super::{run, terminal};
use crate::config;
use crate::store;

/// Differences that are printed one by one.
const PRINTED_MAX: u64 = 1_000;

#[derive(Subcommand)]
pub(super) enum HistoryCommand {
    /// Sum up paid orders by the month in which they were ordered (in Vietnam), by region and drop.
    Revenue(Revenue),
    /// List orders of a year, a region or a customer, the newest first.
    Orders(Orders),
    /// Make every sum again from the ledger, and name each difference from what the view has. Ends with 1 where there is
    /// one. May run while the shop sells.
    Check {
        /// The data folder; DROPGATE_DATA by default.
        #[arg(long)]
        data: Option<PathBuf>,
    },
}

#[derive(Args)]
pub(super) struct Revenue {
    #[arg(long)]
    year: Option<i64>,
    /// N01, C01, S01 or INTL.
    #[arg(long)]
    region: Option<String>,
    /// Its number or its slug.
    #[arg(long)]
    drop: Option<String>,
    /// Print the origin's answer as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct Orders {
    #[arg(long)]
    year: Option<i64>,
    /// N01, C01, S01 or INTL.
    #[arg(long)]
    region: Option<String>,
    /// Of the customer, in any spelling.
    #[arg(long)]
    phone: Option<String>,
    /// Its number or its slug.
    #[arg(long)]
    drop: Option<String>,
    #[command(flatten)]
    page: Page,
}

pub(super) fn start(command: HistoryCommand) -> Result<()> {
    match command {
        HistoryCommand::Revenue(revenue) => run::blocking(print_revenue(revenue)),
        HistoryCommand::Orders(Orders { year, region, phone, drop, page }) => {
            let year = year.map(|year| year.to_string());
            let fields = [("year", year), ("region", region), ("phone", phone), ("drop", drop)];
            run::blocking(print_page(fields.into(), page))
        }
        HistoryCommand::Check { data } => check(data),
    }
}

async fn print_revenue(revenue: Revenue) -> Result<()> {
    let client = AdminClient::from_env(Role::View)?;
    let year = revenue.year.map(|year| year.to_string());
    let fields = query([("year", year), ("region", revenue.region), ("drop", revenue.drop)]);
    let answer = client.call(Method::GET, &format!("/admin/history/revenue{fields}"), None).await?;
    if revenue.json {
        println!("{}", serde_json::to_string_pretty(&answer)?);
        return Ok(());
    }
    let lines = answer["lines"].as_array().context("the origin's answer has no lines")?;
    println!(
        "{:<7} {:<6} {:<24} {:>9} {:>9} {:>16} {:>16} {:>16}",
        "month", "region", "drop", "orders", "units", "gross", "refunded", "net"
    );
    for line in lines {
        let month = format!("{}-{:02}", line["year"], line["month"].as_i64().unwrap_or_default());
        sums(&month, line["region"].as_str().unwrap_or_default(), line["slug"].as_str().unwrap_or_default(), line);
    }
    sums("total", "", "", &answer["total"]);
    warn_behind(&answer);
    Ok(())
}

fn sums(month: &str, region: &str, drop: &str, sums: &Value) {
    let [orders, units, gross, refunded, net] =
        ["orders", "units", "gross", "refunded", "net"].map(|field| sums[field].to_string());
    println!("{month:<7} {region:<6} {drop:<24} {orders:>9} {units:>9} {gross:>16} {refunded:>16} {net:>16}");
}

fn check(data: Option<PathBuf>) -> Result<()> {
    let folder = match data {
        Some(folder) => folder,
        None => config::data_folder()?,
    };
    let mut printed = 0;
    let checked = store::check_history(&folder, &mut |difference| {
        printed += 1;
        if printed <= PRINTED_MAX {
            println!("{}", terminal::printable(difference));
        }
    })?;
    let store::CheckedHistory { orders, rows, behind, differences } = checked;
    if differences > 0 {
        bail!(
            "{differences} differences between the view and the ledger: `dropgate views rebuild` makes the view anew"
        );
    }
    println!("history ok: {orders} orders, {rows} rows of the ledger");
    if behind > 0 {
        println!("{behind} orders have changed since the view was fed, and are compared once it has their rows");
    }
    Ok(())
}
