//! What a test or a developer can make happen. No keys are asked for: it listens on this machine only.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::behaviour::BehaviourChange;
use crate::clock;
use crate::json::{self, Problem};
use crate::protocol;
use crate::server::{App, ReceiveError};

/// Each is a post at the same moment; more would exhaust ports rather than prove anything.
const TIMES_MAX: u32 = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pay {
    /// What remains unless given; less, more, and money on a closed link are fine.
    amount: Option<i64>,
    /// A new one unless given; may be empty.
    reference: Option<String>,
    /// How often the webhook is delivered, all at the same time.
    times: Option<u32>,
    /// `false`: the money arrives and nobody is told.
    webhook: Option<bool>,
    /// Before the webhook; the money is there at once.
    delay_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawWebhook {
    /// Sent as it is.
    body: Option<String>,
    /// Or: signed and wrapped as a webhook.
    data: Option<Value>,
    /// The registered address unless given.
    to: Option<String>,
}

pub(crate) async fn pay(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let pay: Pay = json::read(&body)?;
    let times = match (pay.webhook, pay.times) {
        (Some(false), _) => 0,
        (_, times) => times.unwrap_or(1),
    };
    if times > TIMES_MAX {
        return Err(Problem::bad_request(format!("times is above {TIMES_MAX}")));
    }
    let (transaction, data) = app.receive(&key, pay.amount, pay.reference).map_err(Problem::from)?;
    let delay = Duration::from_millis(pay.delay_ms.unwrap_or(0));
    let started = (0..times).filter(|_| app.webhooks.deliver(&data, delay));
    let webhooks = started.count();
    let (reference, amount) = (transaction.reference, transaction.amount);
    Ok(Json(json!({ "reference": reference, "amount": amount, "webhooks": webhooks })))
}

/// Newest first: what GET and creation say of each, and where the payer would be sent.
pub(crate) async fn links(State(app): State<Arc<App>>) -> Json<Value> {
    let mut links = app.links();
    let links: Vec<Value> = links
        .newest_first(clock::now_ms())
        .map(|link| {
            let mut entry = protocol::created_data(&app, link);
            let now = protocol::link_data(link);
            for (key, value) in now.as_object().into_iter().flatten() {
                entry[key] = value.clone();
            }
            entry["returnUrl"] = json!(link.request.return_url);
            entry["cancelUrl"] = json!(link.request.cancel_url);
            entry
        })
        .collect();
    Json(json!({ "links": links }))
}

pub(crate) async fn behaviour(State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!(*app.behaviours()))
}

pub(crate) async fn change_behaviour(State(app): State<Arc<App>>, body: Bytes) -> Result<Json<Value>, Problem> {
    let change: BehaviourChange = json::read(&body)?;
    let mut behaviours = app.behaviours();
    behaviours.change(&change);
    Ok(Json(json!(*behaviours)))
}

pub(crate) async fn webhooks(State(app): State<Arc<App>>) -> Json<Value> {
    let (url, webhooks) = (app.webhooks.url(), app.webhooks.deliveries());
    Json(json!({ "url": url, "webhooks": webhooks }))
}

/// Sent once; answers when the merchant has, with its status or null.
pub(crate) async fn send_raw(State(app): State<Arc<App>>, body: Bytes) -> Result<Json<Value>, Problem> {
    let raw: RawWebhook = json::read(&body)?;
    let text = match (raw.body, raw.data) {
        (Some(text), None) => text,
        (None, Some(data)) => app.webhooks.sign(&data).map_err(|error| Problem::bad_request(error.to_string()))?,
        _ => return Err(Problem::bad_request("give either body or data")),
    };
    let to = raw.to.or_else(|| app.webhooks.url());
    let to = to.ok_or_else(|| Problem::bad_request("no address is known"))?;
    let status = app.webhooks.send_raw(&to, &text).await.ok();
    Ok(Json(json!({ "status": status })))
}

impl From<ReceiveError> for Problem {
    fn from(error: ReceiveError) -> Problem {
        match error {
            ReceiveError::NoSuchLink => Problem::not_found(),
            ReceiveError::BadAmount => Problem::conflict("nothing is left to pay, or the amount cannot be"),
        }
    }
}
