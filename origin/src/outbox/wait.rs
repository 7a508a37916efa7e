//! How long a channel waits before it tries again.

use std::time::Duration;

const RETRY_FIRST_MS: i64 = 1_000;
/// A destination that asks for a longer wait is tried again after this: its clock or its answer may be wrong.
const ASKED_WAIT_MS_MAX: i64 = 60 * 60_000;

/// Doubles from try to try, up to the channel's longest wait, and is never shorter than the destination asked for.
pub(super) fn wait_ms(attempt: u32, seq: i64, asked: Option<Duration>, retry_ms_max: i64) -> i64 {
    let asked_ms = asked.map_or(0, |asked| i64::try_from(asked.as_millis()).unwrap_or(i64::MAX));
    let backoff_ms = (RETRY_FIRST_MS << attempt.min(10)).min(retry_ms_max);
    asked_ms.min(ASKED_WAIT_MS_MAX).max(jittered(backoff_ms, seq))
}

/// Spreads effects that failed together over a quarter of their wait.
fn jittered(wait_ms: i64, seq: i64) -> i64 {
    wait_ms + (seq.wrapping_mul(7_919) & 0xff) * wait_ms / 1024
}
