use anyhow::Result;
use clap::Subcommand;
use edge_protocol::Role;
use reqwest::Method;
use serde_json::json;

use super::admin_client::AdminClient;

#[derive(Subcommand)]
pub(super) enum OrderCommand {
    /// Cancel a pending or paid order. Its payments become refunds that are due.
    Cancel {
        /// The order's number, as `order_code` gives it.
        order_code: u64,
        /// Do not put the units of a paid order on sale again.
        #[arg(long)]
        no_restock: bool,
    },
}

pub(super) async fn run(command: OrderCommand) -> Result<()> {
    let OrderCommand::Cancel { order_code, no_restock } = command;
    let client = AdminClient::from_env(Role::Money)?;
    let body = json!({ "restock": !no_restock });
    client.call(Method::POST, &format!("/admin/orders/{order_code}/cancel"), Some(body)).await?;
    println!("cancelled {order_code}");
    Ok(())
}
