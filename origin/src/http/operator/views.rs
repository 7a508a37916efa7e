//! How far searches see, and making the view anew.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use edge_protocol::{Role, rfc3339};
use serde::Serialize;

use crate::http::app::App;
use crate::http::auth::Operator;
use crate::http::problem::ApiResult;

#[derive(Serialize)]
pub(crate) struct ViewShown {
    /// The last row of the ledger that it has.
    seq: i64,
    ledger_seq: i64,
    lag_rows: i64,
    /// Age of the first row that it does not have.
    lag_seconds: i64,
    /// When that row was written.
    next_row_at: Option<String>,
    size_bytes: u64,
    /// It could not be opened or written; the log says why, and it is tried again.
    fails: bool,
}

pub(crate) async fn show(operator: Operator, State(app): State<Arc<App>>) -> ApiResult<Json<ViewShown>> {
    operator.require(Role::View)?;
    let state = app.views.state();
    let ledger_seq = app.writer.published().seq;
    let next = app.reader.read(move |store| store.ledger_time(state.seq + 1)).await?;
    let now = app.clock.now();
    Ok(Json(ViewShown {
        seq: state.seq,
        ledger_seq,
        lag_rows: (ledger_seq - state.seq).max(0),
        lag_seconds: next.map_or(0, |at| (now.0 - at.0).max(0) / 1000),
        next_row_at: next.map(rfc3339::format),
        size_bytes: state.size_bytes,
        fails: state.fails,
    }))
}

/// Throws it away. It is filled again while it answers with what it has.
pub(crate) async fn rebuild(operator: Operator, State(app): State<Arc<App>>) -> ApiResult<StatusCode> {
    operator.require(Role::Operate)?;
    app.views.rebuild().await?;
    Ok(StatusCode::ACCEPTED)
}
