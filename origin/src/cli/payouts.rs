use anyhow::{Context, Result};
use clap::Subcommand;
use edge_protocol::Role;
use reqwest::Method;
use serde_json::Value;

use crate::cli::admin_client::AdminClient;

#[derive(Subcommand)]
pub(super) enum PayoutsCommand {
    /// Show what the payout account holds, what is under way, and the limits.
    Show,
    /// Begin no payout from now on, and send no request of one that was begun. What PayOS has, it goes on with.
    Pause,
    /// Let payouts go on.
    Resume,
}

pub(super) async fn run(command: PayoutsCommand) -> Result<()> {
    let client = AdminClient::from_env(Role::Money)?;
    match command {
        PayoutsCommand::Show => show(&client.call(Method::GET, "/admin/payouts", None).await?),
        PayoutsCommand::Pause => {
            let answer = client.call(Method::POST, "/admin/payouts/pause", None).await?;
            println!("{}", if answer["changed"] == true { "paused" } else { "payouts were paused before" });
            Ok(())
        }
        PayoutsCommand::Resume => {
            let answer = client.call(Method::POST, "/admin/payouts/resume", None).await?;
            println!("{}", if answer["changed"] == true { "resumed" } else { "payouts were not paused" });
            Ok(())
        }
    }
}

fn show(view: &Value) -> Result<()> {
    let number = |name: &str| view[name].as_i64().with_context(|| format!("the origin's answer has no {name}"));
    let vnd = |name: &str| Ok::<_, anyhow::Error>(format!("{} VND", number(name)?));
    let balance = vnd("balance").unwrap_or_else(|_| "PayOS does not say".to_owned());
    println!("payout account   {balance}");
    println!("paused           {}", if view["paused"] == true { "yes" } else { "no" });
    println!("being paid out   {} refunds, {}", number("paying")?, vnd("paying_amount")?);
    println!("for a person     {} payouts in doubt", number("doubted")?);
    println!("a refund at most {}", vnd("refund_max")?);
    println!("a day at most    {}", vnd("day_max")?);
    println!("two operators    above {}", vnd("two_operators_above")?);
    Ok(())
}
