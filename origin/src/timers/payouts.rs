//! Begins refunds that PayOS pays out, as they become due.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::payos::Payouts;

/// Money owed back starts its way within this of becoming payable.
const TICK: Duration = Duration::from_secs(5);

/// Runs until the origin stops. What cannot begin now is looked at again.
pub(crate) async fn pay_refunds_out(payouts: Arc<Payouts>, stop: CancellationToken) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        tokio::select! {
            () = stop.cancelled() => return,
            begun = payouts.begin_due(None, "", false) => {
                if let Err(error) = begun {
                    error!(error = format!("{error:#}"), "refunds could not be paid out; trying again");
                }
            }
        }
    }
}
