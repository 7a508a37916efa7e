//! The snapshot of all listed drops, which the edge caches.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::InvalidHeaderValue;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::DropStatus;
use edge_protocol::{DropSnapshot, ProductSnapshot, Snapshot};

use crate::http::app::{App, RenderedSnapshot};
use crate::http::auth::ReadToken;
use crate::http::problem::{ApiError, ApiResult};
use crate::writer::{Published, PublishedDrop};

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Every listed drop. Served from memory: no SQL, no waiting for the writer.
pub(crate) async fn show(_: ReadToken, State(app): State<Arc<App>>, headers: HeaderMap) -> ApiResult<Response> {
    let body = current(&app)?;
    let unchanged = headers.get(header::IF_NONE_MATCH).is_some_and(|etag| *etag == body.etag);
    let head = [(header::ETAG, body.etag.clone()), (header::CACHE_CONTROL, NO_STORE)];
    if unchanged {
        return Ok((StatusCode::NOT_MODIFIED, head).into_response());
    }
    Ok((head, [(header::CONTENT_TYPE, JSON)], body.json.clone()).into_response())
}

fn current(app: &App) -> ApiResult<Arc<RenderedSnapshot>> {
    let published = app.writer.published();
    // What is published is true now, however long ago it changed, so the time in it is that of the request, in whole seconds.
    let second = app.clock.now().0 / 1000;
    if let Some(body) = app.snapshot.load_full()
        && body.version == published.version
        && body.second == second
    {
        return Ok(body);
    }
    let now = app.clock.now();
    let snapshot =
        Snapshot { as_of: now, mail: app.sends_mail, drops: published.listed(now).into_iter().map(snapshot).collect() };
    let json = serde_json::to_vec(&snapshot).map_err(|error| ApiError::internal(&error.into()))?;
    let etag = etag(&published).map_err(|error| ApiError::internal(&error.into()))?;
    let body = Arc::new(RenderedSnapshot { version: published.version, second, etag, json: json.into() });
    app.snapshot.store(Some(body.clone()));
    Ok(body)
}

/// Versions start anew with each process, so the ledger's row is part of the tag.
fn etag(published: &Published) -> Result<HeaderValue, InvalidHeaderValue> {
    HeaderValue::try_from(format!("\"{}-{}\"", published.seq, published.version))
}

fn snapshot(drop: &PublishedDrop) -> DropSnapshot {
    let (listing, terms) = (&drop.listing, &drop.listing.terms);
    let product = &listing.product;
    DropSnapshot {
        id: terms.drop,
        slug: listing.slug.clone(),
        product: ProductSnapshot {
            name: product.name.clone(),
            description: product.description.clone(),
            image_url: Some(product.image_url.clone()).filter(|url| !url.is_empty()),
        },
        format: terms.format,
        size: terms.size,
        price: terms.price,
        limit_per_customer: terms.limit_per_customer,
        hold_seconds: terms.hold_seconds,
        opens_at: terms.opens_at,
        closes_at: terms.closes_at,
        paused: drop.status == DropStatus::Paused,
        killed: drop.status.is_killed(),
        stock: drop.stock,
    }
}
