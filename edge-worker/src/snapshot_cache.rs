//! The isolate's one snapshot. `freshness.rs` says what to do; this does it.

use std::cell::RefCell;
use std::time::Duration;

use edge_protocol::{Problem, Snapshot, mint_read};
use worker::{Delay, Method, Result};

use crate::answer::origin_unavailable;
use crate::bindings::{Site, now_ms};
use crate::freshness::{Served, Slot, Step};
use crate::origin_client::{OriginRequest, ask};

/// The origin answers from memory. Longer than this it is not well, and stale numbers are shown.
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);

/// Longer than a fetch and the takeover of a lost one.
const WAIT_MS_MAX: i64 = 5_000;

/// Requests may not wake each other, so each who waits looks again by itself.
const POLL: Duration = Duration::from_millis(5);

/// A read token lives 60 s and is used again for half of that.
const READ_TOKEN_REUSE_MS: u64 = 30_000;

thread_local! {
    static SLOT: RefCell<Slot> = RefCell::new(Slot::default());
    static READ_TOKEN: RefCell<Option<(String, i64)>> = const { RefCell::new(None) };
}

pub(crate) async fn snapshot(site: &Site) -> std::result::Result<Served, Problem> {
    let deadline_ms = now_ms() + WAIT_MS_MAX;
    loop {
        let now_ms = now_ms();
        match SLOT.with_borrow(|slot| slot.step(now_ms)) {
            Step::Serve(served) => return Ok(served),
            Step::ServeAndRefresh(served) => {
                refresh(site, now_ms);
                return Ok(served);
            }
            Step::Refresh => refresh(site, now_ms),
            Step::Wait => {}
            Step::Unavailable => return Err(origin_unavailable()),
        }
        if now_ms > deadline_ms {
            return SLOT.with_borrow(|slot| slot.last_resort(now_ms)).ok_or_else(origin_unavailable);
        }
        Delay::from(POLL).await;
    }
}

/// Runs behind the answer, so that a shopper who leaves does not take the fetch with him.
fn refresh(site: &Site, began_ms: i64) {
    SLOT.with_borrow_mut(|slot| slot.begin(began_ms));
    let behind = site.clone();
    site.context.wait_until(async move {
        let fetched = match fetch(&behind).await {
            Ok(snapshot) => Some(snapshot),
            Err(error) => {
                worker::console_error!("snapshot not fetched: {error}");
                None
            }
        };
        SLOT.with_borrow_mut(|slot| slot.finish(began_ms, fetched));
    });
}

async fn fetch(site: &Site) -> Result<Snapshot> {
    let token = read_token(site, now_ms());
    let request = OriginRequest {
        method: Method::Get,
        path: "/snapshot",
        token: &token,
        content_type: None,
        body: None,
        timeout: FETCH_TIMEOUT,
    };
    let answer = ask(site, request).await?;
    if answer.status != 200 {
        return Err(format!("the origin answered {}", answer.status).into());
    }
    Ok(serde_json::from_slice(&answer.body)?)
}

fn read_token(site: &Site, now_ms: i64) -> String {
    READ_TOKEN.with_borrow_mut(|kept| match kept {
        Some((token, minted_ms)) if now_ms.abs_diff(*minted_ms) < READ_TOKEN_REUSE_MS => token.clone(),
        _ => {
            let token = mint_read(&site.config.edge_keys, now_ms);
            *kept = Some((token.clone(), now_ms));
            token
        }
    })
}
