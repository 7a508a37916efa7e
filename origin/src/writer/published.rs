//! The state as of the last commit, for readers that do not ask the writer.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::{DropId, DropStatus, Stock, Timestamp};
use engine::{Endpoints, OfferedDrop, SaleState};
use ledger::Listing;

/// Every drop as of one commit.
#[derive(Debug, Default)]
pub(crate) struct Published {
    pub version: u64,
    /// The last row of the ledger that is in it.
    pub seq: i64,
    /// The merchant's webhook endpoints.
    pub endpoints: Arc<Endpoints>,
    /// Drops in which something may still happen, by id.
    live: Vec<PublishedDrop>,
    /// The others, by id, shared with the publication before: they become ever more, and no batch pays for each.
    done: Arc<Vec<PublishedDrop>>,
}

#[derive(Clone, Debug)]
pub(crate) struct PublishedDrop {
    pub listing: Arc<Listing>,
    pub status: DropStatus,
    pub stock: Stock,
    /// After this moment nothing can happen in it, and it is not shown.
    pub over_after: Option<Timestamp>,
}

impl Published {
    /// The drops to publish anew, when `changed` are the only ones in which something happened since.
    pub(super) fn outdated(&self, changed: &BTreeSet<DropId>) -> BTreeSet<DropId> {
        self.live.iter().map(PublishedDrop::id).chain(changed.iter().copied()).collect()
    }

    /// The publication after this one, with the outdated drops made anew.
    pub(super) fn next(&self, seq: i64, now: Timestamp, sale: &SaleState, outdated: &BTreeSet<DropId>) -> Self {
        let states = outdated.iter().filter_map(|id| sale.drops.get(id));
        let (ended, live): (Vec<_>, Vec<_>) = states.partition(|offered| offered.state.is_done(now));
        let published = |drops: Vec<&OfferedDrop>| drops.into_iter().map(PublishedDrop::of).collect::<Vec<_>>();
        let mut done = self.done.clone();
        if !ended.is_empty() {
            let mut all: Vec<_> = self.done.iter().filter(|drop| !outdated.contains(&drop.id())).cloned().collect();
            all.extend(published(ended));
            all.sort_by_key(PublishedDrop::id);
            done = Arc::new(all);
        }
        let mut endpoints = self.endpoints.clone();
        if *endpoints != sale.endpoints {
            endpoints = Arc::new(sale.endpoints.clone());
        }
        Self { version: self.version + 1, seq, endpoints, live: published(live), done }
    }

    pub(crate) fn find(&self, id: DropId) -> Option<&PublishedDrop> {
        [&self.live, &*self.done].into_iter().find_map(|drops| {
            let index = drops.binary_search_by_key(&id, PublishedDrop::id).ok()?;
            Some(&drops[index])
        })
    }

    /// Every drop, by id.
    pub(crate) fn drops(&self) -> Vec<&PublishedDrop> {
        let mut drops: Vec<_> = self.done.iter().chain(&self.live).collect();
        drops.sort_by_key(|drop| drop.id());
        drops
    }

    /// The drops that shoppers see, by id.
    pub(crate) fn listed(&self, now: Timestamp) -> Vec<&PublishedDrop> {
        let mut drops = self.drops();
        drops.retain(|drop| drop.over_after.is_none_or(|last| now <= last));
        drops
    }
}

impl PublishedDrop {
    fn of(offered: &OfferedDrop) -> Self {
        let OfferedDrop { listing, state } = offered;
        let (status, stock, over_after) = (state.status(), state.stock(), state.over_after());
        Self { listing: listing.clone(), status, stock, over_after }
    }

    fn id(&self) -> DropId {
        self.listing.terms.drop
    }
}
