use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use edge_protocol::{Role, rfc3339, vietnam_time};
use reqwest::Method;
use serde_json::{Value, json};

use super::admin_client::AdminClient;
use crate::clock::Clock;

#[derive(Subcommand)]
pub(super) enum DropCommand {
    /// Create a product and a drop of it. Prints the drop as JSON.
    Create(Box<NewDrop>),
    /// List drops with their stock.
    List,
    /// Stop tokens and purchases. Holds and payments go on.
    Pause { id: u32 },
    /// Sell a paused drop again.
    Resume { id: u32 },
    /// Close a drop for good. The origin cancels its pending orders, and refunds payments that still arrive.
    Kill { id: u32 },
}

#[derive(Args)]
pub(super) struct NewDrop {
    /// The drop's name in URLs: a-z, 0-9 and -, with a letter or digit at both ends.
    #[arg(long)]
    slug: String,
    /// The product's name.
    #[arg(long)]
    name: String,
    #[arg(long, default_value = "")]
    description: String,
    /// Its picture: an https address, or a path of the storefront such as /assets/shirt.jpg.
    #[arg(long, default_value = "")]
    image: String,
    /// Units for sale.
    #[arg(long)]
    size: u32,
    /// The price of a unit, in đồng.
    #[arg(long)]
    price: i64,
    /// The price once more: needed below 1,000 đồng, where digits may be missing.
    #[arg(long)]
    confirm_price: Option<i64>,
    /// When the drop opens, such as 2026-11-21T20:00:00+07:00; now by default.
    #[arg(long, conflicts_with = "opens_in")]
    opens_at: Option<String>,
    /// Seconds from now until it opens.
    #[arg(long)]
    opens_in: Option<u32>,
    /// When the drop closes, such as 2026-11-21T21:00:00+07:00; never by default.
    #[arg(long)]
    closes_at: Option<String>,
    /// Units one customer may hold and buy.
    #[arg(long, default_value_t = 1)]
    limit: u32,
    /// Seconds that a shopper has to pay.
    #[arg(long)]
    hold_seconds: Option<u32>,
}

pub(super) async fn run(command: DropCommand) -> Result<()> {
    let client = AdminClient::from_env(Role::Operate)?;
    let answer = match command {
        DropCommand::Create(new) => create(&client, *new).await?,
        DropCommand::List => return list(&client.call(Method::GET, "/admin/drops", None).await?),
        DropCommand::Pause { id } => client.call(Method::POST, &format!("/admin/drops/{id}/pause"), None).await?,
        DropCommand::Kill { id } => client.call(Method::POST, &format!("/admin/drops/{id}/kill"), None).await?,
        DropCommand::Resume { id } => client.call(Method::POST, &format!("/admin/drops/{id}/resume"), None).await?,
    };
    println!("{}", serde_json::to_string_pretty(&answer)?);
    Ok(())
}

async fn create(client: &AdminClient, new: NewDrop) -> Result<Value> {
    let opens_at = match (new.opens_at, new.opens_in) {
        (Some(at), _) => at,
        (None, seconds) => rfc3339::format(Clock::system().now().plus_seconds(seconds.unwrap_or(0))),
    };
    let product = json!({ "name": new.name, "description": new.description, "image_url": new.image });
    let drop = json!({
        "slug": new.slug,
        "product": product,
        "size": new.size,
        "price": new.price,
        "confirm_price": new.confirm_price,
        "opens_at": opens_at,
        "closes_at": new.closes_at,
        "limit_per_customer": new.limit,
        "hold_seconds": new.hold_seconds,
    });
    client.call(Method::POST, "/admin/drops", Some(drop)).await
}

fn list(drops: &Value) -> Result<()> {
    let Some(drops) = drops.as_array() else {
        bail!("the origin's answer is not a list");
    };
    println!(
        "{:>4}  {:<24} {:>9} {:>9} {:>9}  {:<17} state",
        "id", "slug", "available", "held", "sold", "opens (Vietnam)"
    );
    for drop in drops {
        let number = |field: &str| drop["stock"][field].to_string();
        println!(
            "{:>4}  {:<24} {:>9} {:>9} {:>9}  {:<17} {}",
            drop["id"].to_string(),
            drop["slug"].as_str().unwrap_or_default(),
            number("available"),
            number("held"),
            number("sold"),
            opens_at(drop),
            state(drop),
        );
    }
    Ok(())
}

fn opens_at(drop: &Value) -> String {
    let text = drop["opens_at"].as_str().unwrap_or_default();
    rfc3339::parse(text).map_or_else(|_| text.to_owned(), vietnam_time::format)
}

/// As the edge shows it, and whether an operator stopped it.
fn state(drop: &Value) -> String {
    let state = drop["state"].as_str().unwrap_or_default();
    match (&drop["killed"], &drop["paused"]) {
        (Value::Bool(true), _) => "killed".to_owned(),
        (_, Value::Bool(true)) => format!("{state}, paused"),
        _ => state.to_owned(),
    }
}
