//! The rival: axum and nothing else. It also plays PayOS for the origin, as slowly as the real one answers, so that
//! the origin pays for its outgoing calls while it is measured.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A call to a payment provider over the internet.
const PAYOS_DELAY: Duration = Duration::from_millis(300);

pub(crate) async fn serve(listen: SocketAddr, checksum_key: String) -> Result<()> {
    let app = Router::new()
        .route("/snapshot", get(snapshot))
        .route("/purchase", post(echo))
        .route("/v2/payment-requests", post(create_link))
        .with_state(checksum_key);
    let listener = TcpListener::bind(listen).await?;
    println!("listening http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}

/// As many bytes as the origin's snapshot of one drop.
async fn snapshot() -> (HeaderMap, String) {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    (headers, crate::system::SNAPSHOT_LIKE.to_owned())
}

async fn echo(Json(body): Json<Value>) -> Json<Value> {
    Json(body)
}

async fn create_link(State(checksum_key): State<String>, Json(request): Json<Value>) -> Json<Value> {
    tokio::time::sleep(PAYOS_DELAY).await;
    let id = format!("{:032x}", request["orderCode"].as_u64().unwrap_or_default());
    let data = json!({
        "bin": "970422",
        "accountNumber": "113366668888",
        "accountName": "BENCH",
        "amount": request["amount"],
        "description": request["description"],
        "orderCode": request["orderCode"],
        "currency": "VND",
        "paymentLinkId": id,
        "status": "PENDING",
        "checkoutUrl": format!("https://pay.payos.vn/web/{id}"),
        "qrCode": "000201",
    });
    let signature = payos::sign_data(&checksum_key, &data).unwrap_or_default();
    Json(json!({ "code": "00", "desc": "success", "data": data, "signature": signature }))
}
