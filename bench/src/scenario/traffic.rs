//! Flows of an open loop: the edge, shoppers and PayOS.

use std::cell::RefCell;
use std::collections::VecDeque;

use anyhow::Context;

use crate::edge::{Shoppers, SnapshotReader, webhooks};
use crate::load::open::{Arrivals, Flow, WhenFull};
use crate::load::request::Kind;
use crate::servers::Origin;

/// Enough connections that no webhook waits for another.
pub(super) const WEBHOOK_CONNECTIONS: usize = 128;

/// The edge reads the snapshot.
pub(super) fn status_flow(origin: &Origin, arrivals: Arrivals, connections: usize) -> Flow<'_> {
    let mut reader = SnapshotReader::new(&origin.edge_keys);
    Flow {
        kind: Kind::Status,
        arrivals,
        connections,
        pipeline: 1,
        when_full: WhenFull::Wait,
        next: Box::new(move |bytes| {
            reader.write(bytes);
            Ok(())
        }),
    }
}

/// Shoppers buy. Each token is minted as its request leaves, so that none expires in a long run.
pub(super) fn purchase_flow<'a>(shoppers: &'a mut Shoppers<'_>, arrivals: Arrivals, connections: usize) -> Flow<'a> {
    Flow {
        kind: Kind::Purchase,
        arrivals,
        connections,
        pipeline: 1,
        when_full: WhenFull::Wait,
        next: Box::new(move |bytes| shoppers.write_purchase(bytes)),
    }
}

/// Webhooks pay for the oldest orders of `unpaid`, signed as they leave. `on_payment` gets each order code.
pub(super) fn payment_flow<'a>(
    origin: &'a Origin,
    unpaid: &'a RefCell<VecDeque<u64>>,
    arrivals: Arrivals,
    mut on_payment: impl FnMut(u64) + 'a,
) -> Flow<'a> {
    Flow {
        kind: Kind::Webhook,
        arrivals,
        connections: WEBHOOK_CONNECTIONS,
        pipeline: 1,
        when_full: WhenFull::Wait,
        next: Box::new(move |bytes| {
            let order = unpaid.borrow_mut().pop_front().context("more webhooks than orders")?;
            let request = webhooks(&origin.edge_keys, &[order])?;
            bytes.extend_from_slice(request.get(0).map_or(&[][..], |(_, bytes)| bytes));
            on_payment(order);
            Ok(())
        }),
    }
}
