//! One function a route: it reads the request, asks the pure functions, and calls the origin when they allow it.

use std::time::Duration;

use domain::{Jti, OrderCode, Region, Sid};
use edge_protocol::limits::{BODY_BYTES_MAX, WEBHOOK_BYTES_MAX};
use edge_protocol::{OrderClaims, Problem, mint_look_up, mint_order, mint_webhook, region_of};
use serde_json::json;
use worker::{Method, Request};

use crate::admission::{self, Shopper};
use crate::bindings::{Site, body, credentials, header, now, random, within_limit};
use crate::origin_client::{OriginRequest, passes_challenge, send};
use crate::pages::{drop_page, is_over_https, no_route, order_page};
use crate::rate_limit::{self, BY_ADDRESS, BY_BROWSER, LOOK_UPS_BY_ADDRESS, RateLimit, WITHOUT_COOKIE};
use crate::relay::relay;
use crate::response::{EdgeResponse, internal, origin_unavailable};
use crate::route::{DropRef, Route, route};
use crate::snapshot_cache::snapshot;
use crate::{gate, status};

/// A purchase takes milliseconds, and under load waits for its batch. After the timeout the page asks again with the
/// same token and finds the order, if there is one.
const PURCHASE_TIMEOUT: Duration = Duration::from_secs(10);

/// One read of one row.
const ORDER_TIMEOUT: Duration = Duration::from_secs(5);

/// In the origin a webhook may wait up to 2 s for its lane. PayOS repeats a webhook that failed.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(8);

const CONFIG_CACHE_CONTROL: &str = "public, max-age=60";

pub(crate) async fn respond(mut request: Request, site: &Site) -> EdgeResponse {
    let path = request.path();
    // Not `request.method()`, which takes a method that it does not know for GET.
    let method = request.inner().method();
    let response = match route(&method, &path) {
        Ok(Route::Config) => Ok(config(site)),
        Ok(Route::Drops) => drops(&request, site).await,
        Ok(Route::Drop(drop)) => one_drop(&request, site, drop).await,
        Ok(Route::Token(drop)) => token(&mut request, site, drop).await,
        Ok(Route::Purchase(drop)) => purchase(&mut request, site, drop).await,
        Ok(Route::Order(order_code)) => order(&request, site, order_code).await,
        Ok(Route::OrderLink) => order_link(&mut request, site).await,
        Ok(Route::CancelOrder(order_code)) => cancel(&request, site, order_code).await,
        Ok(Route::RefundDestination(order_code)) => refund_destination(&mut request, site, order_code).await,
        Ok(Route::PayosWebhook { secret }) => webhook(&mut request, site, secret).await,
        Ok(Route::DropPage { tail }) => drop_page(&request, site, tail).await,
        Ok(Route::OrderPage { tail }) => order_page(&request, site, tail).await,
        Err(error) => no_route(&request, site, error).await,
    };
    response.unwrap_or_else(EdgeResponse::from)
}

fn config(site: &Site) -> EdgeResponse {
    let site_key = site.config.turnstile.as_ref().map(|turnstile| &turnstile.site_key);
    EdgeResponse::json(200, &json!({ "turnstile_site_key": site_key })).with("cache-control", CONFIG_CACHE_CONTROL)
}

async fn drops(request: &Request, site: &Site) -> Result<EdgeResponse, Problem> {
    let served = snapshot(site).await?;
    Ok(status::all_drops(&served, header(request, "if-none-match").as_deref(), now()))
}

async fn one_drop(request: &Request, site: &Site, drop: DropRef<'_>) -> Result<EdgeResponse, Problem> {
    let served = snapshot(site).await?;
    Ok(status::one_drop(&served, drop, header(request, "if-none-match").as_deref(), now()))
}

async fn token(request: &mut Request, site: &Site, drop: DropRef<'_>) -> Result<EdgeResponse, Problem> {
    let ip = header(request, "cf-connecting-ip");
    let address = gate::address_key(ip.as_deref());
    if !allowed(site, &BY_ADDRESS, &address).await? {
        return Ok(BY_ADDRESS.exceeded());
    }
    gate::json_only(header(request, "content-type").as_deref())?;
    let wanted = admission::parse(&body(request, BODY_BYTES_MAX).await?)?;
    let served = snapshot(site).await?;
    let drop = status::find(&served, drop)?;
    admission::admit(drop, now())?;
    let cookie = &site.config.cookie_secret;
    let known = cookie.find(header(request, "cookie").as_deref());
    if let Some(sid) = known
        && !allowed(site, &BY_BROWSER, &sid.to_string()).await?
    {
        return Ok(BY_BROWSER.exceeded());
    }
    let sid = known.map_or_else(|| random().map(Sid), Ok)?;
    let set_cookie = known.is_none().then(|| cookie.set_cookie(sid, is_over_https(request)));
    if let Some(set_cookie) = &set_cookie
        && !allowed(site, &WITHOUT_COOKIE, &address).await?
    {
        return Ok(rate_limit::exceeded_without_cookie(set_cookie.clone()));
    }
    challenge(site, wanted.turnstile_token.as_deref(), ip.as_deref()).await?;
    let sub = site.config.customer_secret.sub(drop.id, &wanted.phone);
    let shopper = Shopper { sub, sid, region: region(request) };
    let minted = admission::mint(&site.config, drop, &shopper, Jti(random()?), now());
    Ok(set_cookie.into_iter().fold(minted, |minted, set_cookie| minted.with("set-cookie", set_cookie)))
}

async fn challenge(site: &Site, token: Option<&str>, ip: Option<&str>) -> Result<(), Problem> {
    let Some(turnstile) = &site.config.turnstile else {
        return Ok(());
    };
    let token = token.ok_or_else(admission::challenge_failed)?;
    match passes_challenge(turnstile, token, ip).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(admission::challenge_failed()),
        Err(error) => {
            worker::console_error!("challenge not checked: {error}");
            Err(origin_unavailable())
        }
    }
}

async fn purchase(request: &mut Request, site: &Site, drop: DropRef<'_>) -> Result<EdgeResponse, Problem> {
    let credentials = credentials(request);
    let drop = match drop {
        DropRef::Id(id) => id,
        DropRef::Slug(_) => status::find(&snapshot(site).await?, drop)?.id,
    };
    let token = gate::purchase(&site.config, &credentials, drop, now())?;
    let body = json_body(request).await?;
    forward_body(site, "/purchase", token, &body, PURCHASE_TIMEOUT).await
}

async fn order(request: &Request, site: &Site, order_code: OrderCode) -> Result<EdgeResponse, Problem> {
    let claims = gate::order(&site.config, &credentials(request), order_code)?;
    forward_order(site, Method::Get, &format!("/orders/{order_code}"), &claims).await
}

async fn cancel(request: &Request, site: &Site, order_code: OrderCode) -> Result<EdgeResponse, Problem> {
    let claims = gate::cancel(&site.config, &credentials(request), order_code)?;
    forward_order(site, Method::Post, &format!("/orders/{order_code}/cancel"), &claims).await
}

/// The bearer of an order's key may name the account for its refund; the origin delays a change.
async fn refund_destination(
    request: &mut Request,
    site: &Site,
    order_code: OrderCode,
) -> Result<EdgeResponse, Problem> {
    let claims = gate::order(&site.config, &credentials(request), order_code)?;
    let body = json_body(request).await?;
    let token = mint_order(&site.config.edge_keys, &claims, now());
    forward_body(site, &format!("/orders/{order_code}/refund-destination"), &token, &body, ORDER_TIMEOUT).await
}

async fn order_link(request: &mut Request, site: &Site) -> Result<EdgeResponse, Problem> {
    let address = gate::address_key(header(request, "cf-connecting-ip").as_deref());
    if !allowed(site, &LOOK_UPS_BY_ADDRESS, &address).await? {
        return Ok(LOOK_UPS_BY_ADDRESS.exceeded());
    }
    let body = json_body(request).await?;
    let token = mint_look_up(&site.config.edge_keys, now());
    forward_body(site, "/order-links", &token, &body, ORDER_TIMEOUT).await
}

/// As it came: the edge passes it on without reading it.
struct JsonBody {
    content_type: Option<String>,
    bytes: Vec<u8>,
}

async fn json_body(request: &mut Request) -> Result<JsonBody, Problem> {
    let content_type = header(request, "content-type");
    gate::json_only(content_type.as_deref())?;
    Ok(JsonBody { content_type, bytes: body(request, BODY_BYTES_MAX).await? })
}

async fn forward_body(
    site: &Site,
    path: &str,
    token: &str,
    body: &JsonBody,
    timeout: Duration,
) -> Result<EdgeResponse, Problem> {
    let (method, content_type, body) = (Method::Post, body.content_type.as_deref(), Some(&*body.bytes));
    forward(site, OriginRequest { method, path, token, content_type, body, timeout }).await
}

async fn forward_order(site: &Site, method: Method, path: &str, claims: &OrderClaims) -> Result<EdgeResponse, Problem> {
    let token = mint_order(&site.config.edge_keys, claims, now());
    let onward = OriginRequest { method, path, token: &token, content_type: None, body: None, timeout: ORDER_TIMEOUT };
    forward(site, onward).await
}

async fn webhook(request: &mut Request, site: &Site, secret: &str) -> Result<EdgeResponse, Problem> {
    gate::webhook(&site.config, secret)?;
    let content_type = header(request, "content-type");
    let body = body(request, WEBHOOK_BYTES_MAX).await?;
    let token = mint_webhook(&site.config.edge_keys, now());
    let onward = OriginRequest {
        method: Method::Post,
        path: "/webhooks/payos",
        token: &token,
        content_type: content_type.as_deref(),
        // PayOS signs these bytes: not one may change on the way.
        body: Some(&body),
        timeout: WEBHOOK_TIMEOUT,
    };
    forward(site, onward).await
}

async fn forward(site: &Site, onward: OriginRequest<'_>) -> Result<EdgeResponse, Problem> {
    let path = onward.path.to_owned();
    match send(site, onward).await {
        Ok(response) => {
            if !response.is_the_origins() {
                worker::console_error!("{path}: something before the origin answered {}", response.status);
            }
            Ok(relay(response))
        }
        Err(error) => {
            worker::console_error!("{path}: the origin was not reached: {error}");
            Err(origin_unavailable())
        }
    }
}

async fn allowed(site: &Site, limit: &RateLimit, key: &str) -> Result<bool, Problem> {
    within_limit(&site.env, limit.binding, key.to_owned()).await.map_err(|error| {
        worker::console_error!("configuration: rate limit {} cannot be asked: {error}", limit.binding);
        internal()
    })
}

fn region(request: &Request) -> Region {
    let cf = request.cf();
    let country = cf.and_then(worker::Cf::country);
    let subdivision = cf.and_then(worker::Cf::region_code);
    region_of(country.as_deref(), subdivision.as_deref())
}
