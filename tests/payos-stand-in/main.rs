//! PayOS for tests: the real protocol over real HTTP, without money.
//!
//! Tests and `cargo xtask dev` use it. `/` shows the links, `/web/{id}` is a checkout page with a button to pay, and
//! `/_control` has routes by which a test pays, delays, repeats and fails.

mod app;
mod behaviour;
mod clock;
mod control;
mod data;
mod json;
mod links;
mod pages;
mod payments;
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

use crate::app::{App, Settings};

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
    let app = App::new(Settings {
        base_url: base_url.clone(),
        client_id: arguments.client_id,
        api_key: arguments.api_key,
        checksum_key: arguments.checksum_key,
        webhook_url: arguments.webhook_url,
        memo_prefix: arguments.memo_prefix,
    })?;
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
