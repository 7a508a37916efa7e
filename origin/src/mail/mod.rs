//! Mail to buyers: what a letter says, how it looks, and how it is handed to the shop's mail server.

mod letter;
mod render;
mod settings;
mod smtp;
#[cfg(test)]
mod tests;

pub(crate) use letter::{Facts, Kind, Letter, RefundFacts, amount, sample};
pub(crate) use render::render;
pub(crate) use settings::MailSettings;
pub(crate) use smtp::{CONNECTIONS_MAX, Handed, Mailer};
