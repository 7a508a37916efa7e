//! Deliveries to the merchant's own systems, which accept them, fail in every way, or are gone.

use std::collections::BTreeSet;

use engine::{EndpointRequest, EndpointSecret, EndpointState};
use harness::{WebhookDelivery, WebhookReceiver};
use serde_json::json;

use super::*;
use crate::store::NextTry;
use crate::webhooks::{new_secret, shown};

const DAY_MS: i64 = 24 * 60 * 60_000;

struct Merchant {
    receiver: WebhookReceiver,
}

impl Merchant {
    async fn new() -> Self {
        Self { receiver: WebhookReceiver::start().await }
    }

    /// Adds an endpoint of the merchant to the shop.
    async fn listens(&self, sale: &Sale, path: &str, events: &[&str]) -> (u8, EndpointSecret) {
        let (url, secret) = (self.receiver.url(path), new_secret().unwrap());
        let events = events.iter().map(|event| (*event).to_owned()).collect();
        let request = EndpointRequest::Add { url, events, personal: false, secret: secret.clone() };
        let number = sale.ports.writer.change_endpoint(request, "an".to_owned()).await.unwrap().unwrap();
        self.receiver.knows_secrets(path, &[&shown(&secret)]).await;
        (number, secret)
    }

    async fn events(&self, path: &str, count: usize) -> Vec<String> {
        let deliveries = self.receiver.accepts(path, count).await;
        deliveries.iter().map(|delivery| delivery.body["type"].as_str().unwrap().to_owned()).collect()
    }
}

impl Sale {
    /// Lets three hours pass after each try that failed, until the channel gives its effect up.
    async fn gives_up(&self, channel: &'static str) -> i64 {
        let mut tries = 0;
        until("it is given up", OUTBOX_DEADLINE, async || {
            let read = move |store: &crate::store::ReadStore| store.deliveries(Some(channel), 1);
            let found = self.ports.reader.read(read).await.unwrap().pop()?;
            if matches!(found.next, NextTry::GivenUp { .. }) {
                return Some(found.seq);
            }
            if found.attempt > tries {
                tries = found.attempt;
                self.clock.advance(3 * 60 * 60_000);
            }
            None
        })
        .await
    }

    /// Waits until something of the channel is to be tried again.
    async fn waits(&self, channel: &'static str) {
        until("a try failed", OUTBOX_DEADLINE, async || {
            let read = move |store: &crate::store::ReadStore| store.deliveries(Some(channel), 1);
            (!self.ports.reader.read(read).await.unwrap().is_empty()).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn an_endpoint_hears_what_it_asked_for_in_order_signed_and_only_from_when_it_was_added() {
    let mut sale = Sale::of(3).await;
    sale.buys_with_link(1).await;
    let merchant = Merchant::new().await;
    merchant.listens(&sale, "/orders", &["order.*", "refund.due"]).await;
    merchant.listens(&sale, "/drops", &["drop.*"]).await;
    let order = sale.buys_with_link(2).await;
    // The first half is settled before the order is paid.
    for (reference, amount) in [("FT1", PRICE - 40), ("FT2", 540)] {
        sale.receives(order, reference, amount, Proof::Webhook).await;
        sale.receives(order, reference, amount, Proof::SignedRead).await;
    }
    let pause = sale.ports.writer.drop_command(DropId(1), Command::Pause, "an".to_owned());
    pause.await.unwrap().unwrap();
    let events = merchant.events("/orders", 4).await;
    assert_eq!(events, ["order.placed", "order.paid", "refund.due", "order.settled"]);
    assert_eq!(merchant.events("/drops", 1).await, ["drop.paused"]);
    let deliveries = merchant.receiver.deliveries("/orders").await;
    assert!(deliveries.iter().all(|delivery| delivery.verified == [true]), "{deliveries:?}");
    let mut ids: Vec<_> = deliveries.iter().map(|delivery| delivery.id.clone()).collect();
    assert!(ids.iter().all(|id| id.starts_with("1-1-")), "{ids:?}");
    ids.dedup();
    assert_eq!(ids.len(), 4);
    let (paid, refund) = (&deliveries[1].body["data"], &deliveries[2].body["data"]["refund"]);
    assert_eq!((&paid["order_code"], &paid["state"], &paid["buyer"]), (&json!(order.0), &json!("paid"), &json!(null)));
    assert_eq!((&refund["amount"], &refund["state"]), (&json!(500), &json!("due")));
    sale.finish().await;
}

#[tokio::test]
async fn an_endpoint_that_fails_in_any_way_is_tried_again_with_the_same_id_and_delays_no_other() {
    let mut sale = Sale::of(20).await;
    let merchant = Merchant::new().await;
    merchant.listens(&sale, "/fails", &["order.placed"]).await;
    merchant.listens(&sale, "/works", &["order.placed"]).await;
    let private = json!({ "mode": "redirect", "location": merchant.receiver.url("/private") });
    let failures = [
        json!({ "mode": "refuse" }),
        json!({ "mode": "cut" }),
        json!({ "mode": "status", "status": 400 }),
        json!({ "mode": "status", "status": 503 }),
        json!({ "mode": "huge" }),
        private,
        json!({ "mode": "slow" }),
        json!({ "mode": "hang" }),
    ];
    for (index, failure) in failures.into_iter().enumerate() {
        merchant.receiver.behaves("/fails", failure.clone()).await;
        sale.buys(index as u8 + 1).await;
        merchant.receiver.was_tried("/fails", index + 1).await;
        // The other endpoint does not wait for it.
        merchant.receiver.accepts("/works", index + 1).await;
        assert_eq!(merchant.receiver.deliveries("/fails").await.len(), 0, "{failure}");
    }
    assert!(merchant.receiver.tried("/private").await.is_empty(), "a redirect was followed");
    merchant.receiver.behaves("/fails", json!({ "mode": "accept" })).await;
    sale.owes_nothing("webhook_1").await;
    let (late, works) = (merchant.receiver.deliveries("/fails").await, merchant.receiver.deliveries("/works").await);
    let rows = |deliveries: &[WebhookDelivery]| {
        let rows = deliveries.iter().map(|delivery| delivery.id.rsplit('-').next().unwrap().to_owned());
        rows.collect::<BTreeSet<_>>()
    };
    assert_eq!(rows(&late), rows(&works));
    let mut ids: Vec<String> = late.into_iter().map(|delivery| delivery.id).collect();
    ids.sort();
    let mut tried = merchant.receiver.tried("/fails").await;
    tried.sort();
    assert_eq!(tried, ids.iter().flat_map(|id| [id.clone(), id.clone()]).collect::<Vec<_>>());
    sale.finish().await;
}

#[tokio::test]
async fn an_endpoint_that_asks_for_a_wait_gets_it_up_to_an_hour() {
    let mut sale = Sale::of(2).await;
    let merchant = Merchant::new().await;
    merchant.listens(&sale, "/busy", &["order.placed"]).await;
    for (shopper, asked_seconds, waited_seconds) in [(1, 900, 900), (2, 100_000, 3_600)] {
        merchant
            .receiver
            .behaves("/busy", json!({ "mode": "status", "status": 503, "retry_after": asked_seconds }))
            .await;
        sale.buys(shopper).await;
        let wait_ms = until("a try failed", OUTBOX_DEADLINE, async || {
            let read = move |store: &crate::store::ReadStore| store.deliveries(Some("webhook_1"), 10);
            let found = sale.ports.reader.read(read).await.unwrap();
            let waiting = found.get(usize::from(shopper) - 1).map(|_| found[0].next)?;
            match waiting {
                NextTry::At(at) => Some(at.0 - sale.clock.now().0),
                NextTry::GivenUp { .. } => None,
            }
        });
        assert_eq!(wait_ms.await, waited_seconds * 1_000);
    }
    merchant.receiver.behaves("/busy", json!({ "mode": "accept" })).await;
    sale.clock.advance(60 * 60_000);
    sale.owes_nothing("webhook_1").await;
    sale.finish().await;
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_disabled_and_hears_nothing_until_it_is_enabled() {
    let mut sale = Sale::of(3).await;
    let merchant = Merchant::new().await;
    let (number, _) = merchant.listens(&sale, "/gone", &["*"]).await;
    merchant.receiver.behaves("/gone", json!({ "mode": "status", "status": 410 })).await;
    sale.buys(1).await;
    let state = |sale: &Sale| sale.ports.writer.published().endpoints[&number].state;
    until("it is disabled", OUTBOX_DEADLINE, async || (state(&sale) == EndpointState::Gone).then_some(())).await;
    merchant.receiver.behaves("/gone", json!({ "mode": "accept" })).await;
    sale.buys(2).await;
    let enable = EndpointRequest::Enable { endpoint: number };
    sale.ports.writer.change_endpoint(enable, "an".to_owned()).await.unwrap().unwrap();
    let third = sale.buys(3).await;
    let deliveries = merchant.receiver.accepts("/gone", 1).await;
    assert_eq!(deliveries[0].body["data"]["order_code"], json!(third.0));
    sale.owes_nothing("webhook_1").await;
    assert_eq!(merchant.receiver.deliveries("/gone").await.len(), 1);
    sale.finish().await;
}

#[tokio::test]
async fn a_delivery_is_given_up_after_three_days_and_carried_out_when_an_operator_retries_it() {
    let mut sale = Sale::of(2).await;
    let merchant = Merchant::new().await;
    let (endpoint, _) = merchant.listens(&sale, "/down", &["order.placed"]).await;
    merchant.receiver.behaves("/down", json!({ "mode": "status", "status": 500 })).await;
    let placed_at = sale.clock.now();
    let order = sale.buys(1).await;
    sale.waits("webhook_1").await;
    let row = sale.gives_up("webhook_1").await;
    assert!(sale.clock.now().0 - placed_at.0 >= 3 * DAY_MS);
    merchant.receiver.behaves("/down", json!({ "mode": "accept" })).await;
    sale.owes_nothing("webhook_1").await;
    assert_eq!(merchant.receiver.deliveries("/down").await.len(), 0);
    // An endpoint that was disabled in between still gets what the operator retries.
    for request in [EndpointRequest::Disable { endpoint }, EndpointRequest::Enable { endpoint }] {
        sale.ports.writer.change_endpoint(request, "an".to_owned()).await.unwrap().unwrap();
    }
    sale.ports.writer.retry_delivery("webhook_1".to_owned(), row, "an".to_owned()).await.unwrap();
    sale.ports.retried.add("webhook_1", row);
    let deliveries = merchant.receiver.accepts("/down", 1).await;
    assert_eq!(deliveries[0].body["data"]["order_code"], json!(order.0));
    sale.owes_nothing("webhook_1").await;
    sale.finish().await;
}
