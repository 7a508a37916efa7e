//! Tells the merchant's own systems of orders, refunds and drops: a channel for each endpoint.

use std::sync::Arc;

use anyhow::{Context, Result};
use domain::{DropId, OrderCode, Timestamp};
use engine::{Endpoint, EndpointRequest, EndpointSecret, RefundId};
use ledger::LedgerRow;
use tracing::warn;

use super::channel::{Channel, Patience, Settings};
use crate::delivery::Delivery;
use crate::metrics::Metrics;
use crate::ports::Ports;
use crate::store::ReadStore;
use crate::store::outbox::WEBHOOKS;
use crate::webhooks::{
    About, Answer, Body, BuyerData, DropData, OrderData, Sender, Sent, event_of, unmatched_refund, wants,
};
use crate::writer::Published;

/// Three days from when it was due. Then, and after a retry, at least some hours of tries.
const PATIENCE: Patience = Patience { tries: 20, ms: 3 * 24 * 60 * 60_000 };

pub(super) struct Webhooks {
    /// Of its endpoint, from 1.
    pub(super) number: u8,
    pub(super) ports: Ports,
    pub(super) sender: Arc<Sender>,
    pub(super) origin_no: u8,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Effect {
    seq: i64,
    at: Timestamp,
    event: &'static str,
    about: About,
}

impl Channel for Webhooks {
    type Effect = Effect;

    fn settings(&self) -> Settings {
        let stored = WEBHOOKS[usize::from(self.number) - 1];
        Settings {
            name: stored.name,
            rows: stored.rows,
            delay_ms: 0,
            shoppers_wait: false,
            at_once: 4,
            retry_ms_max: 60 * 60_000,
            patience: PATIENCE,
        }
    }

    fn owes_after(&self) -> Option<i64> {
        self.enabled_endpoint(&self.ports.writer.published()).map(|endpoint| endpoint.since)
    }

    fn owed(&self, row: &LedgerRow) -> Option<Effect> {
        let published = self.ports.writer.published();
        let endpoint = self.enabled_endpoint(&published).filter(|endpoint| row.seq > endpoint.added)?;
        let (event, about) = event_of(&row.entry).filter(|(event, _)| wants(&endpoint.events, event))?;
        Some(Effect { seq: row.seq, at: row.at, event, about })
    }

    async fn deliver(&self, effect: Effect) -> Result<Delivery> {
        let published = self.ports.writer.published();
        // Disabled since, or another one now has the number.
        let Some(endpoint) = self.enabled_endpoint(&published).filter(|endpoint| effect.seq > endpoint.added) else {
            return Ok(Delivery::Done);
        };
        let Some(body) = self.body(effect, endpoint.personal).await? else {
            return Ok(Delivery::Done);
        };
        let id = format!("{}-{}-{}", self.origin_no, self.number, effect.seq);
        let sent = Sent { id, body, at: self.ports.clock.wall() };
        let answer = self.sender.send(self.number, endpoint, sent).await;
        self.heard(answer, endpoint).await
    }
}

impl Webhooks {
    fn enabled_endpoint<'a>(&self, published: &'a Published) -> Option<&'a Endpoint<EndpointSecret>> {
        published.endpoints.get(&self.number).filter(|endpoint| endpoint.is_enabled())
    }

    /// What the delivery says. None when the row turns out to be no such event.
    async fn body(&self, effect: Effect, personal: bool) -> Result<Option<Vec<u8>>> {
        let Effect { at, event, about, .. } = effect;
        match about {
            About::Order(order) | About::SettledOrder(order) => self.order_body(effect, order, None, personal).await,
            About::Refund(RefundId::Order(order, number)) => {
                self.order_body(effect, order, Some(number), personal).await
            }
            About::Refund(RefundId::Unmatched(payment)) => {
                let read = self.ports.reader.read(move |store| store.unmatched_payment(payment)).await?;
                let unmatched =
                    read.with_context(|| format!("the unmatched payment of row {payment} is not stored"))?;
                Ok(Some(Body::json(event, at, unmatched_refund(&unmatched))?))
            }
            About::Drop(drop) => {
                let published = self.ports.writer.published();
                let drop = published.find(drop).with_context(|| format!("drop {} is not known", drop.0))?;
                Ok(Some(Body::json(event, at, DropData::new(drop))?))
            }
        }
    }

    async fn order_body(
        &self,
        effect: Effect,
        order: OrderCode,
        refund: Option<u32>,
        personal: bool,
    ) -> Result<Option<Vec<u8>>> {
        let read = move |store: &ReadStore| Ok((store.load_order(order)?, store.settled_row(order)?));
        let (stored, settled_row) = self.ports.reader.read(read).await?;
        // An order is settled by one row.
        if matches!(effect.about, About::SettledOrder(_)) && settled_row != Some(effect.seq) {
            return Ok(None);
        }
        let stored = stored.with_context(|| format!("order {order} is not stored"))?;
        let record = &stored.record;
        let buyer = stored.buyer.filter(|_| personal).map(|(_, buyer)| BuyerData::new(buyer));
        let refund = refund.and_then(|number| record.refunds.iter().find(|refund| refund.number == number));
        let data = OrderData::new(record, &self.slug(record.drop)?, settled_row.is_some(), refund, buyer);
        Ok(Some(Body::json(effect.event, effect.at, data)?))
    }

    fn slug(&self, drop: DropId) -> Result<String> {
        let published = self.ports.writer.published();
        let drop = published.find(drop).with_context(|| format!("drop {} is not known", drop.0))?;
        Ok(drop.listing.slug.clone())
    }

    async fn heard(&self, answer: Answer, endpoint: &Endpoint<EndpointSecret>) -> Result<Delivery> {
        let (number, deliveries) = (self.number, &self.ports.metrics.deliveries);
        match answer {
            Answer::Accepted => {
                Metrics::count(deliveries, "accepted");
                Ok(Delivery::Done)
            }
            Answer::Gone => {
                Metrics::count(deliveries, "gone");
                warn!(endpoint = number, "a webhook endpoint answered 410 Gone: it is disabled");
                let gone = EndpointRequest::Gone { endpoint: number, since: endpoint.since };
                // Not recorded: the next try hears the same, and records it.
                let recorded = self.ports.writer.change_endpoint(gone, String::new()).await;
                Ok(Delivery::done_if(recorded.is_ok()))
            }
            Answer::NotNow { retry_after } => {
                Metrics::count(deliveries, "not_now");
                // It names no delivery: so an outage is one line, and not one for each.
                warn!(endpoint = number, "a webhook endpoint did not accept a delivery; trying again");
                Ok(Delivery::Later { after: retry_after })
            }
        }
    }
}
