//! Whether the process lives, and whether it can serve.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::OrderCode;

use crate::http::app::App;

pub(crate) async fn live() -> &'static str {
    "ok\n"
}

/// Ready when the writer answers and the readers read.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Response {
    let writes = app.writer.due_holds(OrderCode(u64::MAX), 0).await.is_ok();
    let reads = app.reader.read(|store| store.ledger_after(i64::MAX, 1)).await.is_ok();
    if writes && reads {
        "ok\n".into_response()
    } else {
        let state = format!("writer: {writes}, readers: {reads}\n");
        (StatusCode::SERVICE_UNAVAILABLE, state).into_response()
    }
}
