//! The stand-in over HTTP: driven with the `payos` client, telling a merchant who listens.

mod failures;
mod fixture;
mod links;
mod pages;
mod shown;
mod transfers;
mod webhooks;
