//! Drops: creating, listing, pausing, resuming and killing them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::{
    Command, DropId, DropStatus, Format, HOLD_SECONDS_DEFAULT, LATE_PAYMENT_SECONDS_DEFAULT, Outcome, Stock, Terms,
    TermsError, Vnd,
};
use edge_protocol::json::Object;
use edge_protocol::limits::SLUG_CHARS_MAX;
use edge_protocol::{ProblemCode, Role, rfc3339};
use engine::{CreateDropError, NewDrop, ProductOf};
use ledger::Listing;
use serde::{Deserialize, Serialize};

use super::product_json::{ProductBody, ProductView};
use crate::http::app::App;
use crate::http::auth::Operator;
use crate::http::body::read_json;
use crate::http::fields::{moment, required, text};
use crate::http::path::Path;
use crate::http::problem::{ApiError, ApiResult};
use crate::writer::PublishedDrop;

#[derive(Deserialize)]
struct DropBody {
    slug: Option<String>,
    /// Either the number of a product or what to make one of.
    product_id: Option<i64>,
    product: Option<Object<ProductBody>>,
    size: Option<u32>,
    price: Option<i64>,
    opens_at: Option<String>,
    closes_at: Option<String>,
    limit_per_customer: Option<u32>,
    hold_seconds: Option<u32>,
    late_payment_seconds: Option<u32>,
}

#[derive(Serialize)]
struct DropView {
    id: u32,
    slug: String,
    product: ProductView,
    size: u32,
    price: i64,
    opens_at: String,
    closes_at: Option<String>,
    limit_per_customer: u32,
    hold_seconds: u32,
    late_payment_seconds: u32,
}

#[derive(Serialize)]
struct DropRow {
    #[serde(flatten)]
    drop: DropView,
    paused: bool,
    killed: bool,
    #[serde(with = "edge_protocol::json::Stock")]
    stock: Stock,
}

pub(crate) async fn create(operator: Operator, State(app): State<Arc<App>>, request: Request) -> ApiResult<Response> {
    let operator = operator.require(Role::Operate)?;
    let body: DropBody = read_json(request).await?;
    let slug = slug(text("slug", body.slug.clone(), SLUG_CHARS_MAX)?)?;
    let terms = terms(&body)?;
    let product = match (body.product_id, body.product) {
        (Some(id), None) => ProductOf::Existing(id),
        (None, Some(Object(product))) => ProductOf::New(product.into_new("product.")?),
        (None, None) => return Err(ApiError::field("product", "give a product or the product_id of one")),
        (Some(_), Some(_)) => return Err(ApiError::field("product", "give a product or a product_id, not both")),
    };
    let drop = NewDrop { slug, product, terms };
    match app.writer.create_drop(drop, operator).await? {
        Ok(listing) => Ok((StatusCode::CREATED, Json(drop_view(&listing))).into_response()),
        Err(CreateDropError::SlugTaken) => {
            Err(ApiError::new(ProblemCode::SlugTaken, "another drop has this slug").at("slug"))
        }
        Err(CreateDropError::NoSuchProduct) => Err(ApiError::field("product_id", "there is no such product")),
    }
}

pub(crate) async fn list(operator: Operator, State(app): State<Arc<App>>) -> ApiResult<Response> {
    operator.require(Role::View)?;
    let rows: Vec<DropRow> = app.writer.published().drops().into_iter().map(row).collect();
    Ok(Json(rows).into_response())
}

pub(crate) async fn pause(operator: Operator, app: State<Arc<App>>, id: Path) -> ApiResult<Response> {
    switch(operator, app, id, Command::Pause).await
}

pub(crate) async fn resume(operator: Operator, app: State<Arc<App>>, id: Path) -> ApiResult<Response> {
    switch(operator, app, id, Command::Resume).await
}

/// Closes a drop for good. Its pending orders are cancelled within seconds, and their links closed.
pub(crate) async fn kill(operator: Operator, app: State<Arc<App>>, id: Path) -> ApiResult<Response> {
    switch(operator, app, id, Command::Kill).await
}

async fn switch(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path(id): Path,
    command: Command,
) -> ApiResult<Response> {
    let operator = operator.require(Role::Operate)?;
    let not_found = || ApiError::new(ProblemCode::DropNotFound, "there is no such drop");
    let drop = DropId(id.parse().map_err(|_| not_found())?);
    let outcome = app.writer.drop_command(drop, command, operator).await?.map_err(|_| not_found())?;
    if let Outcome::Refused(refusal) = outcome {
        return Err(refusal.into());
    }
    let published = app.writer.published();
    let row = published.find(drop).map(row).ok_or_else(not_found)?;
    Ok(Json(row).into_response())
}

fn terms(body: &DropBody) -> ApiResult<Terms> {
    let price = Vnd::new(required("price", body.price)?).ok_or_else(|| ApiError::field("price", "not a price"))?;
    let terms = Terms {
        // Given by the writer.
        drop: DropId(0),
        format: Format::FirstCome,
        size: required("size", body.size)?,
        price,
        opens_at: moment("opens_at", required("opens_at", body.opens_at.as_deref())?)?,
        closes_at: body.closes_at.as_deref().map(|at| moment("closes_at", at)).transpose()?,
        limit_per_customer: body.limit_per_customer.unwrap_or(1),
        hold_seconds: body.hold_seconds.unwrap_or(HOLD_SECONDS_DEFAULT),
        late_payment_seconds: body.late_payment_seconds.unwrap_or(LATE_PAYMENT_SECONDS_DEFAULT),
    };
    terms.check().map_err(|error| match error {
        TermsError::Size => ApiError::field("size", format!("from 1 to {} units", domain::SIZE_MAX)),
        TermsError::Price => ApiError::field("price", format!("from 1 to {} đồng", domain::PRICE_MAX)),
        TermsError::ClosesBeforeOpening => ApiError::field("closes_at", "a drop closes after it opens"),
        TermsError::LimitPerCustomer => {
            ApiError::field("limit_per_customer", format!("from 1 to {} units", domain::LIMIT_PER_CUSTOMER_MAX))
        }
        TermsError::HoldSeconds => {
            ApiError::field("hold_seconds", format!("from 1 to {} seconds", domain::HOLD_SECONDS_MAX))
        }
        TermsError::LatePaymentSeconds => ApiError::field("late_payment_seconds", "at most a week"),
    })
}

/// Part of URLs and file names, and never mistaken for a drop's number.
fn slug(value: String) -> ApiResult<String> {
    let clean = value.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !clean || value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ApiError::field("slug", "use a-z, 0-9 and -, and not digits alone"));
    }
    Ok(value)
}

fn drop_view(listing: &Listing) -> DropView {
    let terms = &listing.terms;
    DropView {
        id: terms.drop.0,
        slug: listing.slug.clone(),
        product: listing.product.clone().into(),
        size: terms.size,
        price: terms.price.get(),
        opens_at: rfc3339::format(terms.opens_at),
        closes_at: terms.closes_at.map(rfc3339::format),
        limit_per_customer: terms.limit_per_customer,
        hold_seconds: terms.hold_seconds,
        late_payment_seconds: terms.late_payment_seconds,
    }
}

fn row(drop: &PublishedDrop) -> DropRow {
    DropRow {
        drop: drop_view(&drop.listing),
        paused: drop.status == DropStatus::Paused,
        killed: drop.status.is_killed(),
        stock: drop.stock,
    }
}
