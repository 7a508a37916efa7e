//! The truth as of the last commit, for whoever only looks.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::{DropId, DropStatus, Stock, Timestamp};
use ledger::Listing;

use super::batch::{LiveDrop, Shop};

/// A moment of the published truth: every drop as of the last commit.
#[derive(Debug, Default)]
pub(crate) struct Published {
    pub version: u64,
    /// The last row of the ledger that is in it.
    pub seq: i64,
    /// Drops in which something may still happen, by id.
    live: Vec<PublishedDrop>,
    /// The others, by id, shared with the publication before: a shop has ever more of them, and no batch pays for each.
    done: Arc<Vec<PublishedDrop>>,
}

#[derive(Clone, Debug)]
pub(crate) struct PublishedDrop {
    pub listing: Arc<Listing>,
    pub status: DropStatus,
    pub stock: Stock,
    /// After which nothing can happen in it any more, and it is not shown.
    pub over_after: Option<Timestamp>,
}

impl Published {
    /// The drops that may be otherwise by now, when `changed` are the only ones in which something happened since.
    pub(super) fn outdated(&self, changed: &BTreeSet<DropId>) -> BTreeSet<DropId> {
        self.live.iter().map(PublishedDrop::id).chain(changed.iter().copied()).collect()
    }

    /// What follows on this publication, with those that are outdated made anew.
    pub(super) fn next(&self, seq: i64, now: Timestamp, shop: &Shop, outdated: &BTreeSet<DropId>) -> Self {
        let states = outdated.iter().filter_map(|id| shop.drops.get(id));
        let (ended, live): (Vec<_>, Vec<_>) = states.partition(|live| live.state.is_done(now));
        let published = |drops: Vec<&LiveDrop>| drops.into_iter().map(PublishedDrop::of).collect::<Vec<_>>();
        let mut done = self.done.clone();
        if !ended.is_empty() {
            let mut all: Vec<_> = self.done.iter().filter(|drop| !outdated.contains(&drop.id())).cloned().collect();
            all.extend(published(ended));
            all.sort_by_key(PublishedDrop::id);
            done = Arc::new(all);
        }
        Self { version: self.version + 1, seq, live: published(live), done }
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

    /// Those that shoppers see, by id.
    pub(crate) fn listed(&self, now: Timestamp) -> Vec<&PublishedDrop> {
        let mut drops = self.drops();
        drops.retain(|drop| drop.over_after.is_none_or(|last| now <= last));
        drops
    }
}

impl PublishedDrop {
    fn of(live: &LiveDrop) -> Self {
        let LiveDrop { listing, state } = live;
        let (status, stock, over_after) = (state.status(), state.stock(), state.over_after());
        Self { listing: listing.clone(), status, stock, over_after }
    }

    fn id(&self) -> DropId {
        self.listing.terms.drop
    }
}
