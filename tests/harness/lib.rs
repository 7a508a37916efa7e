//! Starts the real system for one test: the `dropgate` binary on a fresh folder, the worker on workerd with the
//! settings of wrangler.toml, and the PayOS stand-in, which is the only replaced part.
//!
//! Helpers are named for what people do: a shop opens a drop, a shopper takes a token and buys, PayOS pays.
//! They panic when the system does something that no claim allows. A refusal is a response, which they return.

mod built;
mod client;
mod data_folder;
mod drops;
mod google_sheets;
mod lone_origin;
mod mail_server;
mod operator;
mod payos;
mod ports;
mod process;
mod response;
pub mod sale_db;
mod secrets;
mod shop;
mod shopper;
mod wait;
mod webhook_receiver;

pub use built::root;
pub use data_folder::create_data_folder;
pub use drops::{DropTerms, OpenedDrop};
pub use google_sheets::GoogleSheets;
pub use lone_origin::{Exit, LoneOrigin, StartOptions};
pub use mail_server::{Mail, MailServer};
pub use payos::{API_KEY, CHECKSUM_KEY, CLIENT_ID, PayOs};
pub use response::Response;
pub use secrets::Secrets;
pub use shop::Shop;
pub use shopper::{Order, Shopper};
pub use wait::until;
pub use webhook_receiver::{WebhookDelivery, WebhookReceiver};
