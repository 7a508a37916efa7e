//! Every route.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;
use crate::{control, pages, protocol};

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
    payos.merge(pages).merge(control).with_state(app)
}
