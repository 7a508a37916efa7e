//! The isolate's one snapshot. `freshness.rs` decides; this module fetches and waits.

use std::cell::RefCell;
use std::time::Duration;

use domain::Timestamp;
use edge_protocol::{Problem, Snapshot, mint_read};
use worker::{Delay, Method, Result};

use crate::bindings::{Site, now};
use crate::freshness::{Served, Slot, Step};
use crate::origin_client::{OriginRequest, send};
use crate::response::origin_unavailable;

/// The origin answers from memory. When it takes longer it is in trouble, and stale numbers are shown.
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);

/// Longer than a fetch and the takeover of a lost one.
const WAIT_MS_MAX: i64 = 5_000;

/// Requests may not wake each other, so each waiting request looks again by itself.
const POLL: Duration = Duration::from_millis(5);

/// A read token lives 60 s and is used again for half of that.
const READ_TOKEN_REUSE_MS: u64 = 30_000;

thread_local! {
    static SLOT: RefCell<Slot> = RefCell::new(Slot::default());
    static READ_TOKEN: RefCell<Option<(String, Timestamp)>> = const { RefCell::new(None) };
}

pub(crate) async fn snapshot(site: &Site) -> std::result::Result<Served, Problem> {
    snapshot_within(site, WAIT_MS_MAX).await
}

/// For a request that has something to show without a snapshot too.
pub(crate) async fn snapshot_within(site: &Site, wait_ms: i64) -> std::result::Result<Served, Problem> {
    let deadline = now().plus_ms(wait_ms);
    loop {
        let now = now();
        match SLOT.with_borrow(|slot| slot.step(now)) {
            Step::Serve(served) => return Ok(served),
            Step::ServeAndRefresh(served) => {
                refresh(site, now);
                return Ok(served);
            }
            Step::Refresh => refresh(site, now),
            Step::Wait => {}
            Step::Unavailable => return Err(origin_unavailable()),
        }
        if now > deadline {
            return SLOT.with_borrow(|slot| slot.last_resort(now)).ok_or_else(origin_unavailable);
        }
        Delay::from(POLL).await;
    }
}

/// Runs after the response, so that the fetch goes on when the shopper leaves.
fn refresh(site: &Site, began: Timestamp) {
    SLOT.with_borrow_mut(|slot| slot.begin(began));
    let behind = site.clone();
    site.context.wait_until(async move {
        let fetched = match fetch(&behind).await {
            Ok(snapshot) => Some(snapshot),
            Err(error) => {
                worker::console_error!("snapshot not fetched: {error}");
                None
            }
        };
        SLOT.with_borrow_mut(|slot| slot.finish(began, fetched));
    });
}

async fn fetch(site: &Site) -> Result<Snapshot> {
    let token = read_token(site, now());
    let request = OriginRequest {
        method: Method::Get,
        path: "/snapshot",
        token: &token,
        content_type: None,
        body: None,
        timeout: FETCH_TIMEOUT,
    };
    let response = send(site, request).await?;
    if response.status != 200 {
        return Err(format!("the origin answered {}", response.status).into());
    }
    Ok(serde_json::from_slice(&response.body)?)
}

fn read_token(site: &Site, now: Timestamp) -> String {
    READ_TOKEN.with_borrow_mut(|kept| match kept {
        Some((token, minted_at)) if now.ms_apart(*minted_at) < READ_TOKEN_REUSE_MS => token.clone(),
        _ => {
            let token = mint_read(&site.config.edge_keys, now);
            *kept = Some((token.clone(), now));
            token
        }
    })
}
