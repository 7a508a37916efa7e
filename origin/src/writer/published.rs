//! The truth as of the last commit, for whoever only looks.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::{DropId, DropStatus, Millis, Stock};

use super::batch::{LiveDrop, Shop};
use crate::store::Listing;

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
    pub over_after: Option<Millis>,
}

impl Published {
    /// What follows on this publication when `changed` are the only drops that changed since.
    pub(super) fn next(&self, seq: i64, now: Millis, shop: &Shop, changed: &BTreeSet<DropId>) -> Self {
        let looked_at = self.live.iter().map(PublishedDrop::id).chain(changed.iter().copied()).collect::<BTreeSet<_>>();
        let states = looked_at.iter().filter_map(|id| shop.drops.get(id));
        let (ended, live): (Vec<_>, Vec<_>) = states.partition(|live| live.state.is_done(now));
        let published = |drops: Vec<&LiveDrop>| drops.into_iter().map(PublishedDrop::of).collect::<Vec<_>>();
        let mut done = self.done.clone();
        if !ended.is_empty() {
            let mut all: Vec<_> = self.done.iter().filter(|drop| !looked_at.contains(&drop.id())).cloned().collect();
            all.extend(published(ended));
            all.sort_by_key(PublishedDrop::id);
            done = Arc::new(all);
        }
        Self { version: self.version + 1, seq, live: published(live), done }
    }

    /// Drops that are done, if there are others than `before`.
    pub(super) fn done_unlike(&self, before: &Self) -> impl Iterator<Item = DropId> {
        let same = Arc::ptr_eq(&self.done, &before.done);
        self.done.iter().filter(move |_| !same).map(PublishedDrop::id)
    }

    pub(crate) fn find(&self, id: DropId) -> Option<&PublishedDrop> {
        let among = |drops: &'_ [PublishedDrop]| drops.binary_search_by_key(&id, PublishedDrop::id).ok();
        among(&self.live).map(|index| &self.live[index]).or_else(|| among(&self.done).map(|index| &self.done[index]))
    }

    /// Every drop, by id.
    pub(crate) fn drops(&self) -> Vec<&PublishedDrop> {
        let mut drops: Vec<_> = self.done.iter().chain(&self.live).collect();
        drops.sort_by_key(|drop| drop.id());
        drops
    }

    /// Those that shoppers see, by id.
    pub(crate) fn listed(&self, now: Millis) -> Vec<&PublishedDrop> {
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
