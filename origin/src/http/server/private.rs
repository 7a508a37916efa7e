//! The private listener: for the machine itself and its monitoring, never for the internet.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::http::app::App;
use crate::http::problem::ApiError;

pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response {
    const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let rendered = match app.reader.read(|store| Ok((store.money_waiting()?, store.log_bytes()?))).await {
        Ok((waiting, log_bytes)) => app.metrics.render(&app.writer, &waiting, log_bytes, app.clock.now()),
        Err(error) => Err(error.into()),
    };
    match rendered {
        Ok(text) => ([(header::CONTENT_TYPE, OPENMETRICS)], text).into_response(),
        Err(error) => ApiError::internal(&error).into_response(),
    }
}

/// Ready when the writer answers and the readers read.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Response {
    let writes = app.writer.due_holds(domain::OrderCode(u64::MAX), 0).await.is_ok();
    let reads = app.reader.read(|store| store.ledger_after(i64::MAX, 1)).await.is_ok();
    if writes && reads {
        "ok\n".into_response()
    } else {
        let state = format!("writer: {writes}, readers: {reads}\n");
        (StatusCode::SERVICE_UNAVAILABLE, state).into_response()
    }
}
