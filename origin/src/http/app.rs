//! What handlers may hold: they can ask the writer and read, and do neither's work themselves.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use axum::body::Bytes;
use axum::http::HeaderValue;
use edge_protocol::{CustomerSecret, KeyRing, OrderKeys};
use tokio::sync::Semaphore;

use super::look_ups::LookUps;
use super::read_tokens::ReadTokens;
use crate::clock::Clock;
use crate::delivery::Retried;
use crate::metrics::Metrics;
use crate::payos::{DescriptionSalt, PaymentLinks, Payouts};
use crate::reader::Reader;
use crate::views::Views;
use crate::webhooks::Sender;
use crate::writer::Writer;

/// Purchases that the origin works on at once: eight batches of the writer, with those whose bodies still arrive among
/// them. That is below a tenth of a second of its work, so that it serves thousands who come at one moment.
pub(crate) const PURCHASES_AT_ONCE: usize = 4_096;
/// Webhooks whose signatures are checked at once: they come in bursts, and each may be 64 KiB to hash.
pub(crate) const WEBHOOKS_AT_ONCE: usize = 32;

pub(crate) struct App {
    pub writer: Writer,
    pub reader: Reader,
    pub views: Views,
    pub clock: Clock,
    pub metrics: Arc<Metrics>,
    pub edge_keys: KeyRing,
    pub read_tokens: ReadTokens,
    pub admin_keys: KeyRing,
    pub order_keys: OrderKeys,
    pub customer_secret: CustomerSecret,
    pub payos_checksum_key: String,
    pub description_salt: DescriptionSalt,
    pub look_ups: LookUps,
    pub webhook_permits: Semaphore,
    pub purchase_permits: Arc<Semaphore>,
    pub snapshot: ArcSwapOption<RenderedSnapshot>,
    pub links: Arc<PaymentLinks>,
    /// `None` where refunds go by lists for the bank alone.
    pub payouts: Option<Arc<Payouts>>,
    pub origin_no: u8,
    /// Whether buyers get mail: only then the page promises it.
    pub sends_mail: bool,
    pub webhooks: Arc<Sender>,
    pub retried: Arc<Retried>,
}

/// The last snapshot that was written as JSON, so that a thousand readers of one version cost one writing.
pub(crate) struct RenderedSnapshot {
    pub version: u64,
    pub second: i64,
    pub etag: HeaderValue,
    pub json: Bytes,
}
