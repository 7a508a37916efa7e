use anyhow::{Context, Result};
use clap::Subcommand;
use edge_protocol::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::admin_client::AdminClient;

#[derive(Subcommand)]
pub(super) enum WebhookCommand {
    /// Tell an address of events: each is posted to it, signed as Standard Webhooks describes. Prints the secret of the
    /// signatures, once.
    Add {
        /// An address that begins with https://.
        url: String,
        /// The events it gets, with commas between them, such as order.paid,refund.*
        #[arg(long, value_delimiter = ',', required = true)]
        events: Vec<String>,
        /// Send the buyer's name, phone, e-mail and address too.
        #[arg(long)]
        personal: bool,
    },
    /// List the endpoints with their last answers.
    List,
    /// Send an endpoint a delivery of no event, and show its answer.
    Test { endpoint: u8 },
    /// Make a new secret, which signs beside the old one. Prints it, once.
    Rotate { endpoint: u8 },
    /// Stop signing with the old secret.
    RetireSecret { endpoint: u8 },
    /// Send an endpoint nothing more. What waits for it is dropped.
    Disable { endpoint: u8 },
    /// Send a disabled endpoint events again, from now on.
    Enable { endpoint: u8 },
    /// Forget an endpoint. Its number is free again.
    Remove { endpoint: u8 },
}

pub(super) async fn run(command: WebhookCommand) -> Result<()> {
    let role = if matches!(command, WebhookCommand::List) { Role::View } else { Role::Operate };
    let client = AdminClient::from_env(role)?;
    let post = async |endpoint: u8, step: &str| {
        client.call(Method::POST, &format!("/admin/webhooks/{endpoint}/{step}"), None).await
    };
    match command {
        WebhookCommand::Add { url, events, personal } => {
            let body = json!({ "url": url, "events": events, "personal": personal });
            show_secret(&client.call(Method::POST, "/admin/webhooks", Some(body)).await?);
        }
        WebhookCommand::List => {
            let endpoints = client.call(Method::GET, "/admin/webhooks", None).await?;
            endpoints.as_array().context("the origin's answer is not a list")?.iter().for_each(show);
        }
        WebhookCommand::Test { endpoint } => show(&post(endpoint, "test").await?),
        WebhookCommand::Rotate { endpoint } => show_secret(&post(endpoint, "rotate").await?),
        WebhookCommand::RetireSecret { endpoint } => {
            post(endpoint, "retire-secret").await?;
            println!("endpoint {endpoint} has one secret");
        }
        WebhookCommand::Disable { endpoint } => {
            post(endpoint, "disable").await?;
            println!("disabled endpoint {endpoint}");
        }
        WebhookCommand::Enable { endpoint } => {
            post(endpoint, "enable").await?;
            println!("enabled endpoint {endpoint}");
        }
        WebhookCommand::Remove { endpoint } => {
            post(endpoint, "remove").await?;
            println!("removed endpoint {endpoint}");
        }
    }
    Ok(())
}

fn show_secret(answer: &Value) {
    println!("endpoint {}", answer["endpoint"]);
    println!("secret   {}", answer["secret"].as_str().unwrap_or_default());
    eprintln!("The secret is not shown again. It verifies deliveries: keep it like a password.");
}

fn show(endpoint: &Value) {
    let text = |field: &str| endpoint[field].as_str().unwrap_or_default().to_owned();
    let events: Vec<&str> = endpoint["events"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let secrets = if endpoint["secrets"] == 2 { ", two secrets" } else { "" };
    let personal = if endpoint["personal"] == true { ", with personal data" } else { "" };
    println!("{}  {}  {}{secrets}{personal}", endpoint["endpoint"], text("state"), text("url"));
    println!("   {}", events.join(", "));
    let answer = &endpoint["last_answer"];
    if let Some(at) = answer["at"].as_str() {
        let status = answer["status"].as_u64().map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        println!("   {at}  {status}  {}", answer["text"].as_str().unwrap_or_default().replace('\n', " "));
    }
}
