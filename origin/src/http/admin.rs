use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::{
    Command, DropId, Format, HOLD_SECONDS_DEFAULT, Jti, LATE_PAYMENT_SECONDS_DEFAULT, OrderCode, Outcome, Terms,
    TermsError, Timestamp, Vnd,
};
use edge_protocol::limits::{NAME_CHARS_MAX, SLUG_CHARS_MAX};
use edge_protocol::{ProblemCode, Role};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::App;
use super::error::{ApiError, ApiResult};
use super::extract::{Operator, read_json};
use super::orders::rfc3339;
use super::purchase::text;
use super::snapshot::snapshot;
use crate::store::Listing;
use crate::writer::{CreateDropError, NewDrop, NewProduct, ProductOf, PublishedDrop};

const DESCRIPTION_CHARS_MAX: usize = 2_000;
const URL_CHARS_MAX: usize = 500;

#[derive(Deserialize)]
struct ProductBody {
    name: Option<String>,
    description: Option<String>,
    image_url: Option<String>,
}

#[derive(Serialize)]
struct ProductView {
    id: i64,
    name: String,
    description: String,
    image_url: String,
}

#[derive(Deserialize)]
struct DropBody {
    slug: Option<String>,
    /// Either the number of a product or what to make one of.
    product_id: Option<i64>,
    product: Option<ProductBody>,
    size: Option<u32>,
    price: Option<i64>,
    opens_at: Option<String>,
    closes_at: Option<String>,
    limit_per_customer: Option<u32>,
    hold_seconds: Option<u32>,
    late_payment_seconds: Option<u32>,
}

#[derive(Deserialize)]
struct CancelBody {
    restock: Option<bool>,
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
    stock: edge_protocol::Stock,
}

pub(super) async fn create_product(
    operator: Operator,
    State(app): State<Arc<App>>,
    request: Request,
) -> ApiResult<Response> {
    let operator = operator.require(Role::Operate)?;
    let body: ProductBody = read_json(request).await?;
    let created = app.writer.create_product(new_product("", body)?, operator).await?;
    Ok((StatusCode::CREATED, Json(product_view(created))).into_response())
}

pub(super) async fn create_drop(
    operator: Operator,
    State(app): State<Arc<App>>,
    request: Request,
) -> ApiResult<Response> {
    let operator = operator.require(Role::Operate)?;
    let body: DropBody = read_json(request).await?;
    let slug = slug(text("slug", body.slug.clone(), SLUG_CHARS_MAX)?)?;
    let terms = terms(&body)?;
    let product = match (body.product_id, body.product) {
        (Some(id), None) => ProductOf::Existing(id),
        (None, Some(product)) => ProductOf::New(new_product("product.", product)?),
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

pub(super) async fn list_drops(operator: Operator, State(app): State<Arc<App>>) -> ApiResult<Response> {
    operator.require(Role::View)?;
    let rows: Vec<DropRow> = app.writer.published().drops().into_iter().map(row).collect();
    Ok(Json(rows).into_response())
}

pub(super) async fn pause(operator: Operator, app: State<Arc<App>>, id: Path<String>) -> ApiResult<Response> {
    switch(operator, app, id, Command::Pause).await
}

pub(super) async fn resume(operator: Operator, app: State<Arc<App>>, id: Path<String>) -> ApiResult<Response> {
    switch(operator, app, id, Command::Resume).await
}

/// Closes a drop for good. Its pending orders are cancelled within seconds, and their links closed.
pub(super) async fn kill(operator: Operator, app: State<Arc<App>>, id: Path<String>) -> ApiResult<Response> {
    switch(operator, app, id, Command::Kill).await
}

/// Ends a pending or paid order; what was applied to it is owed back.
pub(super) async fn cancel_order(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path(code): Path<String>,
    request: Request,
) -> ApiResult<StatusCode> {
    let operator = operator.require(Role::Money)?;
    let body: CancelBody = read_json(request).await?;
    let order = OrderCode(code.parse().map_err(|_| domain::Refusal::OrderNotFound)?);
    let command = Command::CancelByOperator { restock: required("restock", body.restock)? };
    match app.writer.order_as(operator, order, command).await? {
        Outcome::Refused(refusal) => Err(refusal.into()),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}

async fn switch(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
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

pub(super) async fn revoke_token(
    operator: Operator,
    State(app): State<Arc<App>>,
    Path(jti): Path<String>,
) -> ApiResult<StatusCode> {
    let operator = operator.require(Role::Operate)?;
    let jti = edge_protocol::Jti::parse(&jti)
        .map_err(|_| ApiError::field("jti", "a token's id is 32 hexadecimal characters"))?;
    app.writer.revoke_token(Jti(*jti.as_bytes()), operator).await?;
    Ok(StatusCode::NO_CONTENT)
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

fn new_product(path: &str, body: ProductBody) -> ApiResult<NewProduct> {
    let at = |field: &str| format!("{path}{field}");
    Ok(NewProduct {
        name: text(&at("name"), body.name, NAME_CHARS_MAX)?,
        description: optional_text(&at("description"), body.description, DESCRIPTION_CHARS_MAX)?,
        image_url: image_url(&at("image_url"), body.image_url)?,
    })
}

pub(super) fn required<T>(field: &str, value: Option<T>) -> ApiResult<T> {
    value.ok_or_else(|| ApiError::field(field, "this is missing"))
}

pub(super) fn moment(field: &str, value: &str) -> ApiResult<Timestamp> {
    let at = OffsetDateTime::parse(value, &Rfc3339)
        .map_err(|_| ApiError::field(field, "give a time like 2026-11-21T20:00:00+07:00"))?;
    let ms = at.unix_timestamp_nanos() / 1_000_000;
    i64::try_from(ms).map(Timestamp).map_err(|_| ApiError::field(field, "this time is out of range"))
}

/// Part of URLs and file names, and never mistaken for a drop's number.
fn slug(value: String) -> ApiResult<String> {
    let clean = value.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !clean || value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ApiError::field("slug", "use a-z, 0-9 and -, and not digits alone"));
    }
    Ok(value)
}

fn optional_text(field: &str, value: Option<String>, chars_max: usize) -> ApiResult<String> {
    match value.filter(|value| !value.trim().is_empty()) {
        None => Ok(String::new()),
        value => text(field, value, chars_max),
    }
}

/// Shown in an `img` on the drop page, where a script's address must not come.
fn image_url(field: &str, value: Option<String>) -> ApiResult<String> {
    let url = optional_text(field, value, URL_CHARS_MAX)?;
    if !url.is_empty() && !url.starts_with("https://") && !url.starts_with('/') {
        return Err(ApiError::field(field, "give an https address or a path of the storefront"));
    }
    Ok(url)
}

fn product_view(product: crate::store::Product) -> ProductView {
    let crate::store::Product { id, name, description, image_url } = product;
    ProductView { id, name, description, image_url }
}

fn drop_view(listing: &Listing) -> DropView {
    let terms = &listing.terms;
    DropView {
        id: terms.drop.0,
        slug: listing.slug.clone(),
        product: product_view(listing.product.clone()),
        size: terms.size,
        price: terms.price.get(),
        opens_at: rfc3339(terms.opens_at),
        closes_at: terms.closes_at.map(rfc3339),
        limit_per_customer: terms.limit_per_customer,
        hold_seconds: terms.hold_seconds,
        late_payment_seconds: terms.late_payment_seconds,
    }
}

fn row(drop: &PublishedDrop) -> DropRow {
    let snapshot = snapshot(drop);
    DropRow { drop: drop_view(&drop.listing), paused: snapshot.paused, killed: snapshot.killed, stock: snapshot.stock }
}
