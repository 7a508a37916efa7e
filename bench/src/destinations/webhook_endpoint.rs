//! A webhook endpoint that accepts every delivery.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use tokio::net::TcpListener;

pub(super) async fn serve(listener: TcpListener, delay: Duration, taken: Arc<AtomicU64>) -> Result<()> {
    // A handler reads the delivery before it answers.
    let accept = async move |_: Bytes| {
        tokio::time::sleep(delay).await;
        taken.fetch_add(1, Ordering::Relaxed);
        StatusCode::NO_CONTENT
    };
    Ok(axum::serve(listener, Router::new().route("/", post(accept))).await?)
}
