//! Every route.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;
use crate::{control, pages, payout_control, payout_pages, payout_protocol, protocol};

pub(crate) fn router(app: Arc<App>) -> Router {
    let payos = Router::new()
        .route("/v2/payment-requests", post(protocol::create))
        .route("/v2/payment-requests/{key}", get(protocol::get))
        .route("/v2/payment-requests/{key}/cancel", post(protocol::cancel))
        .route("/confirm-webhook", post(protocol::confirm_webhook));
    let pages = Router::new()
        .route("/", get(pages::list))
        .route("/web/{id}", get(pages::checkout))
        .route("/web/{id}/pay", post(pages::pay))
        .route("/web/{id}/cancel", post(pages::cancel));
    let control = Router::new()
        .route("/_control/links", get(control::links))
        .route("/_control/links/{key}/pay", post(control::pay))
        .route("/_control/behaviour", get(control::behaviour).post(control::change_behaviour))
        .route("/_control/links/{key}/show", post(control::show))
        .route("/_control/shape", get(control::shape).post(control::change_shape))
        .route("/_control/webhooks", get(control::webhooks).post(control::change_webhooks))
        .route("/_control/webhooks/raw", post(control::send_raw));
    payos.merge(pages).merge(control).merge(payouts()).with_state(app)
}

fn payouts() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/payouts", get(payout_protocol::list).post(payout_protocol::create))
        .route("/v1/payouts/", post(payout_protocol::create))
        .route("/v1/payouts/batch", post(payout_protocol::create_batch))
        .route("/v1/payouts/estimate-credit", post(payout_protocol::estimate))
        .route("/v1/payouts/{id}", get(payout_protocol::get))
        .route("/v1/payouts-account/balance", get(payout_protocol::balance))
        .route("/payouts", get(payout_pages::list))
        .route("/payouts/{id}/succeed", post(payout_pages::succeed))
        .route("/payouts/{id}/fail", post(payout_pages::fail))
        .route("/_control/payouts", get(payout_control::payouts))
        .route("/_control/payouts/{key}/move", post(payout_control::change))
        .route("/_control/payouts/{key}/forget", post(payout_control::forget))
        .route("/_control/payout-channel", get(payout_control::channel).post(payout_control::change_channel))
        .route("/_control/payout-behaviour", get(payout_control::behaviour).post(payout_control::change_behaviour))
}
