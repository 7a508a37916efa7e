use std::collections::BTreeMap;

use domain::{DropId, DropStatus, OrderRecord, Stock, Timestamp};
use ledger::Entry;

use crate::{Buyer, Destination, Endpoint, EndpointSecret, Payer, Payout, Progress, RefundTransfer, Salt};

/// Everything one batch did. The caller writes it in one transaction, or stops.
#[derive(Debug, Default)]
pub struct Changes {
    /// Rows for the ledger, in order: the first gets the number after the ledger's head.
    pub entries: Vec<Entry>,
    /// Orders placed in this batch, as they stand at its end, in the order of their entries.
    pub placed: Vec<PlacedOrder>,
    /// Older orders that changed, as they stand at the end of the batch, by ascending code.
    pub changed: Vec<OrderRecord>,
    /// Drops in which something happened, by id.
    pub drops: Vec<DropCounters>,
    pub progress: Vec<Progress>,
    pub destinations: Vec<GivenDestination>,
    pub webhooks: Vec<KeptWebhook>,
    /// Refunds put on lists of transfers.
    pub transfers: Vec<TransferOnList>,
    /// Webhook endpoints that changed, as they stand at the end of the batch; `None` for one that was removed.
    pub endpoints: BTreeMap<u8, Option<Endpoint<EndpointSecret>>>,
    /// Attempts to pay refunds out that begin.
    pub payouts: Vec<Payout>,
    /// The caller's clock goes on by the wall clock, which was this far ahead of it.
    pub clock_step_ms: Option<i64>,
}

#[derive(Debug)]
pub struct PlacedOrder {
    pub record: OrderRecord,
    pub salt: Salt,
    pub buyer: Buyer,
}

/// What is stored of a drop's state; its orders say the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DropCounters {
    pub drop: DropId,
    pub status: DropStatus,
    pub stock: Stock,
}

/// The bytes of an unreadable webhook.
pub struct KeptWebhook {
    /// The ledger row that names them by their digest.
    pub seq: i64,
    pub body: Vec<u8>,
}

impl std::fmt::Debug for KeptWebhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeptWebhook({}, {} bytes)", self.seq, self.body.len())
    }
}

/// Where the refunds of a payer go, and from when on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenDestination {
    pub payer: Payer,
    pub destination: Destination,
    pub usable_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferOnList {
    /// The number of the list.
    pub batch: u64,
    pub transfer: RefundTransfer,
}

impl Changes {
    /// Nothing happened that must be on disk.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.progress.is_empty()
    }
}
