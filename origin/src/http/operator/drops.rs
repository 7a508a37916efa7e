//! Drops: creating, listing, pausing, resuming and killing them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::{
    Command, DropId, DropStatus, Format, HOLD_SECONDS_DEFAULT, LATE_PAYMENT_SECONDS_DEFAULT, Outcome, Phase, Stock,
    Terms, TermsError, Timestamp, Vnd, phase,
};
use edge_protocol::json::Object;
use edge_protocol::limits::SLUG_CHARS_MAX;
use edge_protocol::{ProblemCode, Role, rfc3339, vietnam_time};
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

/// An opening "now" is this much in the past when it arrives, or less: the clocks of two machines and the way.
const OPENED_AGO_MS_MAX: i64 = 5 * 60_000;
/// PayOS is said to take no payment below this, and a unit that costs less has probably lost three digits.
const PRICE_UNCONFIRMED_MIN: i64 = 1_000;

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
    /// The price once more, when it is so low that a digit may be missing.
    confirm_price: Option<i64>,
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
    /// As the edge shows it: `coming`, `open` or `closed`.
    state: &'static str,
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
    refuse_mistakes(&terms, body.confirm_price, app.clock.now())?;
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
    let now = app.clock.now();
    let rows: Vec<DropRow> = app.writer.published().drops().into_iter().map(|drop| row(drop, now)).collect();
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
    let row = published.find(drop).map(|drop| row(drop, app.clock.now())).ok_or_else(not_found)?;
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

/// Terms that are possible and hardly meant: a wrong year opens at once, a missing digit sells at a tenth.
fn refuse_mistakes(terms: &Terms, confirmed_price: Option<i64>, now: Timestamp) -> ApiResult<()> {
    if terms.opens_at < now.plus_ms(-OPENED_AGO_MS_MAX) {
        let (opens_at, ago) = (vietnam_time::format(terms.opens_at), days_and_hours(now.ms_apart(terms.opens_at)));
        let detail = format!("opens {opens_at} in Vietnam, {ago} ago; to open now, give the time of now");
        return Err(ApiError::field("opens_at", detail));
    }
    if let Some(closes_at) = terms.closes_at.filter(|closes_at| *closes_at <= now) {
        let (closes_at, ago) = (vietnam_time::format(closes_at), days_and_hours(now.ms_apart(closes_at)));
        return Err(ApiError::field("closes_at", format!("closes {closes_at} in Vietnam, {ago} ago")));
    }
    let price = terms.price.get();
    if price < PRICE_UNCONFIRMED_MIN && confirmed_price != Some(price) {
        let detail = format!("{price} ₫ for one unit: if that is meant, confirm it with --confirm-price {price}");
        return Err(ApiError::field("price", detail));
    }
    Ok(())
}

fn days_and_hours(ms: u64) -> String {
    const HOUR_MS: u64 = 3_600_000;
    let (days, hours, minutes) = (ms / HOUR_MS / 24, ms / HOUR_MS % 24, ms / 60_000 % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} minutes"),
        (0, _) => format!("{hours} hours and {minutes} minutes"),
        _ => format!("{days} days and {hours} hours"),
    }
}

/// Part of URLs and file names, and never mistaken for a drop's number. A hyphen at an end is lost when a chat makes a
/// link of the address.
fn slug(value: String) -> ApiResult<String> {
    let is_letter_or_digit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let clean = value.bytes().all(|byte| is_letter_or_digit(byte) || byte == b'-');
    let ends = [value.bytes().next(), value.bytes().next_back()];
    let has_good_ends = ends.into_iter().all(|end| end.is_some_and(is_letter_or_digit));
    if !clean || !has_good_ends || value.bytes().all(|byte| byte.is_ascii_digit()) {
        let detail = "use a-z, 0-9 and -, with a letter or digit at both ends, and not digits alone";
        return Err(ApiError::field("slug", detail));
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

fn row(drop: &PublishedDrop, now: Timestamp) -> DropRow {
    let terms = &drop.listing.terms;
    let state = match phase(terms.opens_at, terms.closes_at, drop.status.is_killed(), now) {
        Phase::Coming => "coming",
        Phase::Open => "open",
        Phase::Closed => "closed",
    };
    DropRow {
        drop: drop_view(&drop.listing),
        state,
        paused: drop.status == DropStatus::Paused,
        killed: drop.status.is_killed(),
        stock: drop.stock,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_has_a_letter_or_digit_at_both_ends() {
        let taken = |text: &str| slug(text.to_owned()).is_ok();
        for good in ["a", "ao-giay", "ao--giay", "7-ngay", "tet-2027"] {
            assert!(taken(good), "{good}");
        }
        for bad in ["", "-", "-ao", "ao-", "--", "123", "Ao", "áo", "ao_giay", "ao giay", "ao/giay", "ao.", "ao\n"] {
            assert!(!taken(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_wrong_year_and_a_missing_digit_make_no_drop() {
        let at = |text: &str| rfc3339::parse(text).unwrap();
        let now = at("2026-12-01T12:00:00+07:00");
        let said = |opens_at: &str, closes_at: Option<&str>, price: i64, confirmed: Option<i64>| {
            let body = DropBody {
                slug: None,
                product_id: None,
                product: None,
                size: Some(5),
                price: Some(price),
                opens_at: Some(opens_at.to_owned()),
                closes_at: closes_at.map(str::to_owned),
                limit_per_customer: None,
                hold_seconds: None,
                late_payment_seconds: None,
                confirm_price: None,
            };
            refuse_mistakes(&terms(&body).unwrap(), confirmed, now).map_err(|error| format!("{error:?}"))
        };
        let year_ago = "2025-12-01T20:00:00+07:00";
        let refused = said(year_ago, None, 450_000, None).unwrap_err();
        assert!(refused.contains("opens 20:00 01/12/2025 in Vietnam, 364 days and 16 hours ago"), "{refused}");
        assert!(said("2026-12-01T11:59:00+07:00", None, 450_000, None).is_ok(), "a minute ago is now");
        let closed = said("2026-12-01T11:58:00+07:00", Some("2026-12-01T11:59:30+07:00"), 450_000, None).unwrap_err();
        assert!(closed.contains("closes 11:59 01/12/2026 in Vietnam, 0 minutes ago"), "{closed}");
        let opens_at = "2026-12-01T20:00:00+07:00";
        let cheap = said(opens_at, None, 45, None).unwrap_err();
        assert!(cheap.contains("45 ₫") && cheap.contains("--confirm-price 45"), "{cheap}");
        assert!(said(opens_at, None, 45, Some(450)).is_err(), "another price is confirmed");
        assert_eq!(said(opens_at, None, 45, Some(45)), Ok(()));
        assert_eq!(said(opens_at, None, 1_000, None), Ok(()));
    }
}
