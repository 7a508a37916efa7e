//! Rows of the ledger in words: those of an order, and those that operators asked for.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::Refusal;
use edge_protocol::{Role, rfc3339};
use ledger::LedgerRow;
use serde::Serialize;

use super::order_json::order_named;
use crate::http::app::App;
use crate::http::auth::Operator;
use crate::http::path::Path;
use crate::http::problem::ApiResult;
use crate::http::query::Query;
use crate::store::ReadStore;
use crate::timeline;

/// Rows of a page. An order has a dozen; a page is read in about a millisecond.
const PAGE_MAX: i64 = 200;
const PAGE_DEFAULT: i64 = 100;

#[derive(Serialize)]
pub(crate) struct RowsView {
    rows: Vec<RowView>,
    /// The `after` or `before` of the next page; absent when there are no more.
    next: Option<i64>,
    /// Rows of the ledger that are not looked at yet.
    behind_rows: i64,
}

#[derive(Serialize)]
struct RowView {
    seq: i64,
    at: String,
    kind: &'static str,
    /// Empty where no operator asked for it.
    operator: String,
    drop: Option<u32>,
    order_code: Option<u64>,
    text: String,
}

/// The rows of an order, the oldest first.
pub(crate) async fn of_order(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path(code): Path,
    mut query: Query,
) -> ApiResult<Json<RowsView>> {
    operator.require(Role::View)?;
    let order = order_named(app.origin_no, &code).ok_or(Refusal::OrderNotFound)?;
    let after = query.number("after", 0, i64::MAX)?.unwrap_or(0);
    let max = limit(&mut query)?;
    query.end()?;
    let rows = app.views.read(move |view| view.rows_of(order, after, max + 1)).await?;
    if rows.is_empty() && after == 0 && app.reader.read(move |store| store.load_order(order)).await?.is_none() {
        return Err(Refusal::OrderNotFound.into());
    }
    shown(&app, rows, max).await
}

/// What operators did, the newest first.
pub(crate) async fn of_operators(
    operator: Operator,
    State(app): State<Arc<App>>,
    mut query: Query,
) -> ApiResult<Json<RowsView>> {
    operator.require(Role::View)?;
    let before = query.number("before", 1, i64::MAX)?.unwrap_or(i64::MAX);
    let max = limit(&mut query)?;
    let name = query.take("operator");
    query.end()?;
    let rows = app.views.read(move |view| view.operator_rows(name.as_deref(), before, max + 1)).await?;
    shown(&app, rows, max).await
}

fn limit(query: &mut Query) -> ApiResult<u32> {
    Ok(query.number("limit", 1, PAGE_MAX)?.unwrap_or(PAGE_DEFAULT).unsigned_abs() as u32)
}

async fn shown(app: &App, mut seqs: Vec<i64>, max: u32) -> ApiResult<Json<RowsView>> {
    let more = seqs.len() > max as usize;
    seqs.truncate(max as usize);
    let next = seqs.last().copied().filter(|_| more);
    let read = move |store: &ReadStore| {
        seqs.into_iter().map(|seq| Ok(store.ledger_after(seq - 1, 1)?.into_iter().next())).collect()
    };
    let rows: Vec<Option<LedgerRow>> = app.reader.read(read).await?;
    let behind_rows = (app.writer.published().seq - app.views.state().seq).max(0);
    Ok(Json(RowsView { rows: rows.into_iter().flatten().map(view).collect(), next, behind_rows }))
}

fn view(row: LedgerRow) -> RowView {
    RowView {
        seq: row.seq,
        at: rfc3339::format(row.at),
        kind: row.entry.fact.kind().as_str(),
        drop: row.entry.drop.map(|drop| drop.0),
        order_code: row.entry.fact.order().map(|order| order.0),
        text: timeline::words(&row.entry.fact),
        operator: row.entry.operator,
    }
}
