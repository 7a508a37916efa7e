//! What years, regions and drops brought.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use edge_protocol::Role;
use serde::Serialize;

use super::order_search::{drop_named, region, year};
use crate::http::app::App;
use crate::http::auth::Operator;
use crate::http::problem::{ApiError, ApiResult};
use crate::http::query::Query;
use crate::store::views::{RevenueQuery, Sums};

/// A drop sells in few months: these are the lines of a thousand drops.
const LINES_MAX: u32 = 10_000;

#[derive(Serialize)]
pub(crate) struct RevenueView {
    lines: Vec<LineView>,
    total: SumsView,
    /// Rows of the ledger that are not counted yet.
    behind_rows: i64,
}

#[derive(Serialize)]
struct LineView {
    year: i64,
    month: i64,
    region: String,
    drop: i64,
    slug: String,
    #[serde(flatten)]
    sums: SumsView,
}

#[derive(Serialize)]
struct SumsView {
    orders: i64,
    units: i64,
    gross: i64,
    refunded: i64,
    net: i64,
}

pub(crate) async fn revenue(
    operator: Operator,
    State(app): State<Arc<App>>,
    mut query: Query,
) -> ApiResult<Json<RevenueView>> {
    operator.require(Role::View)?;
    let wanted = RevenueQuery {
        year: year(&mut query)?,
        region: query.take("region").map(|text| region(&text)).transpose()?,
        drop: query.take("drop").map(|text| drop_named(&app, &text)).transpose()?,
    };
    query.end()?;
    let lines = app.views.read(move |view| view.revenue(wanted, LINES_MAX + 1)).await?;
    if lines.len() > LINES_MAX as usize {
        return Err(ApiError::field(
            "year",
            format!("these are more than {LINES_MAX} lines: ask for a year or a drop"),
        ));
    }
    let published = app.writer.published();
    let total = lines.iter().fold(Sums::default(), |total, (_, sums)| total.plus(*sums));
    let slugs = published.drops().into_iter().map(|drop| (i64::from(drop.listing.terms.drop.0), &*drop.listing.slug));
    let slugs: std::collections::BTreeMap<i64, &str> = slugs.collect();
    let lines = lines.into_iter().map(|(line, sums)| LineView {
        year: line.year,
        month: line.month,
        region: line.region,
        drop: line.drop,
        slug: slugs.get(&line.drop).copied().unwrap_or_default().to_owned(),
        sums: shown(sums),
    });
    let behind_rows = (published.seq - app.views.state().seq).max(0);
    Ok(Json(RevenueView { lines: lines.collect(), total: shown(total), behind_rows }))
}

fn shown(sums: Sums) -> SumsView {
    let Sums { orders, units, gross, refunded } = sums;
    SumsView { orders, units, gross, refunded, net: gross - refunded }
}
