//! What shoppers, PayOS and the operator were told, and what must therefore be true after any crash.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use harness::sale_db;
use serde_json::Value;

use crate::{
    chance::Chance,
    edge::{Edge, Transfer, Wish},
    wire::{Connection, Reply},
};

pub(crate) const PRICE: u64 = 250_000;

/// An order that was acknowledged.
#[derive(Clone)]
pub(crate) struct Bought {
    pub(crate) wish: Wish,
    pub(crate) order: u64,
    /// The bytes of the acknowledgement.
    pub(crate) receipt: Vec<u8>,
    pub(crate) cancellation: Wanted,
}

/// Something beyond the purchase.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    No,
    /// Nobody knows whether it happened.
    Asked,
    Acknowledged,
}

#[derive(Default)]
pub(crate) struct Book {
    pub(crate) bought: Vec<Bought>,
    /// Purchases nobody got an answer to: each may be stored or not.
    pub(crate) unanswered: Vec<Wish>,
    /// Transfers that were reported, and whether the report was accepted.
    pub(crate) transfers: Vec<(Transfer, bool)>,
    /// Drops that an operator ended, or tried to.
    pub(crate) ended_drops: HashMap<u32, Wanted>,
    pub(crate) refused: usize,
    /// Purchases whose answer said that the connection ends.
    pub(crate) told_to_close: usize,
}

impl Book {
    /// Takes down the answer to a purchase: an order, or a refusal by the rules of the sale.
    pub(crate) fn enters(&mut self, wish: Wish, reply: Reply) -> Option<u64> {
        self.told_to_close += usize::from(reply.head.contains("\r\nconnection: close"));
        if reply.status == 409 || reply.status == 503 {
            self.refused += 1;
            return None;
        }
        assert_eq!(reply.status, 201, "{}", reply.text());
        let receipt = reply.json();
        assert_eq!((&receipt["amount"], &receipt["quantity"]), (&PRICE.into(), &1.into()), "{receipt}");
        let order = receipt["order_code"].as_u64().expect("an order code");
        self.bought.push(Bought { wish, order, receipt: reply.body, cancellation: Wanted::No });
        Some(order)
    }

    pub(crate) fn adds(&mut self, other: Book) {
        self.bought.extend(other.bought);
        self.unanswered.extend(other.unanswered);
        self.transfers.extend(other.transfers);
        self.ended_drops.extend(other.ended_drops);
        self.refused += other.refused;
        self.told_to_close += other.told_to_close;
    }

    /// Nothing that it holds counts any more: a disk has lost some of it.
    pub(crate) fn forgets_all(&mut self) {
        *self = Book::default();
    }

    /// Checks the files in `data`, which nobody may be using: what was acknowledged is there, once, and nothing is
    /// there that nobody asked for. Returns how many orders are stored.
    pub(crate) async fn is_stored_in(&self, data: &Path) -> usize {
        let stored = sale_db::orders(data).await;
        let tokens: HashSet<[u8; 16]> = stored.iter().map(|order| order.jti).collect();
        assert_eq!(tokens.len(), stored.len(), "a token made two orders");
        let by_code: HashMap<u64, _> = stored.iter().map(|order| (order.code, order)).collect();
        for bought in &self.bought {
            let order = by_code.get(&bought.order);
            let order = order.unwrap_or_else(|| panic!("order {} was acknowledged and is lost", bought.order));
            assert_eq!((order.jti, order.drop), (bought.wish.jti, bought.wish.drop), "order {}", bought.order);
            assert_eq!((order.quantity, order.amount), (1, PRICE), "order {}", bought.order);
        }
        let mut wished: HashSet<[u8; 16]> = self.unanswered.iter().map(|wish| wish.jti).collect();
        wished.extend(self.bought.iter().map(|bought| bought.wish.jti));
        assert!(tokens.is_subset(&wished), "an order is stored that nobody asked for");
        self.money_is_stored_in(data).await;
        stored.len()
    }

    async fn money_is_stored_in(&self, data: &Path) {
        let mut stored: HashMap<(u64, String, String), Vec<u64>> = HashMap::new();
        for payment in sale_db::payments(data).await {
            stored.entry((payment.order, payment.link, payment.reference)).or_default().push(payment.amount);
        }
        for (transfer, accepted) in &self.transfers {
            let key = (transfer.order, transfer.link.clone(), transfer.reference.clone());
            match stored.remove(&key) {
                Some(amounts) => assert_eq!(amounts, [transfer.amount], "{transfer:?} is recorded otherwise"),
                None => assert!(!accepted, "{transfer:?} was accepted and is lost"),
            }
        }
        assert!(stored.is_empty(), "money is stored that nobody sent: {stored:?}");
        assert_eq!(sale_db::count(data, "select count(*) from unmatched_payments").await, 0, "money of nobody");
    }

    /// Asks the origin again for everything since `from`: it must say the same as before, byte for byte, and settle
    /// what got no answer.
    pub(crate) async fn is_told_again(&mut self, edge: &Edge, from: usize) {
        let mut connection = Connection::open(&edge.address).await.expect("an origin that listens");
        for bought in &self.bought[from..] {
            let reply = connection.asks(&bought.wish.request).await.expect("an answer");
            assert_eq!((reply.status, &reply.body), (201, &bought.receipt), "{}", reply.text());
            let view = self.views(edge, &mut connection, bought.order).await;
            let may_be_cancelled =
                bought.cancellation == Wanted::Asked || self.ended_drops.contains_key(&bought.wish.drop);
            match bought.cancellation {
                Wanted::Acknowledged => assert_eq!(view["state"], "cancelled", "{view}"),
                _ => assert!(view["state"] != "cancelled" || may_be_cancelled, "{view}"),
            }
        }
        for (drop, _) in self.ended_drops.iter().filter(|(_, wanted)| **wanted == Wanted::Acknowledged) {
            let reply = connection.asks(&edge.wish(*drop, &mut Chance::of(from as u64)).request).await;
            let reply = reply.expect("an answer");
            assert_eq!((reply.status, &reply.json()["code"]), (409, &"closed".into()), "{}", reply.text());
        }
        for wish in std::mem::take(&mut self.unanswered) {
            let reply = connection.asks(&wish.request).await.expect("an answer");
            self.enters(wish, reply);
        }
        for (transfer, accepted) in self.transfers.iter_mut().filter(|(_, accepted)| !accepted) {
            let reply = connection.asks(&edge.reports(transfer)).await.expect("an answer");
            assert_eq!(reply.status, 204, "{}", reply.text());
            *accepted = true;
        }
    }

    async fn views(&self, edge: &Edge, connection: &mut Connection, order: u64) -> Value {
        let reply = connection.asks(&edge.views(order)).await.expect("an answer");
        assert_eq!(reply.status, 200, "{}", reply.text());
        let view = reply.json();
        assert_eq!((&view["order_code"], &view["amount"]), (&order.into(), &PRICE.into()), "{view}");
        view
    }
}
