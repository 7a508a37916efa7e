//! The responses that shoppers, PayOS and the operator got, and what they promise after any crash.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use harness::sale_db;
use serde_json::Value;

use crate::{
    edge::{Edge, Payment, Purchase},
    random::Random,
    raw_http::{Connection, RawResponse},
};

pub(crate) const PRICE: u64 = 250_000;

/// An order whose purchase got a 201.
#[derive(Clone)]
pub(crate) struct AcknowledgedOrder {
    pub(crate) purchase: Purchase,
    pub(crate) order: u64,
    /// The body of the 201.
    pub(crate) receipt: Vec<u8>,
    pub(crate) cancellation: CommandState,
}

/// A command after the purchase.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandState {
    NotSent,
    /// Without a response: it may have happened or not.
    Sent,
    Acknowledged,
}

#[derive(Default)]
pub(crate) struct Expectations {
    pub(crate) acknowledged: Vec<AcknowledgedOrder>,
    /// Purchases without a response: each may be stored or not.
    pub(crate) unanswered: Vec<Purchase>,
    /// Payments that a webhook reported, and whether the origin accepted the webhook.
    pub(crate) payments: Vec<(Payment, bool)>,
    /// Drops that an operator killed, or tried to kill.
    pub(crate) killed_drops: HashMap<u32, CommandState>,
    pub(crate) refused: usize,
    /// Purchases whose response said that the origin closes the connection.
    pub(crate) closing_responses: usize,
}

impl Expectations {
    /// Records the response to a purchase: an order, or a refusal by the rules of the sale.
    pub(crate) fn record(&mut self, purchase: Purchase, response: RawResponse) -> Option<u64> {
        self.closing_responses += usize::from(response.head.contains("\r\nconnection: close"));
        if response.status == 409 || response.status == 503 {
            self.refused += 1;
            return None;
        }
        assert_eq!(response.status, 201, "{}", response.text());
        let receipt = response.json();
        assert_eq!((&receipt["amount"], &receipt["quantity"]), (&PRICE.into(), &1.into()), "{receipt}");
        let order = receipt["order_code"].as_u64().expect("an order code");
        self.acknowledged.push(AcknowledgedOrder {
            purchase,
            order,
            receipt: response.body,
            cancellation: CommandState::NotSent,
        });
        Some(order)
    }

    pub(crate) fn merge(&mut self, other: Expectations) {
        self.acknowledged.extend(other.acknowledged);
        self.unanswered.extend(other.unanswered);
        self.payments.extend(other.payments);
        self.killed_drops.extend(other.killed_drops);
        self.refused += other.refused;
        self.closing_responses += other.closing_responses;
    }

    /// Forgets everything, because a disk has lost some of it.
    pub(crate) fn clear(&mut self) {
        *self = Expectations::default();
    }

    /// Checks the files in `data`, which no process may use: each acknowledged order is stored once, and every stored
    /// order belongs to a purchase that was sent. Returns how many orders are stored.
    pub(crate) async fn assert_stored_in(&self, data: &Path) -> usize {
        let stored = sale_db::orders(data).await;
        let tokens: HashSet<[u8; 16]> = stored.iter().map(|order| order.jti).collect();
        assert_eq!(tokens.len(), stored.len(), "a token made two orders");
        let by_code: HashMap<u64, _> = stored.iter().map(|order| (order.code, order)).collect();
        for acknowledged in &self.acknowledged {
            let order = by_code.get(&acknowledged.order);
            let order = order.unwrap_or_else(|| panic!("order {} was acknowledged and is lost", acknowledged.order));
            assert_eq!(
                (order.jti, order.drop),
                (acknowledged.purchase.jti, acknowledged.purchase.drop),
                "order {}",
                acknowledged.order
            );
            assert_eq!((order.quantity, order.amount), (1, PRICE), "order {}", acknowledged.order);
        }
        let mut sent: HashSet<[u8; 16]> = self.unanswered.iter().map(|purchase| purchase.jti).collect();
        sent.extend(self.acknowledged.iter().map(|acknowledged| acknowledged.purchase.jti));
        assert!(tokens.is_subset(&sent), "an order is stored that no client asked for");
        self.assert_money_stored_in(data).await;
        stored.len()
    }

    async fn assert_money_stored_in(&self, data: &Path) {
        let mut stored: HashMap<(u64, String, String), Vec<u64>> = HashMap::new();
        for payment in sale_db::payments(data).await {
            stored.entry((payment.order, payment.link, payment.reference)).or_default().push(payment.amount);
        }
        for (payment, accepted) in &self.payments {
            let key = (payment.order, payment.link.clone(), payment.reference.clone());
            match stored.remove(&key) {
                Some(amounts) => assert_eq!(amounts, [payment.amount], "{payment:?} is recorded otherwise"),
                None => assert!(!accepted, "{payment:?} was accepted and is lost"),
            }
        }
        assert!(stored.is_empty(), "money is stored that no payer sent: {stored:?}");
        assert_eq!(sale_db::count(data, "select count(*) from unmatched_payments").await, 0, "unmatched money");
    }

    /// Repeats every purchase from index `from` on, and every request without a response. The origin must repeat its
    /// receipts byte for byte.
    pub(crate) async fn assert_repeated_by(&mut self, edge: &Edge, from: usize) {
        let mut connection = Connection::open(&edge.address).await.expect("an origin that listens");
        for acknowledged in &self.acknowledged[from..] {
            let response = connection.request(&acknowledged.purchase.request).await.expect("a response");
            assert_eq!((response.status, &response.body), (201, &acknowledged.receipt), "{}", response.text());
            let view = self.assert_order_shown(edge, &mut connection, acknowledged.order).await;
            let may_be_cancelled = acknowledged.cancellation == CommandState::Sent
                || self.killed_drops.contains_key(&acknowledged.purchase.drop);
            match acknowledged.cancellation {
                CommandState::Acknowledged => assert_eq!(view["state"], "cancelled", "{view}"),
                _ => assert!(view["state"] != "cancelled" || may_be_cancelled, "{view}"),
            }
        }
        for (drop, _) in self.killed_drops.iter().filter(|(_, kill)| **kill == CommandState::Acknowledged) {
            let response = connection.request(&edge.purchase(*drop, &mut Random::from_seed(from as u64)).request).await;
            let response = response.expect("a response");
            assert_eq!((response.status, &response.json()["code"]), (409, &"closed".into()), "{}", response.text());
        }
        for purchase in std::mem::take(&mut self.unanswered) {
            let response = connection.request(&purchase.request).await.expect("a response");
            self.record(purchase, response);
        }
        for (payment, accepted) in self.payments.iter_mut().filter(|(_, accepted)| !accepted) {
            let response = connection.request(&edge.webhook(payment)).await.expect("a response");
            assert_eq!(response.status, 204, "{}", response.text());
            *accepted = true;
        }
    }

    async fn assert_order_shown(&self, edge: &Edge, connection: &mut Connection, order: u64) -> Value {
        let response = connection.request(&edge.view_order(order)).await.expect("a response");
        assert_eq!(response.status, 200, "{}", response.text());
        let view = response.json();
        assert_eq!((&view["order_code"], &view["amount"]), (&order.into(), &PRICE.into()), "{view}");
        view
    }
}
