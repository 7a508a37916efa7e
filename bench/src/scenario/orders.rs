//! Orders bought before or beside a measurement, and the count of stored orders after it.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::edge::{Shoppers, order_code, webhooks};
use crate::load::closed::{self, Until};
use crate::load::measured::Measured;
use crate::load::request::{Kind, Requests};
use crate::progress::Progress;
use crate::servers::{Origin, Servers};

/// More units than a measurement can sell.
pub(super) const PLENTY: u32 = 10_000_000;
/// Requests prepared at a time: sent within the life of their tokens, in some hundred megabytes of memory.
const CHUNK: usize = 200_000;
/// Webhooks prepared at a time; their token lives a minute.
const WEBHOOKS_CHUNK: usize = 50_000;
/// The origin makes a hundred links a second at a PayOS that takes 300 ms.
const LINKS_TIMEOUT: Duration = Duration::from_secs(1_200);
/// A chunk takes far less; a server that takes longer has stalled.
const CHUNK_TIMEOUT: Duration = Duration::from_secs(100);

/// Fails unless exactly the orders with a 201 are stored.
pub(super) fn require_stored(acknowledged: u64, stored: u64) -> Result<()> {
    ensure!(acknowledged == stored, "{acknowledged} orders acknowledged, {stored} stored");
    Ok(())
}

/// Buys `count` units, each for another customer, and returns the order codes.
pub(super) fn buy(origin: &Origin, shoppers: &mut Shoppers<'_>, count: usize, connections: usize) -> Result<Vec<u64>> {
    let mut orders = Vec::with_capacity(count);
    let progress = Progress::new(&format!("{count} orders"));
    while orders.len() < count {
        let requests = shoppers.purchases(CHUNK.min(count - orders.len()))?;
        let measured = send_all(origin, &requests, connections, |body| orders.extend(order_code(body)))?;
        measured.require(Kind::Purchase, &[201])?;
        progress.set(Duration::from_secs(orders.len() as u64), Duration::from_secs(count as u64));
    }
    ensure!(orders.len() == count, "{} orders of {count}", orders.len());
    Ok(orders)
}

/// Waits until the first `count` orders have their payment links: money comes through a link only, and the origin reads no
/// link that it has not asked for.
pub(super) fn wait_for_links(origin: &Origin, count: usize) -> Result<()> {
    let progress = Progress::new(&format!("{count} payment links"));
    let deadline = Instant::now() + LINKS_TIMEOUT;
    loop {
        let made = origin.metric(r#"dropgate_payment_links_total{result="created"}"#)?;
        if made >= count as u64 {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "{made} payment links of {count}");
        progress.set(Duration::from_secs(made), Duration::from_secs(count as u64));
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Pays for every order by webhook.
pub(super) fn pay(servers: &Servers, origin: &Origin, orders: &[u64], connections: usize) -> Result<()> {
    let progress = Progress::new(&format!("{} payments", orders.len()));
    let mut paid = 0;
    for orders_now in orders.chunks(WEBHOOKS_CHUNK) {
        servers.mark_paid(orders_now)?;
        let requests = webhooks(&origin.edge_keys, orders_now)?;
        send_all(origin, &requests, connections, |_| {})?.require(Kind::Webhook, &[204])?;
        paid += orders_now.len();
        progress.set(Duration::from_secs(paid as u64), Duration::from_secs(orders.len() as u64));
    }
    Ok(())
}

pub(super) fn send_all(
    origin: &Origin,
    requests: &Requests,
    connections: usize,
    mut on_body: impl FnMut(&[u8]),
) -> Result<Measured> {
    let until = Until::AllSent(CHUNK_TIMEOUT);
    closed::run(&origin.address, requests, until, connections, &Progress::hidden(), |response| on_body(response.body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledged_order_that_is_not_stored_fails_the_run() {
        require_stored(3, 3).unwrap();
        for (acknowledged, stored) in [(3, 2), (2, 3)] {
            assert!(require_stored(acknowledged, stored).is_err());
        }
    }
}
