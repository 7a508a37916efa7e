//! What the parts share, and every route.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::routing::{get, post};

use crate::behaviour::Behaviours;
use crate::links::{Links, Transaction};
use crate::webhooks::Webhooks;
use crate::{clock, control, pages, protocol};

pub(crate) struct Settings {
    /// Where this server is reached, without a slash at the end.
    pub(crate) base_url: String,
    pub(crate) client_id: String,
    pub(crate) api_key: String,
    pub(crate) checksum_key: String,
    pub(crate) webhook_url: Option<String>,
    pub(crate) memo_prefix: bool,
}

pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) webhooks: Arc<Webhooks>,
    links: Mutex<Links>,
    behaviours: Mutex<Behaviours>,
}

impl App {
    pub(crate) fn new(settings: Settings) -> anyhow::Result<Arc<App>> {
        let webhooks = Webhooks::new(settings.webhook_url.clone(), settings.checksum_key.clone())?;
        Ok(Arc::new(App {
            settings,
            webhooks: Arc::new(webhooks),
            links: Mutex::default(),
            behaviours: Mutex::default(),
        }))
    }

    pub(crate) fn links(&self) -> MutexGuard<'_, Links> {
        self.links.lock().expect("no holder panics")
    }

    pub(crate) fn behaviours(&self) -> MutexGuard<'_, Behaviours> {
        self.behaviours.lock().expect("no holder panics")
    }

    /// Money arrives on a link. Gives the transfer and the webhook `data` that tells of it.
    pub(crate) fn receive(
        &self,
        key: &str,
        amount: Option<i64>,
        reference: Option<String>,
    ) -> Result<(Transaction, serde_json::Value), ReceiveError> {
        let now_ms = clock::now_ms();
        let mut links = self.links();
        let reference = reference.unwrap_or_else(|| links.next_reference(now_ms));
        let link = links.find(key, now_ms).ok_or(ReceiveError::NoSuchLink)?;
        let amount = amount.unwrap_or_else(|| link.amount_remaining());
        // The sum goes into signed replies, where only safe integers may stand.
        if !(1..=payos::SAFE_INTEGER_MAX - link.amount_paid()).contains(&amount) {
            return Err(ReceiveError::BadAmount);
        }
        let at_ms = now_ms;
        let transaction = Transaction { reference, amount, at_ms };
        link.receive(transaction.clone());
        let data = protocol::webhook_data(link, &transaction);
        Ok((transaction, data))
    }
}

#[derive(Debug)]
pub(crate) enum ReceiveError {
    NoSuchLink,
    /// Nothing is left to pay, or the amount given is not positive, or all of it is above 2^53.
    BadAmount,
}

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
        .route("/_control/webhooks", get(control::webhooks))
        .route("/_control/webhooks/raw", post(control::send_raw));
    payos.merge(pages).merge(control).with_state(app)
}
