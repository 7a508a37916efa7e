//! Finding orders by whatever a person knows of them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::{DropId, OrderCode, Region, Timestamp, VND_MAX, is_email};
use edge_protocol::limits::NAME_CHARS_MAX;
use edge_protocol::{Phone, ProblemCode, Role, rfc3339};
use serde::Serialize;

use super::order_json::{OrderRow, order_named};
use crate::http::app::App;
use crate::http::auth::Operator;
use crate::http::fields::line;
use crate::http::problem::{ApiError, ApiResult};
use crate::http::query::Query;
use crate::store::ReadStore;
use crate::store::views::{Found, OrderQuery, SearchRefused, email_key, words};

const PAGE_DEFAULT: i64 = 50;
/// Orders of a page: each is read from the sale's tables, which takes a reader's thread some tens of microseconds.
const PAGE_MAX: i64 = 100;
/// Words of a name that are looked for. No buyer's name has more by far.
const WORDS_MAX: usize = 12;
const STATES: [&str; 4] = ["pending", "paid", "expired", "cancelled"];
/// The years that a moment may lie in.
const YEARS: std::ops::RangeInclusive<i64> = 2000..=9998;
const DAY_MS: i64 = 86_400_000;

#[derive(Serialize)]
pub(crate) struct FoundView {
    orders: Vec<OrderRow>,
    /// The `before` of the next page; absent when there are no more.
    next: Option<u64>,
    /// Of the first page only.
    total: Option<TotalView>,
    /// Rows of the ledger that the search does not see yet.
    behind_rows: i64,
}

#[derive(Serialize)]
struct TotalView {
    count: u32,
    or_more: bool,
}

pub(crate) async fn find(
    operator: Operator,
    State(app): State<Arc<App>>,
    mut query: Query,
) -> ApiResult<Json<FoundView>> {
    let shows_buyers = operator.may(Role::Operate);
    operator.require(Role::View)?;
    let before = query.take("before").map(|text| named(&app, "before", &text)).transpose()?;
    let max = query.number("limit", 1, PAGE_MAX)?.unwrap_or(PAGE_DEFAULT).unsigned_abs() as u32;
    let wanted = wanted(&app, &mut query)?;
    query.end()?;
    // Else a search by beginnings would tell, letter by letter, what the list masks.
    if wanted.is_personal() && !shows_buyers {
        return Err(ApiError::new(ProblemCode::Forbidden, "a search by buyer needs the role Operate"));
    }
    let personal = wanted.is_personal();
    let Found { orders, next, total } = match app.views.read(move |view| view.find(&wanted, before, max)).await? {
        Ok(found) => found,
        Err(SearchRefused::TooShort(word)) => {
            return Err(ApiError::field("name", format!("too many names begin with {word}: give more of it")));
        }
    };
    let read = move |store: &ReadStore| orders.into_iter().map(|order| store.load_order(order)).collect();
    let stored: Vec<_> = app.reader.read(read).await?;
    // A buyer who was erased since the view read the ledger is not found by what it still has.
    let stored = stored.into_iter().flatten().filter(|stored| !personal || stored.buyer.is_some());
    Ok(Json(FoundView {
        orders: stored.map(|stored| OrderRow::new(&app, &stored, shows_buyers)).collect(),
        next: next.map(|order| order.0),
        total: total.map(|total| TotalView { count: total.count, or_more: total.or_more }),
        behind_rows: (app.writer.published().seq - app.views.state().seq).max(0),
    }))
}

fn wanted(app: &App, query: &mut Query) -> ApiResult<OrderQuery> {
    let mut wanted = OrderQuery {
        order: query.take("code").map(|text| named(app, "code", &text)).transpose()?,
        phone: query.take("phone").map(|text| phone(&text)).transpose()?,
        email: query.take("email").map(|text| email(&text)).transpose()?,
        name: query.take("name").map(|text| name(&text)).transpose()?.unwrap_or_default(),
        drop: query.take("drop").map(|text| drop_named(app, &text)).transpose()?,
        product: query.take("product").map(|text| product(app, &text)).transpose()?,
        state: query.take("state").map(|text| state(&text)).transpose()?,
        region: query.take("region").map(|text| region(&text)).transpose()?,
        amount_min: query.number("amount_min", 0, VND_MAX)?,
        amount_max: query.number("amount_max", 0, VND_MAX)?,
        from: query.take("from").map(|text| moment("from", &text, 0)).transpose()?,
        to: query.take("to").map(|text| moment("to", &text, DAY_MS)).transpose()?,
    };
    if let Some(amount) = query.number("amount", 0, VND_MAX)? {
        if wanted.amount_min.is_some() || wanted.amount_max.is_some() {
            return Err(ApiError::field("amount", "give an amount or its bounds, not both"));
        }
        (wanted.amount_min, wanted.amount_max) = (Some(amount), Some(amount));
    }
    if let Some(year) = year(query)? {
        if wanted.from.is_some() || wanted.to.is_some() {
            return Err(ApiError::field("year", "give a year or its bounds, not both"));
        }
        (wanted.from, wanted.to) = (Some(start_of_year(year)?), Some(start_of_year(year + 1)?));
    }
    Ok(wanted)
}

pub(super) fn year(query: &mut Query) -> ApiResult<Option<i64>> {
    query.number("year", *YEARS.start(), *YEARS.end())
}

/// In Vietnam.
fn start_of_year(year: i64) -> ApiResult<Timestamp> {
    day(&format!("{year:04}-01-01")).ok_or_else(|| ApiError::field("year", "there is no such year"))
}

fn named(app: &App, field: &str, text: &str) -> ApiResult<OrderCode> {
    let expected = "expected an order's number, its nine characters, or a memo with them";
    order_named(app.origin_no, text).ok_or_else(|| ApiError::field(field, expected))
}

fn phone(text: &str) -> ApiResult<String> {
    let phone = Phone::parse(text).map_err(|error| ApiError::new(ProblemCode::InvalidPhone, error.to_string()));
    Ok(phone.map_err(|error| error.at("phone"))?.as_str().to_owned())
}

fn email(text: &str) -> ApiResult<String> {
    let text = text.trim();
    if !is_email(text) {
        return Err(ApiError::field("email", "this is no e-mail address"));
    }
    Ok(email_key(text))
}

fn name(text: &str) -> ApiResult<Vec<String>> {
    let words = words(&line("name", text, NAME_CHARS_MAX)?);
    if words.is_empty() {
        return Err(ApiError::field("name", "this holds no letter and no digit"));
    }
    if words.len() > WORDS_MAX {
        return Err(ApiError::field("name", format!("this is more than {WORDS_MAX} words")));
    }
    Ok(words)
}

/// By its number or its slug.
pub(super) fn drop_named(app: &App, text: &str) -> ApiResult<DropId> {
    let published = app.writer.published();
    let by_number = text.parse().ok().map(DropId).filter(|drop| published.find(*drop).is_some());
    let by_slug = || published.drops().into_iter().find(|drop| drop.listing.slug == text);
    let drop = by_number.or_else(|| by_slug().map(|drop| drop.listing.terms.drop));
    drop.ok_or_else(|| ApiError::new(ProblemCode::DropNotFound, "there is no such drop").at("drop"))
}

/// By its number or its name.
fn product(app: &App, text: &str) -> ApiResult<i64> {
    let published = app.writer.published();
    let products =
        published.drops().into_iter().map(|drop| (drop.listing.product.id, words(&drop.listing.product.name)));
    let mut products: Vec<(i64, Vec<String>)> = products.collect();
    products.sort();
    products.dedup();
    if let Some((id, _)) = products.iter().find(|(id, _)| text.parse() == Ok(*id)) {
        return Ok(*id);
    }
    let wanted = words(text);
    let mut ids = products.iter().filter(|(_, name)| *name == wanted).map(|(id, _)| *id);
    match (ids.next(), ids.next()) {
        (Some(id), None) => Ok(id),
        (None, _) => Err(ApiError::field("product", "no drop has such a product")),
        (Some(_), Some(_)) => Err(ApiError::field("product", "several products have this name: give a number")),
    }
}

fn state(text: &str) -> ApiResult<&'static str> {
    let state = STATES.into_iter().find(|state| *state == text);
    state.ok_or_else(|| ApiError::field("state", format!("expected one of {}", STATES.join(", "))))
}

pub(super) fn region(text: &str) -> ApiResult<Region> {
    let region = Region::parse(&text.to_ascii_uppercase());
    region.ok_or_else(|| ApiError::field("region", "expected one of N01, C01, S01, INTL"))
}

/// A moment, or a day in Vietnam; `day_ms` after its start.
fn moment(field: &str, text: &str, day_ms: i64) -> ApiResult<Timestamp> {
    let at = day(text).map(|start| start.plus_ms(day_ms)).or_else(|| rfc3339::parse(text).ok());
    at.ok_or_else(|| ApiError::field(field, "expected a day like 2026-11-21, or a time like 2026-11-21T20:00:00+07:00"))
}

fn day(text: &str) -> Option<Timestamp> {
    rfc3339::parse(&format!("{text}T00:00:00+07:00")).ok()
}
