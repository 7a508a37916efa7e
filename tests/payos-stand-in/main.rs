//! PayOS for tests: the real protocol over real HTTP, without money.
//!
//! Tests and `cargo xtask dev` use it. `/` shows the links, `/web/{id}` is a checkout page with a button to pay,
//! `/payouts` shows what left and to whom, and `/_control` has routes by which a test pays, delays, repeats and fails.

mod app;
mod behaviour;
mod calls;
mod clock;
mod control;
mod data;
mod json;
mod links;
mod pages;
mod payments;
mod payout_control;
mod payout_pages;
mod payout_protocol;
mod payouts;
mod protocol;
mod server;
mod shape;
#[cfg(test)]
mod tests;
mod vietqr;
mod webhooks;

use std::net::SocketAddr;

use anyhow::Context;
use clap::Parser;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::{App, Keys, Settings};

#[derive(Parser)]
struct Arguments {
    /// Port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8788")]
    listen: SocketAddr,
    #[arg(long)]
    client_id: String,
    #[arg(long)]
    api_key: String,
    #[arg(long)]
    checksum_key: String,
    /// The keys of the payout channel: those of the payment channel with `payout-` in front, unless given.
    #[arg(long)]
    payout_client_id: Option<String>,
    #[arg(long)]
    payout_api_key: Option<String>,
    #[arg(long)]
    payout_checksum_key: Option<String>,
    /// Payouts succeed when they are read, without a click.
    #[arg(long)]
    payouts_succeed: bool,
    /// Where webhooks go until another address is registered through /confirm-webhook.
    #[arg(long)]
    webhook_url: Option<String>,
    /// Put a matching code like "CSA1B2C3D4E " in front of each memo, as PayOS does on some accounts.
    #[arg(long)]
    memo_prefix: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let listener =
        TcpListener::bind(arguments.listen).await.with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let base_url = format!("http://{}", listener.local_addr()?);
    let of_payouts = |given: Option<String>, key: &str| given.unwrap_or_else(|| format!("payout-{key}"));
    let payout_keys = Keys {
        client_id: of_payouts(arguments.payout_client_id, &arguments.client_id),
        api_key: of_payouts(arguments.payout_api_key, &arguments.api_key),
        checksum_key: of_payouts(arguments.payout_checksum_key, &arguments.checksum_key),
    };
    let (client_id, api_key, checksum_key) = (arguments.client_id, arguments.api_key, arguments.checksum_key);
    let app = App::new(Settings {
        base_url: base_url.clone(),
        keys: Keys { client_id, api_key, checksum_key },
        payout_keys,
        webhook_url: arguments.webhook_url,
        memo_prefix: arguments.memo_prefix,
    })?;
    app.payouts().channel.succeed_when_read = arguments.payouts_succeed;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    println!("listening {base_url}");
    // Nothing is worth a wait at the end: the process keeps nothing.
    tokio::select! {
        served = axum::serve(listener, server::router(app)) => served.context("the server stopped"),
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    }
}
