//! Ends holds when their time has come.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use domain::{Command, HOLD_GRACE_MS, Link, OrderCode, OrderState, Timestamp};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::payos::PaymentLinks;
use crate::ports::Ports;

/// A freed unit is for sale within this of its hold's end.
const TICK: Duration = Duration::from_millis(500);
/// Holds looked at in one step.
const HOLDS_MAX: usize = 1_024;
/// Links closed at once.
const AT_ONCE: usize = 16;
/// Between two questions about the same link; a hold settles for a quarter of an hour.
const ASK_AGAIN_MS: i64 = 10_000;

/// Ends holds. A step takes no input: what is due is asked of the writer each time.
pub(crate) struct HoldTimer {
    ports: Ports,
    links: Arc<PaymentLinks>,
    /// Links that were asked about and when to ask again.
    asked: HashMap<OrderCode, Timestamp>,
}

impl HoldTimer {
    pub(crate) fn new(ports: Ports, links: Arc<PaymentLinks>) -> Self {
        Self { ports, links, asked: HashMap::new() }
    }

    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                result = self.tick_once() => {
                    if let Err(error) = result {
                        error!(error = format!("{error:#}"), "ending holds failed; trying again");
                    }
                }
            }
        }
    }

    /// Looks at every hold whose `pay_by` has passed: closes its link first, and ends it when its time has come.
    pub(crate) async fn tick_once(&mut self) -> Result<()> {
        let now = self.ports.clock.now();
        self.asked.retain(|_, again_at| *again_at > now);
        let mut after = OrderCode(0);
        loop {
            let Ok(due) = self.ports.writer.due_holds(after, HOLDS_MAX).await else {
                return Ok(());
            };
            let Some(last) = due.last() else {
                return Ok(());
            };
            after = *last;
            let mut tasks = JoinSet::new();
            for order in due {
                let may_ask = !self.asked.contains_key(&order);
                if may_ask {
                    self.asked.insert(order, now.plus_ms(ASK_AGAIN_MS));
                }
                let (ports, links) = (self.ports.clone(), self.links.clone());
                tasks.spawn(async move { end_hold(&ports, &links, order, now, may_ask).await });
                if tasks.len() >= AT_ONCE {
                    report(tasks.join_next().await);
                }
            }
            while let Some(result) = tasks.join_next().await {
                report(Some(result));
            }
        }
    }
}

async fn end_hold(ports: &Ports, links: &PaymentLinks, order: OrderCode, now: Timestamp, may_ask: bool) -> Result<()> {
    let Some(stored) = ports.reader.read(move |store| store.load_order(order)).await? else {
        return Ok(());
    };
    let record = stored.record;
    if record.state != OrderState::Pending {
        return Ok(());
    }
    let killed = ports.writer.published().find(record.drop).is_some_and(|drop| drop.status.is_killed());
    if killed {
        // The outbox closes the link when it reads of the cancellation.
        let _ = ports.writer.order(order, Command::CancelByOperator { restock: true }).await;
        return Ok(());
    }
    if may_ask && matches!(record.link, Link::Asked | Link::Made(_)) {
        links.close_link(order).await?;
    }
    if now >= record.pay_by.plus_ms(HOLD_GRACE_MS) {
        // Refused when money or a later deadline came in between: the next step looks again.
        let _ = ports.writer.order(order, Command::EndHold).await;
    }
    Ok(())
}

fn report(result: Option<Result<Result<()>, tokio::task::JoinError>>) {
    match result {
        Some(Ok(Err(error))) => error!(error = format!("{error:#}"), "a hold could not be looked at; trying again"),
        Some(Err(error)) => error!(error = %error, "ending a hold panicked"),
        Some(Ok(Ok(()))) | None => {}
    }
}
