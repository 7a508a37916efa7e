//! The edge: a Cloudflare Worker between shoppers and the origin.
//!
//! `lib.rs`, `handlers.rs`, `pages.rs`, `bindings.rs`, `origin_client.rs` and `snapshot_cache.rs` call the platform. All
//! decisions are pure functions in the other modules, tested natively. A panic here would end every request of the isolate, so
//! functions that can panic are denied.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)
)]

mod address;
mod admission;
mod bindings;
mod card;
mod config;
mod cookie;
mod freshness;
mod gate;
mod handlers;
mod origin_client;
mod pages;
mod rate_limit;
mod relay;
mod response;
mod route;
mod snapshot_cache;
mod status;

use worker::{Context, Env, Request, Response, Result, event};

use bindings::{Site, now};
use response::EdgeResponse;

#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> Result<Response> {
    let response = match Site::open(env, context) {
        Ok(site) => handlers::respond(request, &site).await,
        Err(error) => {
            worker::console_error!("{error}");
            EdgeResponse::from(response::internal())
        }
    };
    bindings::platform_response(response.finished(now()))
}
