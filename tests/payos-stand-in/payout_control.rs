//! Routes by which a test or a developer controls the payout channel, in the manner of those in `control`.
//!
//! `{key}` is PayOS's id of a payout or its `referenceId`; of several payouts with one reference it is the newest.
//!
//! `GET /_control/payouts`: `{"payouts": [...]}`, newest first: what get says of each, with `idempotencyKey`.
//!
//! `POST /_control/payouts/{key}/move`: what becomes of a payout. Gives it as the list does.
//! - `state`: of its transfers, any word: `"SUCCEEDED"`, `"FAILED"`, `"CANCELLED"`, `"ON_HOLD"`, `"PROCESSING"`,
//!   `"REVERSED"`. The money of failed, cancelled and reversed transfers is back in the balance.
//! - `reference_id`: only the transfer of a batch that has this reference.
//! - `reference`: of the bank, when it succeeds; a new one unless given.
//! - `account_name`: whose account it is. Nothing is known unless given; give another name for a wrong account.
//! - `error_code`, `error_message`: of a failure.
//! - `approval_state`: any word; follows from the transfers unless given.
//!
//! `POST /_control/payouts/{key}/forget`: PayOS loses the payout and its idempotency key. Gives `{"forgotten": true}`.
//!
//! `POST /_control/payout-channel`: what is not named stays. A change is answered with all of it, as is the `GET`.
//! - `balance`: VND; 1,000,000,000 at the start. A payout takes its amount when it is made.
//! - `succeed_when_read`: `true` makes each payout succeed when it is read for the first time.
//! - `replay`: how a repeated idempotency key with the same body is answered: `"first_reply"` or `"error"`. Another
//!   body is always an error.
//! - `ip_refused`: `true` answers every call with HTTP 403, as for an address that the dashboard does not list.
//!
//! `POST /_control/payout-behaviour`: how the next calls go, as `POST /_control/behaviour` for links; the operations
//! are `create` (single and batch), `get`, `list`, `estimate` and `balance`.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use crate::app::App;
use crate::behaviour::Channel;
use crate::clock;
use crate::control::{behaviours_after, behaviours_of};
use crate::json::{self, Problem};
use crate::payouts::{Move, Payout, PayoutChannelChange};

pub(crate) async fn payouts(State(app): State<Arc<App>>) -> Json<Value> {
    let payouts: Vec<Value> = app.payouts().newest_first().map(Payout::control_data).collect();
    Json(json!({ "payouts": payouts }))
}

pub(crate) async fn change(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let change: Move = json::read(&body)?;
    let mut payouts = app.payouts();
    let payout = payouts.change(&key, &change, clock::now_ms()).ok_or_else(Problem::not_found)?;
    Ok(Json(payout.control_data()))
}

pub(crate) async fn forget(State(app): State<Arc<App>>, Path(key): Path<String>) -> Result<Json<Value>, Problem> {
    match app.payouts().forget(&key) {
        true => Ok(Json(json!({ "forgotten": true }))),
        false => Err(Problem::not_found()),
    }
}

pub(crate) async fn channel(State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!(app.payouts().channel))
}

pub(crate) async fn change_channel(State(app): State<Arc<App>>, body: Bytes) -> Result<Json<Value>, Problem> {
    let change: PayoutChannelChange = json::read(&body)?;
    let mut payouts = app.payouts();
    payouts.change_channel(&change);
    Ok(Json(json!(payouts.channel)))
}

pub(crate) async fn behaviour(State(app): State<Arc<App>>) -> Json<Value> {
    behaviours_of(&app, Channel::Payouts)
}

pub(crate) async fn change_behaviour(State(app): State<Arc<App>>, body: Bytes) -> Result<Json<Value>, Problem> {
    behaviours_after(&app, Channel::Payouts, &body)
}
