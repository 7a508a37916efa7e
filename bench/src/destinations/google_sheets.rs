//! Google's token endpoint, and a sheet that takes every row and keeps none.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::net::TcpListener;

#[derive(Clone)]
struct Sheet {
    delay: Duration,
    rows: Arc<AtomicU64>,
}

pub(super) async fn serve(listener: TcpListener, delay: Duration, rows: Arc<AtomicU64>) -> Result<()> {
    let app = Router::new()
        .route("/token", post(async || Json(json!({ "access_token": "bench", "expires_in": 3600 }))))
        .route("/v4/spreadsheets/{id}/values/{range}", get(read).put(write_header).post(append))
        .with_state(Sheet { delay, rows });
    Ok(axum::serve(listener, app).await?)
}

/// The sheet is empty, so the origin writes its header first and finds no rows that it wrote before.
async fn read(State(sheet): State<Sheet>) -> Json<Value> {
    tokio::time::sleep(sheet.delay).await;
    Json(json!({}))
}

async fn write_header(State(sheet): State<Sheet>) -> Json<Value> {
    tokio::time::sleep(sheet.delay).await;
    Json(json!({ "updatedRows": 1 }))
}

async fn append(State(sheet): State<Sheet>, Json(body): Json<Value>) -> Json<Value> {
    tokio::time::sleep(sheet.delay).await;
    let rows = body["values"].as_array().map_or(0, Vec::len);
    sheet.rows.fetch_add(rows as u64, Ordering::Relaxed);
    Json(json!({ "updates": { "updatedRows": rows } }))
}

/// The key file of an account that gets its tokens at `url`, with a key made for this run.
pub(super) fn service_account(url: &str) -> Result<NamedTempFile> {
    let key = KeyPair::generate(KeySize::Rsa2048).ok().context("cannot make a key")?;
    let key: Pkcs8V1Der<'_> = key.as_der().ok().context("cannot write a key")?;
    let key = STANDARD.encode(key.as_ref());
    let account = json!({
        "type": "service_account",
        "client_email": "bench@example.com",
        "private_key_id": "1",
        "private_key": format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n"),
        "token_uri": format!("{url}token"),
    });
    let mut file = NamedTempFile::new()?;
    file.write_all(account.to_string().as_bytes())?;
    Ok(file)
}
