use anyhow::{Context, Result};
use clap::Subcommand;
use edge_protocol::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::admin_client::AdminClient;

#[derive(Subcommand)]
pub(super) enum ClockCommand {
    /// Show the time of the sale, what the wall clock says, and whether the sale follows it.
    Show,
    /// Let the sale go on by the wall clock after a step that it does not follow. Holds end and drops open by it. After a
    /// step back nothing is sold until the wall clock shows the time of the ledger's last row.
    Accept,
}

pub(super) async fn run(command: ClockCommand) -> Result<()> {
    match command {
        ClockCommand::Show => {
            let client = AdminClient::from_env(Role::View)?;
            print(&client.call(Method::GET, "/admin/clock", None).await?);
        }
        ClockCommand::Accept => {
            let client = AdminClient::from_env(Role::Operate)?;
            let shown = client.call(Method::GET, "/admin/clock", None).await?;
            let step_ms = shown["step_ms"].as_i64();
            let step_ms = step_ms.context("the sale goes by the wall clock: there is no step to accept")?;
            let body = json!({ "step_ms": step_ms });
            print(&client.call(Method::POST, "/admin/clock/accept", Some(body)).await?);
            println!("accepted a step of {} s", seconds(step_ms));
        }
    }
    Ok(())
}

fn print(clock: &Value) {
    let text = |field: &str| clock[field].as_str().unwrap_or_default().to_owned();
    println!("sale          {}", text("time"));
    match clock["step_ms"].as_i64() {
        None => println!("wall clock    {}, followed", text("wall")),
        Some(step_ms) => println!("wall clock    {}, {} s ahead and not followed", text("wall"), seconds(step_ms)),
    }
    let word = match clock["synchronised"].as_bool() {
        Some(true) => "synchronised",
        Some(false) => "not synchronised",
        None => "does not say",
    };
    println!("the kernel    {word}");
}

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}
