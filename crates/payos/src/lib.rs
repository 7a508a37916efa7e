//! Client for the [PayOS](https://payos.vn) merchant API v2: payment links, signatures, webhooks and
//! [`payouts`].
//!
//! PayOS turns Vietnamese bank transfers into payments: a *link* has an amount, a VietQR code and a checkout
//! page; when money arrives, PayOS posts a signed webhook.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use payos::{Client, Config, CreateLink, LinkStatus};
//!
//! let client = Client::new(Config::new("client-id", "api-key", "checksum-key"))?;
//! let order = CreateLink::new(1000001, 49000, "DH1000001", "https://shop.example/ok", "https://shop.example/no");
//! let link = client.create_link(&order).await?;
//! println!("send the payer to {}", link.checkout_url);
//!
//! let paid = client.get_link(1000001).await?.status == LinkStatus::Paid;
//! # Ok(())
//! # }
//! ```
//!
//! What this crate insists on, because money is at stake:
//! - a reply whose signature is missing or wrong is not a reply;
//! - a call whose outcome is not known says so, see [`Error::Unknown`]; nothing is retried behind your back;
//! - webhooks are verified over the bytes received, see [`verify_webhook`];
//! - amounts are integers.
//!
//! Not covered: e-invoices.

#![warn(missing_debug_implementations)]

mod account_name;
mod bank;
mod client;
mod config;
mod error;
mod json;
mod link;
mod moment;
pub mod payouts;
mod reply;
mod signature;
mod strict_json;
mod webhook;

pub use account_name::printed_account_name;
pub use bank::{BANKS, Bank};
pub use client::Client;
pub use config::{BASE_URL, CALL_TIMEOUT, Config, ConfigError};
pub use error::{Error, UnknownCause};
pub use link::{Buyer, ConfirmedWebhook, CreateLink, CreatedLink, Item, Link, LinkRef, LinkStatus, Transaction};
pub use signature::{
    NotSignable, PaymentRequestFields, SAFE_INTEGER_MAX, SignatureError, data_text, payment_request_text, sign_data,
    sign_payment_request, verify_data,
};
pub use webhook::{WEBHOOK_BYTES_MAX, WebhookError, WebhookPayment, verify_webhook};

/// The examples of the README are compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
