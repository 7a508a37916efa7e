//! PayOS for the measured origin. It responds as slowly as the real one, so that the origin pays for its outgoing calls
//! during a measurement.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::Result;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::net::TcpListener;

use crate::clock::now_ms;
use crate::payouts_stand_in;

/// Signs everything between the origin and this stand-in, which never leaves the loopback.
pub(crate) const CHECKSUM_KEY: &str = "bench-checksum-key";
/// The price of a unit, and so the amount of every order.
pub(crate) const PRICE: i64 = 100_000;
/// The time of a call to a payment provider over the internet.
pub(crate) const DELAY: Duration = Duration::from_millis(300);

#[derive(Clone)]
struct Links {
    delay: Duration,
    known: Arc<Mutex<HashMap<u64, Link>>>,
}

#[derive(Clone, Copy, Default)]
struct Link {
    created_ms: i64,
    paid: bool,
    cancelled: bool,
}

/// Each call takes `delay`.
pub(crate) async fn serve(listen: SocketAddr, delay: Duration) -> Result<()> {
    let app = Router::new()
        .route("/v2/payment-requests", post(create))
        .route("/v2/payment-requests/{order}", get(show))
        .route("/v2/payment-requests/{order}/cancel", post(cancel))
        .route("/paid", post(mark_paid))
        .with_state(Links { delay, known: Arc::default() })
        .merge(payouts_stand_in::routes(delay, CHECKSUM_KEY));
    let listener = TcpListener::bind(listen).await?;
    println!("listening http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}

pub(crate) fn link_id(order: u64) -> String {
    format!("{order:032x}")
}

/// The bank's number of the transfer that pays an order.
pub(crate) fn reference(order: u64) -> String {
    format!("FT{order}")
}

impl Links {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Link>> {
        self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

async fn create(State(links): State<Links>, Json(request): Json<Value>) -> Json<Value> {
    tokio::time::sleep(links.delay).await;
    let order = request["orderCode"].as_u64().unwrap_or_default();
    links.lock().entry(order).or_default().created_ms = now_ms();
    let id = link_id(order);
    signed(json!({
        "bin": "970422",
        "accountNumber": "113366668888",
        "accountName": "BENCH",
        "amount": request["amount"],
        "description": request["description"],
        "orderCode": order,
        "currency": "VND",
        "paymentLinkId": id,
        "status": "PENDING",
        "checkoutUrl": format!("https://pay.payos.vn/web/{id}"),
        "qrCode": "000201",
    }))
}

async fn show(State(links): State<Links>, Path(order): Path<u64>) -> Json<Value> {
    tokio::time::sleep(links.delay).await;
    let link = links.lock().get(&order).copied();
    link_response(order, link)
}

async fn cancel(State(links): State<Links>, Path(order): Path<u64>) -> Json<Value> {
    tokio::time::sleep(links.delay).await;
    let link = links.lock().get_mut(&order).map(|link| {
        link.cancelled = !link.paid;
        *link
    });
    link_response(order, link)
}

/// Not a route of PayOS: a scenario has paid for these orders.
async fn mark_paid(State(links): State<Links>, Json(orders): Json<Vec<u64>>) {
    let mut links = links.lock();
    for order in orders {
        let link = links.entry(order).or_default();
        link.paid = true;
        link.created_ms = link.created_ms.max(now_ms());
    }
}

fn link_response(order: u64, link: Option<Link>) -> Json<Value> {
    let Some(link) = link else {
        return Json(json!({ "code": "101", "desc": "no such link" }));
    };
    let amount_paid = if link.paid { PRICE } else { 0 };
    let transfer = json!({
        "reference": reference(order), "amount": PRICE, "accountNumber": "113366668888", "description": "BENCH",
        "transactionDateTime": "2026-11-20 10:15:30",
    });
    signed(json!({
        "id": link_id(order),
        "orderCode": order,
        "amount": PRICE,
        "amountPaid": amount_paid,
        "amountRemaining": PRICE - amount_paid,
        "status": if link.paid { "PAID" } else if link.cancelled { "CANCELLED" } else { "PENDING" },
        "createdAt": rfc3339(link.created_ms),
        "transactions": if link.paid { vec![transfer] } else { Vec::new() },
    }))
}

fn signed(data: Value) -> Json<Value> {
    let signature = payos::sign_data(CHECKSUM_KEY, &data).unwrap_or_default();
    Json(json!({ "code": "00", "desc": "success", "data": data, "signature": signature }))
}

fn rfc3339(at_ms: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at_ms) * 1_000_000);
    at.ok().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}
