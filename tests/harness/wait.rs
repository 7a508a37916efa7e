use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Between two looks: short against what is waited for, long against the cost of looking.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Looks until `look` finds something; panics when the deadline passes first.
pub async fn until<T>(what: &str, deadline: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(started.elapsed() < deadline, "waited {} s in vain: {what}", deadline.as_secs_f32());
        sleep(LOOK_AGAIN).await;
    }
}
