//! Merchant webhooks, as Standard Webhooks describes them: which events there are, what a delivery says, how it is
//! signed, and where it may go.

mod address;
mod answers;
mod body;
mod events;
mod secret;
mod sender;

pub(crate) use address::checked_url;
pub(crate) use answers::LastAnswer;
pub(crate) use body::{Body, BuyerData, DropData, OrderData, refund_state, unmatched_refund};
pub(crate) use events::{About, event_of, is_pattern, wants};
pub(crate) use secret::{new_secret, shown};
pub(crate) use sender::{Answer, Sender, Sent, test_delivery};
