use anyhow::Result;
use domain::{OrderCode, OrderRecord, Payment, Timestamp, UnmatchedState, Vnd};
use ledger::{AccountCommit, Fact};

use crate::{Buyer, Destination, KnownPayment, Payer, RefundId, RefundTransfer, Salt};

/// What a batch reads from disk: everything as of the last commit, and nothing else.
pub trait Records {
    /// An order with what is kept of its buyer.
    fn order(&self, order: OrderCode) -> Result<Option<StoredOrder>>;

    /// Whether this report of money is stored as unmatched under the code `order`.
    fn is_unmatched(&self, order: OrderCode, payment: &Payment) -> Result<bool>;

    /// How many unreadable webhooks are kept, and whether the one with this digest is.
    fn webhooks_kept(&self, digest: [u8; 32]) -> Result<(usize, bool)>;

    /// Payments that ledger rows after `seq` recorded.
    fn payments_after(&self, seq: i64) -> Result<Vec<KnownPayment>>;

    /// The unmatched payment that the ledger row `seq` recorded.
    fn unmatched(&self, seq: i64) -> Result<Option<UnmatchedPayment>>;

    /// What the ledger row `seq` says.
    fn fact(&self, seq: i64) -> Result<Option<Fact>>;

    /// Where the refunds of a payer go, and from when on.
    fn destination(&self, payer: Payer) -> Result<Option<(Destination, Timestamp)>>;

    /// Due refunds whose destination may be used at `now`, oldest first, at most `max`.
    fn refunds_ready(&self, now: Timestamp, max: u32) -> Result<Vec<RefundTransfer>>;

    /// The number of the last attempt to pay a refund out; 0 before the first.
    fn last_payout_attempt(&self, refund: RefundId) -> Result<u32>;

    /// The sum of all attempts that were begun since, whatever became of them.
    fn paid_out_since(&self, at: Timestamp) -> Result<Vnd>;

    /// The operators who approved that the refund is paid out to this account.
    fn payout_approvals(&self, refund: RefundId, account: AccountCommit) -> Result<Vec<String>>;

    fn payouts_paused(&self) -> Result<bool>;
}

/// An order with what is kept of its buyer.
#[derive(Clone, Debug)]
pub struct StoredOrder {
    pub record: OrderRecord,
    /// `None` after erasure.
    pub buyer: Option<(Salt, Buyer)>,
}

/// Money that named no order of this origin, or one that could not take it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnmatchedPayment {
    /// The ledger row that recorded it.
    pub seq: i64,
    /// The code it named.
    pub order: OrderCode,
    /// As an operator would give it to an order.
    pub payment: Payment,
    pub state: UnmatchedState,
}
