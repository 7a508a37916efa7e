//! Every outgoing request, each with a timeout.

use std::time::Duration;

use futures_util::future::{Either, select};
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;
use worker::{
    AbortController, Delay, Env, Fetch, Headers, Method, Request, RequestInit, RequestRedirect, Response, Result,
};

use crate::bindings::Site;
use crate::config::Turnstile;
use crate::relay::OriginResponse;

/// Cloudflare answers in tens of milliseconds, and a shopper is waiting.
const TURNSTILE_TIMEOUT: Duration = Duration::from_secs(5);

/// When set, the way to the origin: a private network, or what a test puts in front of it.
const ORIGIN_BINDING: &str = "ORIGIN_SERVICE";

pub(crate) struct OriginRequest<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) token: &'a str,
    pub(crate) content_type: Option<&'a str>,
    pub(crate) body: Option<&'a [u8]>,
    pub(crate) timeout: Duration,
}

#[derive(Serialize)]
struct Siteverify<'a> {
    secret: &'a str,
    response: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    remoteip: Option<&'a str>,
}

#[derive(Deserialize)]
struct Verdict {
    success: bool,
}

/// An error says that no response came in time; whether the origin acted is then unknown.
pub(crate) async fn send(site: &Site, request: OriginRequest<'_>) -> Result<OriginResponse> {
    let headers = Headers::new();
    headers.set("authorization", &format!("Bearer {}", request.token))?;
    if let Some(content_type) = request.content_type {
        headers.set("content-type", content_type)?;
    }
    let url = format!("{}{}", site.config.origin, request.path);
    let outgoing = outgoing(&url, request.method, headers, request.body)?;
    exchange(Some(&site.env), outgoing, request.timeout).await
}

/// Whether Turnstile accepts the token that the page sent.
pub(crate) async fn passes_challenge(turnstile: &Turnstile, token: &str, ip: Option<&str>) -> Result<bool> {
    let question = Siteverify { secret: &turnstile.secret, response: token, remoteip: ip };
    let headers = Headers::new();
    headers.set("content-type", "application/json")?;
    let body = serde_json::to_vec(&question)?;
    let outgoing = outgoing(&turnstile.verify_url, Method::Post, headers, Some(&body))?;
    let response = exchange(None, outgoing, TURNSTILE_TIMEOUT).await?;
    Ok(serde_json::from_slice::<Verdict>(&response.body)?.success)
}

fn outgoing(url: &str, method: Method, headers: Headers, body: Option<&[u8]>) -> Result<Request> {
    let mut init = RequestInit::new();
    init.with_method(method).with_headers(headers).with_redirect(RequestRedirect::Manual);
    init.with_body(body.map(|bytes| JsValue::from(worker::js_sys::Uint8Array::from(bytes))));
    Request::new_with_init(url, &init)
}

/// The timeout covers the body too: a peer may also stop halfway.
async fn exchange(env: Option<&Env>, request: Request, timeout: Duration) -> Result<OriginResponse> {
    let controller = AbortController::default();
    let signal = controller.signal();
    let received = async {
        let service = env.and_then(|env| env.service(ORIGIN_BINDING).ok());
        let response = match service {
            Some(service) => service.fetch_request(request).await?,
            None => Fetch::Request(request).send_with_signal(&signal).await?,
        };
        read(response).await
    };
    let elapsed = Delay::from(timeout);
    match select(std::pin::pin!(received), elapsed).await {
        Either::Left((response, _)) => response,
        Either::Right(_) => {
            controller.abort();
            Err(format!("no response within {} ms", timeout.as_millis()).into())
        }
    }
}

async fn read(mut response: Response) -> Result<OriginResponse> {
    let headers = response.headers();
    let (content_type, retry_after) = (headers.get("content-type")?, headers.get("retry-after")?);
    Ok(OriginResponse { status: response.status_code(), content_type, retry_after, body: response.bytes().await? })
}
