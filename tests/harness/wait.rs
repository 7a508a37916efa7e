use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Between two calls: short against the awaited change, long against the cost of a call.
const CALL_AGAIN: Duration = Duration::from_millis(50);

/// Calls `look` until it finds something. Panics when the deadline passes first.
pub async fn until<T>(what: &str, deadline: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(started.elapsed() < deadline, "waited {} s in vain: {what}", deadline.as_secs_f32());
        sleep(CALL_AGAIN).await;
    }
}
