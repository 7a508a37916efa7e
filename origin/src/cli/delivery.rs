use anyhow::{Context, Result, ensure};
use clap::Subcommand;
use edge_protocol::Role;
use reqwest::Method;
use serde_json::Value;

use super::admin_client::AdminClient;

#[derive(Subcommand)]
pub(super) enum DeliveryCommand {
    /// List what channels gave up and what they must try again, the newest first.
    List {
        /// Of this channel alone, such as webhook_1 or mail.
        #[arg(long)]
        channel: Option<String>,
    },
    /// Show what a channel owes for one row of the ledger.
    Show { channel: String, row: u64 },
    /// Let a channel try again what it gave up.
    Retry { channel: String, row: u64 },
}

pub(super) async fn run(command: DeliveryCommand) -> Result<()> {
    match command {
        DeliveryCommand::List { channel } => {
            let client = AdminClient::from_env(Role::View)?;
            let filter = channel.as_deref().map(checked).transpose()?;
            let filter = filter.map_or_else(String::new, |channel| format!("/{channel}"));
            let listed = client.call(Method::GET, &format!("/admin/deliveries{filter}"), None).await?;
            let listed = listed.as_array().context("the origin's answer is not a list")?;
            println!("{:<14} {:>9}  {:<24} {:>16} {:>5}  next try", "channel", "row", "kind", "order", "tries");
            listed.iter().for_each(line);
        }
        DeliveryCommand::Show { channel, row } => {
            let client = AdminClient::from_env(Role::View)?;
            let path = format!("/admin/deliveries/{}/{row}", checked(&channel)?);
            println!("{}", serde_json::to_string_pretty(&client.call(Method::GET, &path, None).await?)?);
        }
        DeliveryCommand::Retry { channel, row } => {
            let client = AdminClient::from_env(Role::Operate)?;
            let path = format!("/admin/deliveries/{}/{row}/retry", checked(&channel)?);
            client.call(Method::POST, &path, None).await?;
            println!("{channel} tries row {row} again");
        }
    }
    Ok(())
}

/// It becomes part of an address.
fn checked(channel: &str) -> Result<&str> {
    let part = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    ensure!(!channel.is_empty() && channel.chars().all(part), "the name of a channel is a-z, 0-9 and _");
    Ok(channel)
}

fn line(delivery: &Value) {
    let text = |field: &str| delivery[field].as_str().unwrap_or_default().to_owned();
    let next = match delivery["given_up_at"].as_str() {
        Some(at) => format!("given up {at}"),
        None => text("next_try"),
    };
    println!(
        "{:<14} {:>9}  {:<24} {:>16} {:>5}  {next}",
        text("channel"),
        delivery["row"].to_string(),
        text("kind"),
        delivery["order_code"].as_u64().map_or_else(|| "-".to_owned(), |code| code.to_string()),
        delivery["tries"].to_string(),
    );
}
