//! Orders bought before or beside a measurement, and the count of stored orders after it.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::edge::{Shoppers, order_code};
use crate::load::closed::{self, Until};
use crate::load::measured::Measured;
use crate::load::request::{Kind, Requests};
use crate::progress::Progress;
use crate::servers::Origin;

/// More units than a measurement can sell.
pub(super) const PLENTY: u32 = 10_000_000;
/// Requests prepared at a time: sent within the life of their tokens, in some hundred megabytes of memory.
const CHUNK: usize = 200_000;
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
