use std::time::Duration;

use anyhow::Result;
use clap::Subcommand;
use edge_protocol::Role;
use reqwest::Method;
use serde_json::Value;

use super::admin_client::AdminClient;

/// Between two looks at how far a rebuild has come.
const LOOK_EVERY: Duration = Duration::from_secs(1);

#[derive(Subcommand)]
pub(super) enum ViewsCommand {
    /// Show how far searches see.
    Show,
    /// Throw views.db away and fill it again from the ledger, while the shop sells. Searches find what is filled so far.
    Rebuild {
        /// Do not wait until it is filled.
        #[arg(long)]
        no_wait: bool,
    },
}

pub(super) async fn run(command: ViewsCommand) -> Result<()> {
    match command {
        ViewsCommand::Show => {
            let client = AdminClient::from_env(Role::View)?;
            println!("{}", serde_json::to_string_pretty(&client.call(Method::GET, "/admin/views", None).await?)?);
            Ok(())
        }
        ViewsCommand::Rebuild { no_wait } => {
            // A token per call: a rebuild may take longer than one lives.
            AdminClient::from_env(Role::Operate)?.call(Method::POST, "/admin/views/rebuild", None).await?;
            if no_wait {
                println!("begun; `dropgate views show` tells how far it is");
                return Ok(());
            }
            wait().await
        }
    }
}

async fn wait() -> Result<()> {
    let client = AdminClient::from_env(Role::View)?;
    loop {
        let state = client.call(Method::GET, "/admin/views", None).await?;
        println!("{}", progress(&state));
        if state["lag_rows"] == 0 {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn progress(state: &Value) -> String {
    let number = |field: &str| state[field].as_i64().unwrap_or_default();
    let (seq, ledger_seq) = (number("seq"), number("ledger_seq").max(1));
    let trouble = if state["fails"] == true { "; it cannot be written, see the origin's log" } else { "" };
    format!("{seq} of {ledger_seq} rows, {} %{trouble}", seq.saturating_mul(100) / ledger_seq)
}
