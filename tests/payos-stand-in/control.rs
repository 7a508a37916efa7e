//! Routes by which a test or a developer controls PayOS; those for payouts are in `payout_control`. They need no keys: the stand-in listens on this machine only.
//!
//! Bodies are JSON, and every field may be left out unless it says otherwise. An unknown field or word is answered
//! 400, an unknown link 404, money that cannot be 409, each with `{"error": text}`. `{key}` is an order code or
//! a link id.
//!
//! # Money
//!
//! `POST /_control/links/{key}/pay`: a payer transfers money. Gives `{"reference", "amount", "webhooks"}`, the last
//! being their number; with `when` gives `{"planned": true}`.
//! - `amount`: what remains unless given. Less is a partial payment and more an overpayment. Money on a link that is
//!   paid, cancelled or expired arrives as well: late money is a pay call after the end.
//! - `reference`: a new one unless given. It may be `""`, and may repeat with the same or another amount.
//! - `description`: the memo as the bank passes it on, for example with a trailing space. The link's unless given.
//! - `counter_account`: `{"bank_id", "bank_name", "name", "number"}` of the payer; nothing is known unless given.
//! - `at_ms`: the bank's time of the transfer in Unix milliseconds; now unless given.
//! - `when`: `"before_cancel"` or `"after_cancel"`. The money waits for the next cancel call on this link that is
//!   carried out, and lands when that has arrived and is not decided, or when it is decided and its reply is
//!   written, so that only a later get shows it. A cancel call that fails or is limited does not count.
//! - `webhook`: `false` for money without a webhook.
//! - `times`: how often the webhook goes out, all at once; 1 unless given, at most 1000.
//! - `delay_ms`: between the money and the webhook; the money is there at once.
//! - `forged`: `true` for webhooks signed with a wrong key.
//!
//! `POST /_control/links/{key}/show`: what replies say of a link in place of the truth. Nothing is decided by it.
//! What is left out or null is true again, so `{}` ends it. Gives the link as `GET /_control/links` does.
//! - `status`: any word, for example `"PROCESSING"`, `"UNDERPAID"`, `"FAILED"`, `"ON_HOLD"`.
//! - `amount_paid`: and `amountRemaining` with it, whatever the transactions add up to.
//!
//! `GET /_control/links`: `{"links": [...]}`, newest first: what creation and get say of each, with `returnUrl` and
//! `cancelUrl`.
//!
//! # Replies
//!
//! `POST /_control/behaviour`: how the next calls go. Operations that are not named keep their behaviour.
//! - `create`, `get`, `cancel`: one of
//!   `"ok"` ·
//!   `"fail_5xx"`: nothing is done ·
//!   `"rate_limited"`, `"rate_limited_without_retry_after"`: 429, nothing is done ·
//!   `"down"`: nothing is done, the connection breaks after `delay_ms` (0) ·
//!   `"silent"`: it is done, the connection breaks after `delay_ms` (0) instead of a reply ·
//!   `"slow"`: it is done after `delay_ms` (2000) and answered, even when the caller has hung up ·
//!   `"done_then_5xx"`: it is done and answered with a failure ·
//!   `"bad_signature"`: it is done and answered with a wrong signature ·
//!   `"unsigned"`: it is done and answered without a signature.
//! - `next`: for how many calls; until it is changed unless given.
//! - `delay_ms`: see above. `status`: of the two with 5xx, 500 to 599. `retry_after_seconds`: of `rate_limited`, 1 unless
//!   given.
//!
//! `GET /_control/behaviour` and the answer to a change: `{"create", "get", "cancel", "calls"}`; `calls` counts, for
//! each operation, the calls with the right keys, whatever came of them.
//!
//! `POST /_control/shape`: how signed `data` is written from now on, in replies and in webhooks. What is not named
//! stays. A change is answered with the whole shape, as is `GET /_control/shape`.
//! - `nothing`: fields without a value are `"null"`, `"missing"`, or `"empty"` (`""`, the payer's accounts only).
//! - `times`: `"mixed"` (replies with +07:00, webhooks Vietnamese without an offset), or all of them `"offset"`,
//!   `"utc"` (Z), `"wall"` (no offset).
//! - `unknown_fields`: `true` adds `futureText`, `futureNumber`, `futureFlag` and `futureNothing` to `data` and to each
//!   transaction, under the signature.
//!
//! # Webhooks
//!
//! `POST /_control/webhooks`: `{"enabled": false}` (required) switches them off: no webhook reports a payment, from
//! pay calls and from the page alike, and repeats under way end. Only /confirm-webhook and raw webhooks are still
//! sent. Gives the same as
//! `GET /_control/webhooks`: `{"url", "enabled", "webhooks": [{"number", "to", "body", "state", "attempts"}]}` with
//! the state `waiting`, `accepted` or `given_up` and attempts `{"at_ms", "status"}`.
//!
//! `POST /_control/webhooks/raw`: one post, not repeated. Gives `{"status"}`, null without a response.
//! - `body`: text sent as it is; or `data`: signed and wrapped as a webhook. One of them is required.
//! - `forged`: `true` signs `data` with a wrong key.
//! - `to`: the registered address unless given.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use payos::SAFE_INTEGER_MAX;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::{App, ReceiveError};
use crate::behaviour::{BadChange, BehaviourChange, Channel};
use crate::json::{self, Problem};
use crate::links::{Link, Shown};
use crate::payments::{PayRequest, TIMES_MAX};
use crate::shape::ShapeChange;
use crate::{clock, data};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhooksChange {
    enabled: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawWebhook {
    body: Option<String>,
    data: Option<Value>,
    #[serde(default)]
    forged: bool,
    to: Option<String>,
}

pub(crate) async fn pay(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let pay_request: PayRequest = json::read(&body)?;
    if pay_request.webhooks() > TIMES_MAX {
        return Err(Problem::bad_request(format!("times is above {TIMES_MAX}")));
    }
    if pay_request.at_ms.is_some_and(|at_ms| !clock::is_of_four_digits(at_ms)) {
        return Err(Problem::bad_request("at_ms is not in a year of four digits"));
    }
    let mut links = app.links();
    if pay_request.when.is_some() {
        let link = links.find(&key, clock::now_ms()).ok_or_else(Problem::not_found)?;
        if pay_request.amount.is_some_and(|amount| !(1..=SAFE_INTEGER_MAX).contains(&amount)) {
            return Err(ReceiveError::BadAmount.into());
        }
        link.plan(pay_request);
        return Ok(Json(json!({ "planned": true })));
    }
    let (transaction, webhooks) = app.receive(&mut links, &key, &pay_request)?;
    let (reference, amount) = (transaction.reference, transaction.amount);
    Ok(Json(json!({ "reference": reference, "amount": amount, "webhooks": webhooks })))
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let shown: Shown = json::read(&body)?;
    if shown.amount_paid.is_some_and(|amount| !(0..=SAFE_INTEGER_MAX).contains(&amount)) {
        return Err(ReceiveError::BadAmount.into());
    }
    let mut links = app.links();
    let link = links.find(&key, clock::now_ms()).ok_or_else(Problem::not_found)?;
    link.shown = shown;
    Ok(Json(link_json(&app, link)))
}

pub(crate) async fn links(State(app): State<Arc<App>>) -> Json<Value> {
    let mut links = app.links();
    let links: Vec<Value> = links.newest_first(clock::now_ms()).map(|link| link_json(&app, link)).collect();
    Json(json!({ "links": links }))
}

pub(crate) async fn behaviour(State(app): State<Arc<App>>) -> Json<Value> {
    behaviours_of(&app, Channel::Links)
}

pub(crate) async fn change_behaviour(State(app): State<Arc<App>>, body: Bytes) -> Result<Json<Value>, Problem> {
    behaviours_after(&app, Channel::Links, &body)
}

pub(crate) fn behaviours_of(app: &App, channel: Channel) -> Json<Value> {
    Json(json!(*app.behaviours(channel)))
}

pub(crate) fn behaviours_after(app: &App, channel: Channel, change: &[u8]) -> Result<Json<Value>, Problem> {
    let change: BehaviourChange = json::read(change)?;
    let mut behaviours = app.behaviours(channel);
    behaviours.change(&change).map_err(|error| match error {
        BadChange::NoFailure => Problem::bad_request("status is not 500 to 599"),
        BadChange::NoSuchOperation => Problem::bad_request("no such operation"),
    })?;
    Ok(Json(json!(*behaviours)))
}

pub(crate) async fn shape(State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!(app.shape()))
}

pub(crate) async fn change_shape(State(app): State<Arc<App>>, body: Bytes) -> Result<Json<Value>, Problem> {
    let change: ShapeChange = json::read(&body)?;
    Ok(Json(json!(app.change_shape(&change))))
}

pub(crate) async fn webhooks(State(app): State<Arc<App>>) -> Json<Value> {
    Json(webhooks_of(&app))
}

pub(crate) async fn change_webhooks(State(app): State<Arc<App>>, body: Bytes) -> Result<Json<Value>, Problem> {
    let change: WebhooksChange = json::read(&body)?;
    app.webhooks.enable(change.enabled);
    Ok(Json(webhooks_of(&app)))
}

pub(crate) async fn send_raw(State(app): State<Arc<App>>, body: Bytes) -> Result<Json<Value>, Problem> {
    let raw: RawWebhook = json::read(&body)?;
    let text = match (raw.body, raw.data, raw.forged) {
        (Some(text), None, false) => Ok(text),
        (None, Some(data), false) => app.webhooks.sign(&data),
        (None, Some(data), true) => app.webhooks.forge(&data),
        _ => return Err(Problem::bad_request("give either body or data, and forge data only")),
    };
    let text = text.map_err(|error| Problem::bad_request(error.to_string()))?;
    let to = raw.to.or_else(|| app.webhooks.url());
    let to = to.ok_or_else(|| Problem::bad_request("no address is known"))?;
    let status = app.webhooks.send_raw(&to, &text).await.ok();
    Ok(Json(json!({ "status": status })))
}

fn link_json(app: &App, link: &Link) -> Value {
    let shape = app.shape();
    let mut link_data = data::created(&app.settings.base_url, link, shape);
    let now = data::link(link, shape);
    for (key, value) in now.as_object().into_iter().flatten() {
        link_data[key] = value.clone();
    }
    link_data["returnUrl"] = json!(link.request.return_url);
    link_data["cancelUrl"] = json!(link.request.cancel_url);
    link_data
}

fn webhooks_of(app: &App) -> Value {
    let (url, enabled) = (app.webhooks.url(), app.webhooks.enabled());
    json!({ "url": url, "enabled": enabled, "webhooks": app.webhooks.deliveries() })
}

impl From<ReceiveError> for Problem {
    fn from(error: ReceiveError) -> Problem {
        match error {
            ReceiveError::NoSuchLink => Problem::not_found(),
            ReceiveError::BadAmount => Problem::conflict("nothing is left to pay, or the amount cannot be"),
        }
    }
}
