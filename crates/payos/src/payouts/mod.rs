//! Payouts ("chi hộ"): transfers out of a prefunded PayOS account, for example refunds.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use payos::payouts::{Client, Post, PreparedPayout, Progress, Transfer};
//! use payos::{Config, Error};
//!
//! // The keys of a payout channel, not those of a payment channel.
//! let config = Config::new("client-id", "api-key", "checksum-key");
//! let transfer = Transfer {
//!     reference_id: "RF77-1".into(),
//!     amount: 49_000,
//!     description: "Hoan tien RF77".into(),
//!     to_bin: "970422".into(),
//!     to_account_number: "0123456789".into(),
//! };
//! let payout = PreparedPayout::single(&transfer, &["refund"], "RF77-1", &config.checksum_key)?;
//! // Save `payout.body` and `payout.idempotency_key` here, before the first byte leaves.
//! let client = Client::new(config)?;
//! match client.create(&payout, Post::First).await {
//!     Ok(made) => println!("{} is {:?}", made.id, made.progress()),
//!     // Perhaps PayOS acted: look before anything else.
//!     Err(Error::Unknown(_)) => match client.find("RF77-1").await?.as_slice() {
//!         [made] => println!("{} is {:?}", made.id, made.progress()),
//!         [] => drop(client.create(&payout, Post::Repeat).await?),
//!         _ => println!("more than one: call a person"),
//!     },
//!     Err(error) => return Err(error.into()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! **No webhook** reports a payout. Read it with [`Client::get`] until [`Payout::progress`] is final.
//!
//! **Amounts** are whole VND. PayOS publishes no least or largest amount, no rate and no size of a batch.
//!
//! **Keys.** A payout channel has a client id, an API key and a checksum key of its own. PayOS takes calls from the
//! IPv4 addresses that its dashboard lists and answers HTTP 403 to others, so this client never connects by IPv6.
//!
//! **Outcomes** are stricter than those of payment links, because a payout that is made twice is gone:
//!
//! | Outcome | What it stands for |
//! |---|---|
//! | `Ok` | PayOS signed the reply, and the reply is about this payout |
//! | [`Error::NotSent`](crate::Error::NotSent) | the arguments cannot be right |
//! | [`Error::Unauthorized`](crate::Error::Unauthorized) | HTTP 401, HTTP 403 (the IP list) or code 601; nothing happened |
//! | [`Error::Refused`](crate::Error::Refused) | HTTP 400 or 404, or code 20 or 201; nothing happened |
//! | [`Error::Unknown`](crate::Error::Unknown) | everything else: no reply, 429, 5xx, any other code, no signature, and each refusal of a [`Post::Repeat`] or of the idempotency key |
//!
//! Whether PayOS answers a repeated idempotency key with the first reply or with an error is not published, nor for how
//! long it knows a key. Repeat with the same key **and** the same bytes only, within a day.
//!
//! Source: the official SDKs (`@payos/node` 2.0.5, which the vectors of the tests come from) and
//! <https://payos.vn/docs>, read in November 2026.

mod client;
mod payout;
mod prepared;
mod reply;
mod signature;

pub use client::{Client, PAGE_PAYOUTS_MAX, PayoutFilter, Post};
pub use payout::{
    AccountBalance, ApprovalState, Pagination, Payout, PayoutPage, Progress, Transaction, TransactionState,
};
pub use prepared::{ACCOUNT_NUMBER_CHARS_MAX, BATCH_TRANSFERS_MAX, Batch, PreparedPayout, Transfer};
pub use signature::{sign, signed_text, verify};
