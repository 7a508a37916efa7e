//! Purchases.

use std::sync::Arc;

use anyhow::{Context, Result};
use domain::{Command, Decision, Jti, OrderCode, OrderRecord, Outcome, Receipt, decide, evolve};
use ledger::{Entry, Fact, Listing};

use super::Batch;
use crate::{
    Acceptance, PlacedOrder, PurchaseAccepted, PurchaseRefused, PurchaseReply, PurchaseRequest, Records, Salt,
};

impl<R: Records> Batch<'_, R> {
    pub(super) fn purchase(&mut self, request: PurchaseRequest) -> Result<PurchaseReply> {
        let PurchaseRequest { drop, mut purchase, buyer, salt } = request;
        let now = self.now();
        if let Some(until) = self.time.behind_until {
            return Ok(Err(PurchaseRefused::ClockBehind { until }));
        }
        if !self.sale.drops.contains_key(&drop) {
            return Ok(Err(PurchaseRefused::NoSuchDrop));
        }
        purchase.order = self.sale.next_order;
        let made = self.made_with(purchase.jti)?;
        // The same buyer gives the same commitment only under the same salt; after erasure none does.
        if let Some((_, Some(salt))) = made {
            purchase.buyer_commit = buyer.commit(salt);
        }
        let made = made.map(|(record, _)| record);
        let Some(offered) = self.sale.drops.get_mut(&drop) else {
            return Ok(Err(PurchaseRefused::NoSuchDrop));
        };
        let jti = purchase.jti;
        let Decision { outcome, events } = decide(&offered.state, made.as_ref(), now, &Command::Purchase(purchase));
        let mut placed = None;
        for event in events {
            evolve(&mut offered.state, &mut placed, &event, now);
            self.changed_drops.insert(drop);
            self.changes.entries.push(Entry { drop: Some(drop), operator: String::new(), fact: Fact::Sale(event) });
        }
        if let Some(record) = placed {
            self.sale.used_tokens.insert(jti, record.order);
            self.sale.order_filter.add_token(jti);
            self.sale.order_filter.add_shopper(record.sub, record.sid);
            self.sale.next_order = OrderCode(record.order.0 + 1);
            self.changes.placed.push(PlacedOrder { record, salt, buyer });
        }
        let listing = offered.listing.clone();
        self.purchase_reply(outcome, listing)
    }

    /// The order that a token made, with its salt unless it was erased.
    fn made_with(&mut self, jti: Jti) -> Result<Option<(OrderRecord, Option<Salt>)>> {
        let candidates: Vec<OrderCode> = self.sale.used_tokens.candidates(jti).collect();
        for order in candidates {
            let (record, salt) =
                self.find(order)?.with_context(|| format!("order {order} of a token is not stored"))?;
            if record.jti == jti {
                return Ok(Some((record.clone(), salt)));
            }
        }
        Ok(None)
    }

    fn purchase_reply(&mut self, outcome: Outcome, listing: Arc<Listing>) -> Result<PurchaseReply> {
        Ok(match outcome {
            Outcome::Placed(receipt) => Ok(PurchaseAccepted { receipt, listing, acceptance: Acceptance::Placed }),
            Outcome::Replayed(receipt) => Ok(PurchaseAccepted { receipt, listing, acceptance: Acceptance::Replayed }),
            Outcome::Own(order) => {
                let (record, _) = self.find(order)?.with_context(|| format!("pending order {order} is not stored"))?;
                let OrderRecord { order, quantity, amount, ordered_at, .. } = *record;
                let receipt = Receipt { order, quantity, amount, ordered_at };
                Ok(PurchaseAccepted { receipt, listing, acceptance: Acceptance::Resumed })
            }
            Outcome::Refused(refusal) => Err(PurchaseRefused::ByTheRules(refusal)),
            Outcome::Done | Outcome::Unchanged => unreachable!("a purchase is placed, found or refused"),
        })
    }
}
