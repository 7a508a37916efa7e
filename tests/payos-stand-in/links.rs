//! Payment links and the money that came in on them. Nothing here reads the clock.

use std::collections::HashMap;

use serde::Deserialize;

use crate::payments::{PayRequest, Transaction, When};

/// A request that has passed every check.
#[derive(Clone, Debug)]
pub(crate) struct NewLink {
    pub(crate) order_code: i64,
    pub(crate) amount: i64,
    pub(crate) memo: String,
    pub(crate) return_url: String,
    pub(crate) cancel_url: String,
    /// Unix seconds.
    pub(crate) expired_at: Option<i64>,
}

#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) id: String,
    pub(crate) request: NewLink,
    pub(crate) status: Status,
    pub(crate) created_at_ms: i64,
    pub(crate) transactions: Vec<Transaction>,
    pub(crate) cancellation: Option<Cancellation>,
    pub(crate) shown: Shown,
    planned: Vec<PayRequest>,
}

/// What replies say instead of the truth. It decides nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shown {
    pub(crate) status: Option<String>,
    pub(crate) amount_paid: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Pending,
    Underpaid,
    Paid,
    Cancelled,
    Expired,
}

#[derive(Clone, Debug)]
pub(crate) struct Cancellation {
    pub(crate) at_ms: i64,
    pub(crate) reason: Option<String>,
}

/// The order code has been used; it stays used after the link was closed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DuplicateOrderCode;

/// The link is paid, cancelled or expired.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AlreadyClosed;

#[derive(Default)]
pub(crate) struct Links {
    /// In order of creation.
    all: Vec<Link>,
    by_order_code: HashMap<i64, usize>,
    by_id: HashMap<String, usize>,
    references: u64,
}

impl Links {
    pub(crate) fn create(&mut self, request: NewLink, now_ms: i64) -> Result<&Link, DuplicateOrderCode> {
        if self.by_order_code.contains_key(&request.order_code) {
            return Err(DuplicateOrderCode);
        }
        let index = self.all.len();
        let id = format!("{now_ms:016x}{index:016x}");
        self.by_order_code.insert(request.order_code, index);
        self.by_id.insert(id.clone(), index);
        self.all.push(Link {
            id,
            request,
            status: Status::Pending,
            created_at_ms: now_ms,
            transactions: Vec::new(),
            cancellation: None,
            shown: Shown::default(),
            planned: Vec::new(),
        });
        Ok(&self.all[index])
    }

    /// By order code or link id, as PayOS finds it; expired if it is time.
    pub(crate) fn find(&mut self, key: &str, now_ms: i64) -> Option<&mut Link> {
        let by_order_code = || self.by_order_code.get(&key.parse().ok()?);
        let index = *self.by_id.get(key).or_else(by_order_code)?;
        let link = &mut self.all[index];
        link.expire(now_ms);
        Some(link)
    }

    pub(crate) fn newest_first(&mut self, now_ms: i64) -> impl Iterator<Item = &Link> {
        self.all.iter_mut().rev().map(move |link| {
            link.expire(now_ms);
            &*link
        })
    }

    /// Looks like a bank's transfer id, and is new.
    pub(crate) fn next_reference(&mut self, now_ms: i64) -> String {
        self.references += 1;
        format!("FT{now_ms}{:06}", self.references)
    }
}

impl Link {
    pub(crate) fn amount_paid(&self) -> i64 {
        self.transactions.iter().map(|transaction| transaction.amount).sum()
    }

    /// Negative when more came than was asked for.
    pub(crate) fn amount_remaining(&self) -> i64 {
        self.request.amount - self.amount_paid()
    }

    pub(crate) fn status_word(&self) -> &str {
        self.shown.status.as_deref().unwrap_or(self.status.word())
    }

    pub(crate) fn amount_paid_shown(&self) -> i64 {
        self.shown.amount_paid.unwrap_or(self.amount_paid())
    }

    pub(crate) fn plan(&mut self, pay_request: PayRequest) {
        self.planned.push(pay_request);
    }

    /// Each is given once.
    pub(crate) fn take_planned(&mut self, when: When) -> Vec<PayRequest> {
        let (due, later) = self.planned.drain(..).partition(|pay_request| pay_request.when == Some(when));
        self.planned = later;
        due
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.status, Status::Pending | Status::Underpaid)
    }

    /// A bank transfer cannot be refused: money is booked in every state, but closes an open link only.
    pub(crate) fn receive(&mut self, transaction: Transaction) {
        self.transactions.push(transaction);
        if self.is_open() {
            self.status = match self.amount_remaining() {
                ..=0 => Status::Paid,
                _ => Status::Underpaid,
            };
        }
    }

    pub(crate) fn cancel(&mut self, cancellation: Cancellation) -> Result<(), AlreadyClosed> {
        if !self.is_open() {
            return Err(AlreadyClosed);
        }
        self.status = Status::Cancelled;
        self.cancellation = Some(cancellation);
        Ok(())
    }

    fn expire(&mut self, now_ms: i64) {
        let expired = |at: i64| at * 1000 <= now_ms;
        if self.is_open() && self.request.expired_at.is_some_and(expired) {
            self.status = Status::Expired;
        }
    }
}

impl Status {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Status::Pending => "PENDING",
            Status::Underpaid => "UNDERPAID",
            Status::Paid => "PAID",
            Status::Cancelled => "CANCELLED",
            Status::Expired => "EXPIRED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::CounterAccount;

    const NOW_MS: i64 = 1_800_000_000_000;

    fn links_with_one() -> Links {
        let mut links = Links::default();
        let request = NewLink {
            order_code: 7,
            amount: 100,
            memo: "DH7".into(),
            return_url: "http://shop.example/return".into(),
            cancel_url: "http://shop.example/cancel".into(),
            expired_at: Some(NOW_MS / 1000 + 60),
        };
        links.create(request, NOW_MS).expect("new");
        links
    }

    fn pay(link: &mut Link, amount: i64) -> Status {
        let (reference, description) = ("FT1".into(), "DH7".into());
        let counter_account = CounterAccount::default();
        link.receive(Transaction { reference, amount, description, counter_account, at_ms: NOW_MS });
        link.status
    }

    #[test]
    fn an_order_code_is_used_once_for_ever() {
        let mut links = links_with_one();
        let link = links.find("7", NOW_MS).expect("known");
        let cancellation = Cancellation { at_ms: NOW_MS, reason: None };
        link.cancel(cancellation).expect("open");
        let again = link.request.clone();
        assert_eq!(links.create(again, NOW_MS).err(), Some(DuplicateOrderCode));
    }

    #[test]
    fn a_link_is_found_by_code_and_by_id_only() {
        let mut links = links_with_one();
        let id = links.find("7", NOW_MS).expect("known").id.clone();
        assert_eq!(id.len(), 32);
        assert!(links.find(&id, NOW_MS).is_some());
        assert!(links.find("8", NOW_MS).is_none());
        assert!(links.find("x", NOW_MS).is_none());
    }

    #[test]
    fn parts_add_up_to_paid_and_more_leaves_a_negative_rest() {
        let mut links = links_with_one();
        let link = links.find("7", NOW_MS).expect("known");
        assert_eq!(pay(link, 99), Status::Underpaid);
        assert_eq!(pay(link, 1), Status::Paid);
        assert_eq!(pay(link, 50), Status::Paid);
        assert_eq!(link.amount_remaining(), -50);
    }

    #[test]
    fn money_on_a_closed_link_is_booked_without_opening_it() {
        let mut links = links_with_one();
        let link = links.find("7", NOW_MS).expect("known");
        let cancellation = Cancellation { at_ms: NOW_MS, reason: None };
        link.cancel(cancellation).expect("open");
        assert_eq!(pay(link, 100), Status::Cancelled);
        assert_eq!(link.amount_paid(), 100);
    }

    #[test]
    fn only_an_open_link_expires_and_only_when_it_is_time() {
        let mut links = links_with_one();
        let before = links.find("7", NOW_MS + 59_999).expect("known");
        assert_eq!(before.status, Status::Pending);
        let after = links.find("7", NOW_MS + 60_000).expect("known");
        assert_eq!(after.status, Status::Expired);

        let mut links = links_with_one();
        pay(links.find("7", NOW_MS).expect("known"), 100);
        let after = links.find("7", NOW_MS + 60_000).expect("known");
        assert_eq!(after.status, Status::Paid);
    }

    #[test]
    fn what_is_closed_cannot_be_cancelled() {
        let mut links = links_with_one();
        let link = links.find("7", NOW_MS + 60_000).expect("known");
        let cancellation = Cancellation { at_ms: NOW_MS, reason: None };
        assert_eq!(link.cancel(cancellation.clone()), Err(AlreadyClosed));
        pay(link, 100);
        assert_eq!(link.cancel(cancellation), Err(AlreadyClosed));
    }
}
