//! What the platform provides: configuration, clock, randomness, rate limits, request bodies and responses.

use std::cell::OnceCell;
use std::rc::Rc;

use domain::Timestamp;
use edge_protocol::Problem;
use futures_util::StreamExt;
use worker::{Context, Date, Env, Headers, Request, Response, ResponseBuilder, Result};

use crate::config::{Config, ConfigError};
use crate::gate::{Credentials, announced_length, arrived_whole, cut_off, too_large};
use crate::response::{EdgeResponse, internal};

/// What one request works with.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) env: Env,
    pub(crate) context: Rc<Context>,
    pub(crate) config: Rc<Config>,
}

thread_local! {
    /// Variables never change within an isolate, so keys are parsed once.
    static CONFIG: OnceCell<Rc<Config>> = const { OnceCell::new() };
}

impl Site {
    pub(crate) fn open(env: Env, context: Context) -> std::result::Result<Self, ConfigError> {
        let config = match CONFIG.with(|config| config.get().cloned()) {
            Some(config) => config,
            None => {
                let read = Rc::new(Config::read(|name| env.var(name).ok().map(|value| value.to_string()))?);
                CONFIG.with(|config| Rc::clone(config.get_or_init(|| read)))
            }
        };
        Ok(Self { env, context: Rc::new(context), config })
    }
}

/// The platform's clock, which stands still between I/O: within one request the time hardly moves.
pub(crate) fn now() -> Timestamp {
    Timestamp(i64::try_from(Date::now().as_millis()).unwrap_or(i64::MAX))
}

pub(crate) fn random() -> std::result::Result<[u8; 16], Problem> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        worker::console_error!("no random bytes: {error}");
        internal()
    })?;
    Ok(bytes)
}

/// Whether the rate limit allows this key another request. A missing binding is an error.
pub(crate) async fn within_limit(env: &Env, binding: &str, key: String) -> Result<bool> {
    Ok(env.rate_limiter(binding)?.limit(key).await?.success)
}

pub(crate) fn header(request: &Request, name: &str) -> Option<String> {
    request.headers().get(name).ok().flatten()
}

pub(crate) fn credentials(request: &Request) -> Credentials {
    Credentials { authorization: header(request, "authorization"), cookie: header(request, "cookie") }
}

/// Reads no more than `bytes_max`, whatever the request announces.
pub(crate) async fn body(request: &mut Request, bytes_max: usize) -> std::result::Result<Vec<u8>, Problem> {
    let content_length = header(request, "content-length");
    announced_length(content_length.as_deref(), bytes_max)?;
    let mut body = Vec::new();
    // Without a body there is no stream, which is the same as an empty one here.
    let Ok(mut stream) = request.stream() else {
        return Ok(body);
    };
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| cut_off())?;
        if body.len() + chunk.len() > bytes_max {
            return Err(too_large(bytes_max));
        }
        body.extend_from_slice(&chunk);
    }
    arrived_whole(content_length.as_deref(), body.len())?;
    Ok(body)
}

pub(crate) fn platform_response(response: EdgeResponse) -> Result<Response> {
    let headers = Headers::new();
    for (name, value) in &response.headers {
        headers.append(name, value)?;
    }
    let builder = ResponseBuilder::new().with_status(response.status).with_headers(headers);
    // The platform refuses any body, even an empty one, on a 204 and a 304.
    Ok(if response.body.is_empty() { builder.empty() } else { builder.fixed(response.body) })
}
