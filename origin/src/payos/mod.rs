//! PayOS as the sale uses it: payment links are created, read and closed here, and its reports become payments. Every
//! call is safe to repeat.

mod create;
mod links;
mod payouts;
mod read;
mod report;
mod unreadable;

pub(crate) use links::PaymentLinks;
pub(crate) use payouts::PayoutSettings;
pub(crate) use payouts::{Payouts, Verdict};
pub(crate) use read::LinkDifference;
pub(crate) use report::DescriptionSalt;
pub(crate) use unreadable::{Told, reason};
