//! What the parts share, and every route.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::routing::{get, post};

use crate::behaviour::Behaviours;
use crate::links::Links;
use crate::shape::{Shape, ShapeChange};
use crate::transfers::{Transaction, Transfer, When};
use crate::webhooks::Webhooks;
use crate::{clock, control, data, pages, protocol};

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
    shape: Mutex<Shape>,
}

impl App {
    pub(crate) fn new(settings: Settings) -> anyhow::Result<Arc<App>> {
        let webhooks = Webhooks::new(settings.webhook_url.clone(), settings.checksum_key.clone())?;
        Ok(Arc::new(App {
            settings,
            webhooks: Arc::new(webhooks),
            links: Mutex::default(),
            behaviours: Mutex::default(),
            shape: Mutex::default(),
        }))
    }

    pub(crate) fn links(&self) -> MutexGuard<'_, Links> {
        self.links.lock().expect("no holder panics")
    }

    pub(crate) fn behaviours(&self) -> MutexGuard<'_, Behaviours> {
        self.behaviours.lock().expect("no holder panics")
    }

    pub(crate) fn shape(&self) -> Shape {
        *self.shape.lock().expect("no holder panics")
    }

    pub(crate) fn change_shape(&self, change: &ShapeChange) -> Shape {
        let mut shape = self.shape.lock().expect("no holder panics");
        shape.change(change);
        *shape
    }

    /// Money arrives on a link, and PayOS tells of it. Gives the transaction and how many webhooks set out.
    pub(crate) fn receive(
        &self,
        links: &mut Links,
        key: &str,
        transfer: &Transfer,
    ) -> Result<(Transaction, usize), ReceiveError> {
        let now_ms = clock::now_ms();
        let reference = transfer.reference.clone().unwrap_or_else(|| links.next_reference(now_ms));
        let link = links.find(key, now_ms).ok_or(ReceiveError::NoSuchLink)?;
        let amount = transfer.amount.unwrap_or_else(|| link.amount_remaining());
        // The sum goes into signed replies, where only safe integers may stand.
        if !(1..=payos::SAFE_INTEGER_MAX - link.amount_paid()).contains(&amount) {
            return Err(ReceiveError::BadAmount);
        }
        let transaction = Transaction {
            reference,
            amount,
            description: transfer.description.clone().unwrap_or_else(|| link.request.memo.clone()),
            counter_account: transfer.counter_account.clone(),
            at_ms: transfer.at_ms.unwrap_or(now_ms),
        };
        link.receive(transaction.clone());
        let data = data::webhook(link, &transaction, self.shape());
        let webhooks = (0..transfer.webhooks()).filter(|_| self.webhooks.deliver(&data, transfer));
        Ok((transaction, webhooks.count()))
    }

    /// What was to arrive at this moment of a cancellation does. Money that cannot be, because nothing is left
    /// to pay by now, stays with the payer.
    pub(crate) fn receive_planned(&self, links: &mut Links, key: &str, when: When) {
        let planned = links.find(key, clock::now_ms()).map(|link| link.take_planned(when));
        for transfer in planned.into_iter().flatten() {
            // It was checked when it was planned, except for what is left to pay.
            let _ = self.receive(links, key, &transfer);
        }
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
        .route("/_control/links/{key}/show", post(control::show))
        .route("/_control/shape", get(control::shape).post(control::change_shape))
        .route("/_control/webhooks", get(control::webhooks).post(control::change_webhooks))
        .route("/_control/webhooks/raw", post(control::send_raw));
    payos.merge(pages).merge(control).with_state(app)
}
