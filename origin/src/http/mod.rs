//! Every URL of the origin on one page, sorted by caller. The public listener answers nothing without a signed token.
//!
//! Handlers import the files beside their folders, and never each other.

mod app;
mod auth;
mod body;
mod destination;
mod fallback;
mod fields;
mod look_ups;
mod operator;
mod path;
mod problem;
mod provider;
mod query;
mod read_tokens;
mod server;
mod shopper;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use self::operator::{
    clock, deliveries, drops, history, ledger_rows, mail, order_search, order_show, orders, payments, payouts,
    products, reconcile, refunds, tokens, views, webhooks,
};
use self::provider::webhook;
use self::server::{health, metrics};
use self::shopper::{order, order_link, purchase, refund_destination, snapshot};

pub(crate) use app::{App, PURCHASES_AT_ONCE, WEBHOOKS_AT_ONCE};
pub(crate) use look_ups::LookUps;
pub(crate) use read_tokens::ReadTokens;
pub(crate) use server::listener::{serve_private, serve_public};

pub(crate) fn public_router(app: Arc<App>) -> Router {
    let shopper = Router::new()
        .route("/snapshot", get(snapshot::show))
        .route("/purchase", post(purchase::place))
        .route("/order-links", post(order_link::ask))
        .route("/orders/{order_code}", get(order::show))
        .route("/orders/{order_code}/cancel", post(order::cancel))
        .route("/orders/{order_code}/refund-destination", post(refund_destination::set));
    let provider = Router::new().route("/webhooks/payos", post(webhook::receive));
    let operator = Router::new()
        .route("/admin/products", post(products::create))
        .route("/admin/drops", get(drops::list).post(drops::create))
        .route("/admin/drops/{id}/pause", post(drops::pause))
        .route("/admin/drops/{id}/resume", post(drops::resume))
        .route("/admin/drops/{id}/kill", post(drops::kill))
        .route("/admin/orders", get(order_search::find))
        .route("/admin/orders/{order_code}", get(order_show::show))
        .route("/admin/orders/{order_code}/timeline", get(ledger_rows::of_order))
        .route("/admin/history/revenue", get(history::revenue))
        .route("/admin/audit", get(ledger_rows::of_operators))
        .route("/admin/views", get(views::show))
        .route("/admin/views/rebuild", post(views::rebuild))
        .route("/admin/orders/{order_code}/cancel", post(orders::cancel))
        .route("/admin/mail/stops", get(mail::stops))
        .route("/admin/mail/stops/{order_code}/allow", post(mail::allow))
        .route("/admin/payments", get(payments::list).post(payments::record))
        .route("/admin/payments/unreadable", get(payments::unreadable))
        .route("/admin/payments/{payment}/move", post(payments::give))
        .route("/admin/payments/{payment}/dismiss", post(payments::dismiss))
        .route("/admin/payments/{payment}/refund", post(payments::owe_back))
        .route("/admin/refunds", get(refunds::list))
        .route("/admin/refunds/export", post(refunds::export))
        .route("/admin/refunds/pay", post(payouts::pay))
        .route("/admin/refunds/{id}/approve", post(payouts::approve))
        .route("/admin/payouts", get(payouts::show))
        .route("/admin/payouts/pause", post(payouts::pause))
        .route("/admin/payouts/resume", post(payouts::resume))
        .route("/admin/refunds/batches/{batch}", get(refunds::batch))
        .route("/admin/refunds/{id}/name", post(refunds::complete))
        .route("/admin/refunds/{id}/sent", post(refunds::sent))
        .route("/admin/refunds/{id}/confirm", post(refunds::confirm))
        .route("/admin/refunds/{id}/fail", post(refunds::fail))
        .route("/admin/webhooks", get(webhooks::list).post(webhooks::add))
        .route("/admin/webhooks/{endpoint}/test", post(webhooks::test))
        .route("/admin/webhooks/{endpoint}/rotate", post(webhooks::rotate))
        .route("/admin/webhooks/{endpoint}/retire-secret", post(webhooks::retire_secret))
        .route("/admin/webhooks/{endpoint}/disable", post(webhooks::disable))
        .route("/admin/webhooks/{endpoint}/enable", post(webhooks::enable))
        .route("/admin/webhooks/{endpoint}/remove", post(webhooks::remove))
        .route("/admin/deliveries", get(deliveries::list))
        .route("/admin/deliveries/{channel}", get(deliveries::of_channel))
        .route("/admin/deliveries/{channel}/{row}", get(deliveries::show))
        .route("/admin/deliveries/{channel}/{row}/retry", post(deliveries::retry))
        .route("/admin/clock", get(clock::show))
        .route("/admin/clock/accept", post(clock::accept))
        .route("/admin/reconcile", post(reconcile::run))
        .route("/admin/references", get(reconcile::references))
        .route("/admin/tokens/{jti}/revoke", post(tokens::revoke));
    shopper
        .merge(provider)
        .merge(operator)
        .fallback(fallback::not_found)
        .method_not_allowed_fallback(fallback::method_not_allowed)
        .with_state(app)
}

/// For the machine itself and its monitoring.
pub(crate) fn private_router(app: Arc<App>) -> Router {
    Router::new()
        .route("/metrics", get(metrics::show))
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .with_state(app)
}
