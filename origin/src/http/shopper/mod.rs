//! What comes through the edge for shoppers.

pub(super) mod order;
pub(super) mod order_link;
pub(super) mod purchase;
pub(super) mod refund_destination;
pub(super) mod snapshot;
