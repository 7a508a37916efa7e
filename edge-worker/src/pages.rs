//! Pages: files of the storefront, with what stands in a page before its script runs.

use domain::Sid;
use edge_protocol::Problem;
use worker::Request;

use crate::address::{Visit, drop_path, drop_visit, order_visit};
use crate::bindings::{Site, header, random};
use crate::card::with_card;
use crate::response::{EdgeResponse, internal};
use crate::route::RouteError;
use crate::snapshot_cache::snapshot_within;

/// The headers of a page's file that are passed on; `storefront/static/_headers` sets them. The platform adds them to
/// files that it serves without the Worker.
const PAGE_HEADERS: [&str; 6] = [
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "x-content-type-options",
];

/// A page without its card now is better than one with it later: the page's script asks for the drop by itself.
const CARD_WAIT_MS: i64 = 1_000;

/// `tail` is what stands behind `/drops/`. The page is the same for every drop but for its card; its script reads the
/// address. It gives the browser its cookie, so that the browser is known before all shoppers ask for a token at once.
pub(crate) async fn drop_page(request: &Request, site: &Site, tail: &str) -> Result<EdgeResponse, Problem> {
    let served = snapshot_within(site, CARD_WAIT_MS).await.ok();
    let drop = match drop_visit(tail, served.as_ref()) {
        Visit::Page(drop) => drop,
        Visit::Moved(path) => return Ok(moved(request, &path)),
        Visit::Missing => return page(site, "/no-drop", 404).await,
    };
    let mut page = page(site, "/drop", 200).await?;
    if let Some(drop) = drop {
        let html = std::str::from_utf8(&page.body).map_err(|error| {
            worker::console_error!("the storefront's /drop is not UTF-8: {error}");
            internal()
        })?;
        let url = request.inner().url();
        page.body = with_card(html, drop, &drop_path(&drop.slug), site_of(&url)).into_bytes();
    }
    let cookie = &site.config.cookie_secret;
    if cookie.find(header(request, "cookie").as_deref()).is_some() {
        return Ok(page);
    }
    Ok(page.with("set-cookie", cookie.set_cookie(Sid(random()?), is_over_https(request))))
}

pub(crate) async fn order_page(request: &Request, site: &Site, tail: &str) -> Result<EdgeResponse, Problem> {
    match order_visit(tail) {
        Visit::Page(_) => page(site, "/order", 200).await,
        Visit::Moved(path) => Ok(moved(request, &path)),
        Visit::Missing => page(site, "/no-page", 404).await,
    }
}

/// An address without a route. A person at a browser gets a page that leads on, a program gets a problem.
pub(crate) async fn no_route(request: &Request, site: &Site, error: RouteError) -> Result<EdgeResponse, Problem> {
    let is_visit = matches!(request.inner().method().as_str(), "GET" | "HEAD");
    if !is_visit || !accepts_html(header(request, "accept").as_deref()) {
        return Ok(error.into());
    }
    let mut response = EdgeResponse::from(error);
    let page = page(site, "/no-page", response.status).await?;
    response.headers.retain(|(name, _)| *name == "allow");
    Ok(EdgeResponse { headers: [page.headers, response.headers].concat(), ..page })
}

pub(crate) fn is_over_https(request: &Request) -> bool {
    request.inner().url().starts_with("https://")
}

/// Not for ever: a drop may get the address that leads elsewhere today.
fn moved(request: &Request, path: &str) -> EdgeResponse {
    let url = request.inner().url();
    let query = url.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
    EdgeResponse::empty(302).with("location", format!("{path}{query}"))
}

async fn page(site: &Site, asset: &str, status: u16) -> Result<EdgeResponse, Problem> {
    let fetched = async {
        let mut file = site.env.assets("ASSETS")?.fetch(format!("https://assets{asset}"), None).await?;
        let found = file.status_code();
        let mut page = EdgeResponse::bytes(status, "text/html; charset=utf-8", file.bytes().await?);
        for name in PAGE_HEADERS {
            if let Some(value) = file.headers().get(name)? {
                page = page.with(name, value);
            }
        }
        Ok::<_, worker::Error>((found, page))
    };
    match fetched.await {
        Ok((200, page)) => Ok(page),
        Ok((found, _)) => {
            worker::console_error!("the storefront has no {asset}: {found}");
            Err(internal())
        }
        Err(error) => {
            worker::console_error!("the storefront's {asset} cannot be read: {error}");
            Err(internal())
        }
    }
}

/// Scheme and host: `https://shop.example/drops/a` is at `https://shop.example`.
fn site_of(url: &str) -> &str {
    let host = url.find("://").map_or(0, |scheme| scheme + 3);
    let end = url.get(host..).and_then(|behind| behind.find(['/', '?', '#'])).map_or(url.len(), |path| host + path);
    url.get(..end).unwrap_or(url)
}

/// A browser names it when a person opens an address; scripts and programs send `*/*`, and get what they asked for.
fn accepts_html(accept: Option<&str>) -> bool {
    accept.is_some_and(|types| {
        let mut types = types.split(',').filter_map(|media_type| media_type.split(';').next());
        types.any(|media_type| media_type.trim().eq_ignore_ascii_case("text/html"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_that_opens_an_address_gets_a_page() {
        for (accept, html) in [
            (Some("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), true),
            (Some("application/json, Text/HTML;q=0.5"), true),
            (Some("*/*"), false),
            (Some("application/json"), false),
            (Some("text/html5"), false),
            (None, false),
        ] {
            assert_eq!(accepts_html(accept), html, "{accept:?}");
        }
    }

    #[test]
    fn a_site_is_its_scheme_and_host() {
        for (url, site) in [
            ("https://shop.example/drops/a?b=https://c.example/", "https://shop.example"),
            ("http://127.0.0.1:8787/drops/a", "http://127.0.0.1:8787"),
            ("https://shop.example?a", "https://shop.example"),
            ("https://shop.example", "https://shop.example"),
        ] {
            assert_eq!(site_of(url), site);
        }
    }
}
