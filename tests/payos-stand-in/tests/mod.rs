//! The stand-in over HTTP, with the `payos` client and a merchant that receives its webhooks.

mod failures;
mod fixture;
mod links;
mod pages;
mod payments;
mod payouts;
mod shown;
mod webhooks;
