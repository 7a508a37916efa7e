//! The baseline: axum and nothing else, with as many threads as serve requests in the origin.

use std::net::SocketAddr;

use anyhow::Result;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::Value;
use tokio::net::TcpListener;

/// Responds to a GET with `snapshot` and to a POST with its own body, parsed and written again.
pub(crate) async fn serve(listen: SocketAddr, snapshot: String) -> Result<()> {
    let app =
        Router::new().route("/snapshot", get(show)).route("/purchase", post(echo)).with_state(snapshot.leak() as &str);
    let listener = TcpListener::bind(listen).await?;
    println!("listening http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}

async fn show(State(snapshot): State<&'static str>) -> (HeaderMap, String) {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    (headers, snapshot.to_owned())
}

async fn echo(Json(body): Json<Value>) -> Json<Value> {
    Json(body)
}
