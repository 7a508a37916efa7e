//! What channels of the outbox could not deliver yet, and what they gave up.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use edge_protocol::{ProblemCode, Role, rfc3339};
use ledger::LedgerRow;
use serde::Serialize;

use crate::http::app::App;
use crate::http::auth::Operator;
use crate::http::path::Path;
use crate::http::problem::{ApiError, ApiResult};
use crate::store::{NextTry, ReadStore, StoredDelivery, outbox};

/// More are not looked at one by one.
const LISTED_MAX: u32 = 200;

#[derive(Serialize)]
pub(crate) struct DeliveryView {
    channel: String,
    /// The ledger row that made it owed.
    row: i64,
    kind: &'static str,
    at: String,
    order_code: Option<u64>,
    tries: u32,
    next_try: Option<String>,
    given_up_at: Option<String>,
}

pub(crate) async fn list(operator: Operator, State(app): State<Arc<App>>) -> ApiResult<Json<Vec<DeliveryView>>> {
    operator.require(Role::View)?;
    listed(&app, None).await
}

pub(crate) async fn of_channel(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path(channel): Path,
) -> ApiResult<Json<Vec<DeliveryView>>> {
    operator.require(Role::View)?;
    listed(&app, Some(channel)).await
}

async fn listed(app: &App, channel: Option<String>) -> ApiResult<Json<Vec<DeliveryView>>> {
    let read = move |store: &ReadStore| {
        let deliveries = store.deliveries(channel.as_deref(), LISTED_MAX)?;
        deliveries.into_iter().map(|delivery| with_row(store, delivery)).collect()
    };
    let found: Vec<_> = app.reader.read(read).await?;
    Ok(Json(found.into_iter().filter_map(view).collect()))
}

pub(crate) async fn show(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path((channel, row)): Path<(String, String)>,
) -> ApiResult<Json<DeliveryView>> {
    operator.require(Role::View)?;
    Ok(Json(find(&app, channel, &row).await?))
}

/// Only what was given up: the rest is tried again anyway.
pub(crate) async fn retry(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path((channel, row)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    let operator = operator.require(Role::Operate)?;
    let found = find(&app, channel, &row).await?;
    if found.given_up_at.is_none() {
        let detail = "it was not given up: its channel tries it again by itself";
        return Err(ApiError::new(ProblemCode::DeliveryNotGivenUp, detail));
    }
    require_destination(&app, &found)?;
    app.writer.retry_delivery(found.channel.clone(), found.row, operator).await?;
    app.retried.add(&found.channel, found.row);
    Ok(StatusCode::NO_CONTENT)
}

/// A try without a destination would only forget the delivery.
fn require_destination(app: &App, delivery: &DeliveryView) -> ApiResult<()> {
    let Some(number) = outbox::endpoint_number(&delivery.channel) else { return Ok(()) };
    let published = app.writer.published();
    let endpoint = published.endpoints.get(&number);
    if endpoint.is_some_and(|endpoint| endpoint.is_enabled() && delivery.row > endpoint.added) {
        return Ok(());
    }
    let detail = "its endpoint is disabled, or was added later: enable it first";
    Err(ApiError::new(ProblemCode::NoEndpoint, detail))
}

async fn find(app: &App, channel: String, row: &str) -> ApiResult<DeliveryView> {
    let not_found = || ApiError::new(ProblemCode::DeliveryNotFound, "nothing waits for this channel and row");
    let row: i64 = row.parse().map_err(|_| not_found())?;
    let read =
        move |store: &ReadStore| store.delivery(&channel, row)?.map(|delivery| with_row(store, delivery)).transpose();
    app.reader.read(read).await?.and_then(view).ok_or_else(not_found)
}

fn with_row(store: &ReadStore, delivery: StoredDelivery) -> anyhow::Result<(StoredDelivery, Option<LedgerRow>)> {
    let row = store.ledger_after(delivery.seq - 1, 1)?.into_iter().next();
    Ok((delivery, row))
}

fn view((delivery, row): (StoredDelivery, Option<LedgerRow>)) -> Option<DeliveryView> {
    let row = row?;
    let (next_try, given_up_at) = match delivery.next {
        NextTry::At(at) => (Some(rfc3339::format(at)), None),
        NextTry::GivenUp { at } => (None, Some(rfc3339::format(at))),
    };
    Some(DeliveryView {
        channel: delivery.channel,
        row: delivery.seq,
        kind: row.entry.fact.kind().as_str(),
        at: rfc3339::format(row.at),
        order_code: row.entry.fact.order().map(|order| order.0),
        tries: delivery.attempt,
        next_try,
        given_up_at,
    })
}
