//! Purchases.

use std::sync::Arc;

use anyhow::{Context, Result};
use domain::{Command, Decision, Jti, OrderCode, OrderRecord, Outcome, Receipt, decide, evolve};
use ledger::{Entry, Fact, Listing};

use super::super::ask::{PurchaseAnswer, PurchaseAsk, PurchaseDone, PurchaseRefused};
use super::{Batch, Placed};
use crate::store::Salt;

impl Batch<'_> {
    pub(super) fn purchase(&mut self, ask: PurchaseAsk) -> Result<PurchaseAnswer> {
        let PurchaseAsk { drop, mut purchase, buyer, salt } = ask;
        if self.clock_behind {
            return Ok(Err(PurchaseRefused::ClockBehind));
        }
        if !self.shop.drops.contains_key(&drop) {
            return Ok(Err(PurchaseRefused::NoSuchDrop));
        }
        purchase.order = self.shop.next_order;
        let made = self.made_with(purchase.jti)?;
        // The same buyer gives the same commitment only under the same salt; after erasure none does.
        if let Some((_, Some(salt))) = made {
            purchase.buyer_commit = buyer.commit(salt);
        }
        let made = made.map(|(record, _)| record);
        let Some(live) = self.shop.drops.get_mut(&drop) else {
            return Ok(Err(PurchaseRefused::NoSuchDrop));
        };
        let jti = purchase.jti;
        let Decision { outcome, events } = decide(&live.state, made.as_ref(), self.now, &Command::Purchase(purchase));
        let mut placed = None;
        for event in events {
            evolve(&mut live.state, &mut placed, &event, self.now);
            self.decided.changed_drops.insert(drop);
            self.decided.entries.push(Entry { drop: Some(drop), operator: String::new(), fact: Fact::Sale(event) });
        }
        if let Some(record) = placed {
            self.shop.tokens.insert(jti, record.order);
            self.shop.seen.add(&jti.0);
            self.shop.seen.add(&record.sub.0);
            self.shop.next_order = OrderCode(record.order.0 + 1);
            self.decided.placed.push(Placed { record, salt, buyer });
        }
        let listing = live.listing.clone();
        self.purchase_answer(outcome, listing)
    }

    /// The order that a token made, with its salt unless it was erased.
    fn made_with(&mut self, jti: Jti) -> Result<Option<(OrderRecord, Option<Salt>)>> {
        let candidates: Vec<OrderCode> = self.shop.tokens.candidates(jti).collect();
        for order in candidates {
            let (record, salt) =
                self.find(order)?.with_context(|| format!("order {order} of a token is not stored"))?;
            if record.jti == jti {
                return Ok(Some((record.clone(), salt)));
            }
        }
        Ok(None)
    }

    fn purchase_answer(&mut self, outcome: Outcome, listing: Arc<Listing>) -> Result<PurchaseAnswer> {
        Ok(match outcome {
            Outcome::Placed(receipt) | Outcome::Replayed(receipt) => {
                Ok(PurchaseDone { receipt, listing, resumed: false })
            }
            Outcome::Own(order) => {
                let (record, _) = self.find(order)?.with_context(|| format!("pending order {order} is not stored"))?;
                let OrderRecord { order, quantity, amount, ordered_at, .. } = *record;
                let receipt = Receipt { order, quantity, amount, ordered_at };
                Ok(PurchaseDone { receipt, listing, resumed: true })
            }
            Outcome::Refused(refusal) => Err(PurchaseRefused::ByTheRules(refusal)),
            Outcome::Done | Outcome::Unchanged => unreachable!("a purchase is placed, found or refused"),
        })
    }
}
