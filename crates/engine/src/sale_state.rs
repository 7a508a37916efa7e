use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::{DropId, DropState, Jti, OrderCode, Timestamp};
use ledger::{Listing, Product};

use crate::link_mails::link_mails;
use crate::{Allowance, Endpoints, OrderFilter, UsedTokens};

/// What is kept in memory of the whole sale between batches. Everything in it can be read back from disk.
pub struct SaleState {
    pub drops: BTreeMap<DropId, OfferedDrop>,
    pub products: BTreeMap<i64, Product>,
    pub used_tokens: UsedTokens,
    /// Shared with readers outside the writer.
    pub order_filter: Arc<OrderFilter>,
    pub link_mails: Allowance<OrderCode>,
    pub endpoints: Endpoints,
    /// The code the next order gets.
    pub next_order: OrderCode,
    /// The number the next list of refunds gets.
    pub next_refund_batch: u64,
}

pub struct OfferedDrop {
    pub listing: Arc<Listing>,
    pub state: DropState,
}

/// Where a sale goes on after a start.
#[derive(Clone, Copy, Debug)]
pub struct Resumed {
    /// When the ledger's last row was written. A wall clock that is ahead at the start, and corrected afterwards, would
    /// forget customers and tokens that still count.
    pub as_of: Timestamp,
    /// The first code of this start: above every code used before, even after an old copy was put back.
    pub first_order: OrderCode,
    pub last_order: Option<OrderCode>,
    pub last_refund_batch: u64,
}

impl SaleState {
    /// A sale without drops and products; what is stored of them follows by the `restore` functions.
    pub fn resumed(from: Resumed, order_filter: OrderFilter) -> Self {
        let after_last = from.last_order.map_or(from.first_order, |last| OrderCode(last.0 + 1));
        Self {
            drops: BTreeMap::new(),
            products: BTreeMap::new(),
            used_tokens: UsedTokens::starting(from.as_of),
            order_filter: Arc::new(order_filter),
            link_mails: link_mails(),
            endpoints: Endpoints::new(),
            next_order: from.first_order.max(after_last),
            next_refund_batch: from.last_refund_batch + 1,
        }
    }

    /// The token of an order that was placed since [`UsedTokens::since`]. Orders must come by ascending code.
    pub fn restore_token(&mut self, jti: Jti, order: OrderCode) {
        self.used_tokens.insert(jti, order);
        self.order_filter.add_token(jti);
    }

    pub fn restore_drop(&mut self, listing: Listing, state: DropState) {
        state.assert_conserved();
        let sid = |order| state.pending(order).map(|pending| pending.sid);
        let shoppers = state.customers().filter_map(|(sub, customer)| Some((sub, sid(customer.pending?)?)));
        shoppers.for_each(|(sub, sid)| self.order_filter.add_shopper(sub, sid));
        self.drops.insert(state.id(), OfferedDrop { listing: Arc::new(listing), state });
    }

    pub fn restore_product(&mut self, product: Product) {
        self.products.insert(product.id, product);
    }

    pub fn pending_count(&self) -> usize {
        self.drops.values().map(|drop| drop.state.pending_count()).sum()
    }

    /// Drops the customers of those drops in which nothing can happen any more.
    pub fn forget_done(&mut self, drops: &BTreeSet<DropId>, now: Timestamp) {
        for drop in drops {
            if let Some(offered) = self.drops.get_mut(drop) {
                offered.state.forget_when_done(now);
            }
        }
    }
}
