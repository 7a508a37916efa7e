use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use edge_protocol::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::admin_client::AdminClient;
use crate::statement::shown;

#[derive(Subcommand)]
pub(super) enum PaymentCommand {
    /// List unmatched payments that no operator has decided about, and webhooks of PayOS that could not be read.
    List,
    /// Enter a payment that is on a bank statement and that PayOS never reported.
    Record(Record),
    /// Move an unmatched payment, or one whose refund is due, to an order.
    Move {
        /// The payment's number: its row in the ledger, as `payment list` shows it.
        payment: u64,
        /// The order's number.
        #[arg(long)]
        order: u64,
    },
    /// Send an unmatched payment back to its sender: `refund export` then puts it on a list.
    Refund(Refund),
    /// Record that an unmatched payment does not belong to the sale.
    Dismiss {
        payment: u64,
        #[arg(long)]
        reason: String,
    },
}

#[derive(Args)]
pub(super) struct Record {
    #[arg(long)]
    bank_reference: String,
    /// In đồng.
    #[arg(long)]
    amount: i64,
    /// When the bank booked it, such as 2026-11-21T20:00:00+07:00.
    #[arg(long)]
    at: String,
    /// The account that received it.
    #[arg(long)]
    account: Option<String>,
    #[command(flatten)]
    whose: Whose,
    /// Record it although its reference is known: banks use references again.
    #[arg(long, requires = "reason")]
    another_transfer: bool,
    /// How it is known to be another transfer. Stands in the ledger.
    #[arg(long, requires = "another_transfer")]
    reason: Option<String>,
}

/// A struct of its own: the group of one that derives `Args` has all of its arguments in it.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct Whose {
    /// The number of the order that it pays for.
    #[arg(long)]
    order: Option<u64>,
    /// The order is not known yet.
    #[arg(long)]
    unmatched: bool,
}

#[derive(Args)]
pub(super) struct Refund {
    /// The payment's number, as `payment list` shows it.
    payment: u64,
    /// BIN or name of the bank it goes to. Needed when PayOS did not name the sender's account.
    #[arg(long, requires_all = ["account_number", "account_name"])]
    bank: Option<String>,
    #[arg(long, requires = "bank")]
    account_number: Option<String>,
    /// Alone, it completes an account that the bank told without a name.
    #[arg(long)]
    account_name: Option<String>,
}

pub(super) async fn run(command: PaymentCommand) -> Result<()> {
    let client = AdminClient::from_env(Role::Money)?;
    match command {
        PaymentCommand::List => {
            list(&client.call(Method::GET, "/admin/payments", None).await?)?;
            list_unreadable(&client.call(Method::GET, "/admin/payments/unreadable", None).await?)
        }
        PaymentCommand::Record(record) => {
            let body = json!({
                "bank_reference": record.bank_reference,
                "amount": record.amount,
                "at": record.at,
                "order_code": record.whose.order,
                "account": record.account,
                "another_transfer": record.reason,
            });
            let answer = client.call(Method::POST, "/admin/payments", Some(body)).await?;
            let earlier = answer["earlier"].as_str().map_or_else(String::new, |earlier| format!(": {earlier}"));
            let reference = shown(&record.bank_reference);
            match answer["outcome"].as_str() {
                Some("known_already") => println!("known already {reference}{earlier}"),
                Some("disputed") => {
                    println!("disputed {reference}: recorded, and counted once a person has looked at it")
                }
                _ => println!("recorded {reference}"),
            }
            Ok(())
        }
        PaymentCommand::Move { payment, order } => {
            let body = json!({ "order_code": order });
            client.call(Method::POST, &format!("/admin/payments/{payment}/move"), Some(body)).await?;
            println!("moved payment {payment} to order {order}");
            Ok(())
        }
        PaymentCommand::Refund(Refund { payment, bank, account_number, account_name }) => {
            let body = json!({ "bank": bank, "account_number": account_number, "account_name": account_name });
            client.call(Method::POST, &format!("/admin/payments/{payment}/refund"), Some(body)).await?;
            println!("the refund of payment {payment} is due");
            Ok(())
        }
        PaymentCommand::Dismiss { payment, reason } => {
            let body = json!({ "reason": reason });
            client.call(Method::POST, &format!("/admin/payments/{payment}/dismiss"), Some(body)).await?;
            println!("dismissed {payment}");
            Ok(())
        }
    }
}

fn list(payments: &Value) -> Result<()> {
    let payments = payments.as_array().context("the origin's answer is not a list")?;
    println!("{:>8} {:>14}  {:<24} {:<26} named order", "payment", "VND", "reference", "paid at");
    for payment in payments {
        println!(
            "{:>8} {:>14}  {:<24} {:<26} {}",
            payment["payment"].to_string(),
            payment["amount"].to_string(),
            shown(payment["reference"].as_str().unwrap_or_default()),
            paid_at(payment),
            payment["named_order_code"],
        );
    }
    Ok(())
}

/// Their money is in no sum: `payment record` enters it.
fn list_unreadable(webhooks: &Value) -> Result<()> {
    for webhook in webhooks.as_array().context("the origin's answer is not a list")? {
        let text = |field: &str| shown(webhook[field].as_str().unwrap_or_default());
        println!(
            "{:>8} unreadable: {} VND, reference {}, order {}, received {}: {}",
            webhook["webhook"].to_string(),
            text("amount"),
            text("reference"),
            text("named_order_code"),
            text("received_at"),
            text("reason"),
        );
    }
    Ok(())
}

/// The bank's time, or the time of recording where that could not be read.
fn paid_at(payment: &Value) -> String {
    let at = payment["paid_at"].as_str().unwrap_or_default();
    if payment["paid_at_is_recorded_at"] == true { format!("{at} (recorded)") } else { at.to_owned() }
}
