//! Reconciliation: reading payment links at PayOS again.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use domain::OrderCode;
use edge_protocol::Role;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::http::app::App;
use crate::http::auth::Operator;
use crate::http::body::read_json;
use crate::http::fields::{moment, required};
use crate::http::problem::{ApiError, ApiResult};
use crate::payos::LinkDifference;
use crate::statement::day_of;
use crate::store::Referenced;

/// Links asked about in one request: at the concurrency below it answers within a caller's patience.
const ORDERS_MAX: u32 = 64;
const AT_ONCE: usize = 8;

#[derive(Deserialize)]
struct Body {
    since: Option<String>,
    /// Go on after this order.
    after: Option<u64>,
}

#[derive(Serialize)]
struct Page {
    /// Orders whose links were read.
    read: usize,
    /// Orders whose links could not be read, to be asked about again.
    unread: Vec<u64>,
    differences: Vec<Difference>,
    /// Where to go on; absent at the end.
    next: Option<u64>,
}

#[derive(Serialize)]
struct Difference {
    order_code: u64,
    short_code: String,
    kind: &'static str,
    detail: String,
}

/// References in one answer. More are no accident of a bank, and the first of them show what happened.
const REFERENCES_MAX: usize = 500;

#[derive(Serialize)]
struct ReferencedView {
    payment: i64,
    reference: String,
    /// 0 without an order.
    order_code: u64,
    amount: i64,
    day: String,
    /// The bank's time could not be read, and `day` is when the payment was recorded.
    day_is_recorded: bool,
    stands: &'static str,
}

/// Every reference that is known more than once, each with its payments, oldest first.
pub(crate) async fn references(operator: Operator, State(app): State<Arc<App>>) -> ApiResult<Response> {
    operator.require(Role::Operate)?;
    let found = app.reader.read(|store| store.references_known_more_than_once(REFERENCES_MAX)).await?;
    let view = |known: Referenced| ReferencedView {
        payment: known.payment.seq,
        reference: known.payment.identity.bank_reference().unwrap_or_default().to_owned(),
        order_code: known.payment.order.0,
        amount: known.payment.amount.get(),
        day: day_of(known.payment.at).map_or_else(String::new, |day| day.to_string()),
        day_is_recorded: !known.has_own_time,
        stands: known.stands,
    };
    let found: Vec<Vec<ReferencedView>> =
        found.into_iter().map(|payments| payments.into_iter().map(view).collect()).collect();
    Ok(Json(found).into_response())
}

/// Reads links at PayOS and records what the ledger did not have. Safe to repeat, and beside everything else.
pub(crate) async fn run(operator: Operator, State(app): State<Arc<App>>, request: Request) -> ApiResult<Response> {
    operator.require(Role::Operate)?;
    let body: Body = read_json(request).await?;
    let since = moment("since", &required("since", body.since)?)?;
    let after = OrderCode(body.after.unwrap_or(0));
    let orders = app.reader.read(move |store| store.orders_with_links(since, after, ORDERS_MAX)).await?;
    let full = orders.len() == ORDERS_MAX as usize;
    let mut page = Page {
        read: 0,
        unread: Vec::new(),
        differences: Vec::new(),
        next: orders.last().filter(|_| full).map(|last| last.0),
    };
    let mut tasks = JoinSet::new();
    for order in orders {
        if tasks.len() >= AT_ONCE
            && let Some(read) = tasks.join_next().await
        {
            page.add(read)?;
        }
        let app = app.clone();
        tasks.spawn(async move { (order, app.links.read_again(order).await) });
    }
    while let Some(read) = tasks.join_next().await {
        page.add(read)?;
    }
    Ok(Json(page).into_response())
}

type Read = Result<(OrderCode, anyhow::Result<Option<Vec<LinkDifference>>>), tokio::task::JoinError>;

impl Page {
    fn add(&mut self, read: Read) -> ApiResult<()> {
        let (order, read) = read.map_err(|error| ApiError::internal(&error.into()))?;
        match read.map_err(|error| ApiError::internal(&error))? {
            None => self.unread.push(order.0),
            Some(differences) => {
                self.read += 1;
                self.differences.extend(differences.into_iter().map(|difference| described(order, difference)));
            }
        }
        Ok(())
    }
}

fn described(order: OrderCode, difference: LinkDifference) -> Difference {
    let (kind, detail) = match difference {
        LinkDifference::PaymentFound { reference, amount } => {
            ("payment_found", format!("{amount} VND with reference {reference}, now recorded"))
        }
        LinkDifference::AmountPaidDiffers { payos, ledger } => {
            ("amount_paid_differs", format!("PayOS counts {payos} VND, the ledger has {ledger} VND from this link"))
        }
    };
    Difference { order_code: order.0, short_code: order.short_code(), kind, detail }
}
