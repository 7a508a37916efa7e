//! Every URL the origin answers, on one page. The public listener answers nothing without a signed token.

mod admin;
mod connection;
mod error;
mod extract;
mod listener;
mod orders;
mod payments;
mod places;
mod private;
mod purchase;
mod read_tokens;
mod reconcile;
mod refunds;
mod snapshot;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use edge_protocol::{CustomerSecret, KeyRing, OrderKeys};
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::payos::{DescriptionSalt, PaymentLinks};
use crate::reader::Reader;
use crate::writer::Writer;

pub(crate) use listener::{serve_private, serve_public};
pub(crate) use private::private_router;

/// Webhooks whose signatures are checked at once: they come in bursts, and each may be 64 KiB to hash.
pub(crate) const WEBHOOKS_AT_ONCE: usize = 32;

/// What handlers may hold: they can ask the writer and read, and do neither's work themselves.
pub(crate) struct App {
    pub writer: Writer,
    pub reader: Reader,
    pub clock: Clock,
    pub metrics: Arc<Metrics>,
    pub edge_keys: KeyRing,
    pub read_tokens: ReadTokens,
    pub admin_keys: KeyRing,
    pub order_keys: OrderKeys,
    pub customer_secret: CustomerSecret,
    pub payos_checksum_key: String,
    pub description_salt: DescriptionSalt,
    pub webhook_permits: Semaphore,
    pub places: Places,
    pub snapshot: snapshot::Rendered,
    pub links: Arc<PaymentLinks>,
    pub origin_no: u8,
}

pub(crate) use places::Places;
pub(crate) use read_tokens::ReadTokens;
pub(crate) use snapshot::Rendered;

pub(crate) fn public_router(app: Arc<App>) -> Router {
    let edge = Router::new()
        .route("/snapshot", get(snapshot::show))
        .route("/purchase", post(purchase::place))
        .route("/orders/{order_code}", get(orders::show))
        .route("/orders/{order_code}/cancel", post(orders::cancel))
        .route("/orders/{order_code}/refund-destination", post(refunds::set_destination))
        .route("/webhooks/payos", post(webhooks::receive));
    let operator = Router::new()
        .route("/admin/products", post(admin::create_product))
        .route("/admin/drops", get(admin::list_drops).post(admin::create_drop))
        .route("/admin/drops/{id}/pause", post(admin::pause))
        .route("/admin/drops/{id}/resume", post(admin::resume))
        .route("/admin/drops/{id}/kill", post(admin::kill))
        .route("/admin/orders/{order_code}/cancel", post(admin::cancel_order))
        .route("/admin/payments", get(payments::list).post(payments::record))
        .route("/admin/payments/{payment}/move", post(payments::give))
        .route("/admin/payments/{payment}/dismiss", post(payments::dismiss))
        .route("/admin/payments/{payment}/refund", post(payments::owe_back))
        .route("/admin/refunds", get(refunds::list))
        .route("/admin/refunds/export", post(refunds::export))
        .route("/admin/refunds/batches/{batch}", get(refunds::batch))
        .route("/admin/refunds/{id}/sent", post(refunds::sent))
        .route("/admin/refunds/{id}/confirm", post(refunds::confirm))
        .route("/admin/refunds/{id}/fail", post(refunds::fail))
        .route("/admin/reconcile", post(reconcile::run))
        .route("/admin/tokens/{jti}/revoke", post(admin::revoke_token));
    edge.merge(operator)
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .with_state(app)
}
