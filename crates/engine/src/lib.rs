//! One batch of the sale: which records a request reads, what the core decides, what must be written, what is answered.
//!
//! The engine does no I/O of its own. It reads stored orders and money through [`Records`], keeps the rest in
//! [`SaleState`], and leaves writing the [`Changes`] and sending the [`Reply`]s to its caller. Nothing here reads a
//! clock, holds a lock or knows SQL, so that the origin and the simulation run the same code.

mod allowance;
mod batch;
mod batch_time;
mod buyer;
mod changes;
mod endpoints;
mod known_payment;
mod link_mails;
mod order_filter;
mod payout;
mod progress;
mod records;
mod refund;
mod request;
mod sale_state;
mod used_tokens;

pub use allowance::Allowance;
pub use batch::Batch;
pub use batch_time::{BatchTime, CLOCK_BEHIND_MS};
pub use buyer::{Address, Buyer, Language, Salt};
pub use changes::{Changes, DropCounters, GivenDestination, KeptWebhook, PlacedOrder, TransferOnList};
pub use endpoints::{
    Endpoint, EndpointRefused, EndpointRequest, EndpointSecret, EndpointState, Endpoints, WEBHOOK_ENDPOINTS_MAX,
};
pub use known_payment::{KnownPayment, NO_ORDER};
pub use order_filter::OrderFilter;
pub use payout::{
    Asked, NextPayoutStep, PAYOUT_DECIDED_MS_MAX, Payout, PayoutLimits, PayoutRefused, PayoutRequest, PayoutStep,
    SHOWN_AFTER_MS, Shown, next_payout_step,
};
pub use progress::{GivenUp, Progress, Retry};
pub use records::{Records, StoredOrder, UnmatchedPayment};
pub use refund::{Destination, Payer, RefundId, RefundTransfer};
pub use request::{
    Acceptance, ClockRefused, CreateDropError, EnterPayment, Entered, Lane, MoneyPlace, MovePayment, MoveRefused,
    NewDrop, NewProduct, NoSuchDrop, OrderRequest, ProductOf, PurchaseAccepted, PurchaseRefused, PurchaseReply,
    PurchaseRequest, Reply, Request, UnmatchedRequest, UnreadableWebhook, WebhookKept,
};
pub use sale_state::{OfferedDrop, Resumed, SaleState};
pub use used_tokens::{USED_TOKENS_MS, UsedTokens};
