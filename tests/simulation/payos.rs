//! PayOS and the bank behind it: links made late or never, answers that do not come, webhooks lost, twice, late, wrong.

use std::collections::BTreeMap;

use domain::{LinkFacts, OrderCode, Payment, PaymentIdentity, Proof, Timestamp, Vnd};
use engine::{Destination, Salt};

use crate::queue::ScheduledEvent;
use crate::world::World;

const MINUTE: i64 = 60_000;
/// PayOS delivers a webhook again this often when it is not taken.
const DELIVERIES_MAX: u32 = 4;
/// Money that was on a foreign link before our order was placed came this long before it: no clock here is as wrong.
const FOREIGN_AGE_MS: i64 = 30 * 24 * 60 * MINUTE;

/// One transfer as the bank has it: what is true, whatever is reported.
#[derive(Clone, Debug)]
pub(crate) struct Transfer {
    pub(crate) identity: PaymentIdentity,
    pub(crate) order: OrderCode,
    pub(crate) amount: i64,
    pub(crate) at: i64,
    /// A signed read shows it from now on; a webhook may be quicker.
    pub(crate) shown_at: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct PayLink {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) created_at: i64,
    cancelled: bool,
    transfers: Vec<usize>,
}

/// A webhook on its way.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    order: OrderCode,
    identity: PaymentIdentity,
    amount: i64,
    deliveries: u32,
}

pub(crate) struct PayOs {
    links: BTreeMap<OrderCode, PayLink>,
    pub(crate) transfers: Vec<Transfer>,
    silences: Vec<(i64, i64)>,
}

/// What a signed read shows.
pub(crate) struct LinkShown {
    pub(crate) link: PayLink,
    pub(crate) pending: bool,
    pub(crate) payments: Vec<Payment>,
}

pub(crate) enum Created {
    Link(LinkFacts),
    /// No answer, or "exists already": the link must be read.
    Unknown,
    Failed,
}

pub(crate) enum Read {
    Link(LinkShown),
    NotFound,
    NoAnswer,
}

impl PayOs {
    pub(crate) fn new(rng: &mut fastrand::Rng, begin: i64) -> Self {
        let count = if rng.u8(0..4) == 0 { rng.usize(1..3) } else { 0 };
        let silence = |rng: &mut fastrand::Rng| {
            let from = begin + rng.i64(0..30 * MINUTE);
            (from, from + rng.i64(1_000..30 * MINUTE))
        };
        let silences = (0..count).map(|_| silence(rng)).collect();
        Self { links: BTreeMap::new(), transfers: Vec::new(), silences }
    }

    pub(crate) fn transfer(&self, identity: &PaymentIdentity) -> Option<&Transfer> {
        self.transfers.iter().find(|transfer| transfer.identity == *identity)
    }

    fn is_silent(&self, now: i64) -> bool {
        self.silences.iter().any(|(from, until)| (*from..*until).contains(&now))
    }

    pub(crate) fn make(&mut self, order: OrderCode, amount: i64, now: i64) {
        let id = format!("L{order}");
        let link = PayLink { id, amount, created_at: now, cancelled: false, transfers: Vec::new() };
        self.links.entry(order).or_insert(link);
    }

    /// Another shop used the code before, and money was paid for what it sold.
    fn make_foreign(&mut self, order: OrderCode, amount: i64, placed_at: i64) {
        let at = placed_at - FOREIGN_AGE_MS;
        let identity = PaymentIdentity::new(&format!("X{order}"), "old");
        let link = PayLink {
            id: identity.link.clone(),
            amount,
            created_at: at,
            cancelled: false,
            transfers: vec![self.transfers.len()],
        };
        if let std::collections::btree_map::Entry::Vacant(entry) = self.links.entry(order) {
            entry.insert(link);
            self.transfers.push(Transfer { identity, order, amount, at, shown_at: at });
        }
    }

    fn pay(&mut self, order: OrderCode, amount: i64, now: i64, shown_at: i64) -> Option<PaymentIdentity> {
        let number = self.transfers.len();
        let link = self.links.get_mut(&order)?;
        let identity = if number.is_multiple_of(7) {
            let amount = Vnd::new(amount)?;
            PaymentIdentity::without_reference(&link.id, Timestamp(now), amount, number as u64)
        } else {
            PaymentIdentity::new(&link.id, &format!("FT{number}"))
        };
        link.transfers.push(number);
        self.transfers.push(Transfer { identity: identity.clone(), order, amount, at: now, shown_at });
        Some(identity)
    }

    fn show(&self, order: OrderCode, now: i64) -> Option<LinkShown> {
        let link = self.links.get(&order)?.clone();
        let shown = link.transfers.iter().map(|number| &self.transfers[*number]);
        let shown: Vec<&Transfer> = shown.filter(|transfer| transfer.shown_at <= now).collect();
        let paid: i64 = shown.iter().map(|transfer| transfer.amount).sum();
        let pending = !link.cancelled && paid < link.amount;
        let payments = shown.into_iter().map(|transfer| Payment {
            identity: transfer.identity.clone(),
            amount: vnd(transfer.amount),
            paid_at: Timestamp(transfer.at),
            proof: Proof::SignedRead,
            account: None,
        });
        Some(LinkShown { payments: payments.collect(), link, pending })
    }
}

pub(crate) fn account(number: &str) -> Destination {
    Destination {
        bank: "970422".into(),
        account_number: number.into(),
        account_name: "AN".into(),
        salt: Some(Salt([7; 16])),
    }
}

pub(crate) fn vnd(amount: i64) -> Vnd {
    Vnd::new(amount).expect("the simulated bank moves no negative amounts")
}

impl World {
    fn payos_answers(&mut self) -> bool {
        !self.payos.is_silent(self.now) && !self.chance(self.weather.payos_fails)
    }

    pub(crate) fn create_link(&mut self, order: OrderCode, amount: i64) -> Created {
        if self.chance(self.weather.foreign_link) {
            let placed_at = self.oracle.placed_in_truth(order);
            self.payos.make_foreign(order, amount, placed_at);
        }
        if self.payos.links.contains_key(&order) {
            return Created::Unknown;
        }
        if self.payos_answers() {
            self.payos.make(order, amount, self.now);
            let id = format!("L{order}");
            return Created::Link(LinkFacts { id, checkout_url: String::new(), bank_transfer: None });
        }
        match self.rng.u8(0..4) {
            0 => Created::Failed,
            1 => Created::Unknown,
            2 => {
                self.payos.make(order, amount, self.now);
                Created::Unknown
            }
            _ => {
                let ms = self.rng.i64(0..20_000);
                self.after(ms, ScheduledEvent::LinkMadeLate(order, amount));
                Created::Unknown
            }
        }
    }

    pub(crate) fn cancel_link(&mut self, order: OrderCode) {
        let answers = self.payos_answers();
        // An answer that does not come may have been a cancellation all the same.
        if answers || (!self.payos.is_silent(self.now) && self.rng.bool()) {
            let pending = self.payos.show(order, self.now).is_some_and(|shown| shown.pending);
            if let Some(link) = self.payos.links.get_mut(&order).filter(|_| pending) {
                link.cancelled = true;
            }
        }
    }

    pub(crate) fn read_link(&mut self, order: OrderCode) -> Read {
        if !self.payos_answers() {
            return Read::NoAnswer;
        }
        self.payos.show(order, self.now).map_or(Read::NotFound, Read::Link)
    }

    /// A shopper's transfer reaches the bank. A closed link mostly takes it no more.
    pub(crate) fn transfer_arrives(&mut self, order: OrderCode, amount: i64) {
        let open = self.payos.show(order, self.now).is_some_and(|shown| shown.pending);
        if !open && self.rng.bool() {
            return;
        }
        let shown_at = self.now + self.rng.i64(0..3_000);
        let Some(identity) = self.payos.pay(order, amount, self.now, shown_at) else { return };
        self.report(Report { order, identity, amount, deliveries: 0 });
    }

    fn report(&mut self, report: Report) {
        if !self.chance(self.weather.webhook_lost) {
            for _ in 0..[1, 1, 1, 2, 3][self.rng.usize(0..5)] {
                let late = self.chance(self.weather.webhook_late);
                let ms = if late { self.rng.i64(0..120 * MINUTE) } else { self.rng.i64(50..3_000) };
                self.after(ms, ScheduledEvent::Webhook(report.clone()));
            }
        }
        if self.chance(0.03) {
            let ms = self.rng.i64(0..MINUTE);
            let other = self.rng.i64(1..3) * 10_000;
            let amount = report.amount + other;
            self.after(ms, ScheduledEvent::Webhook(Report { amount, ..report.clone() }));
        }
        if self.chance(0.03) {
            let ms = self.rng.i64(0..10 * MINUTE);
            let (link, without_order) = (format!("W{}", report.order), self.rng.bool());
            let identity = PaymentIdentity { link, ..report.identity };
            let order = if without_order { OrderCode(7) } else { report.order };
            self.after(ms, ScheduledEvent::Webhook(Report { identity, order, ..report }));
        }
    }

    pub(crate) fn webhook_arrives(&mut self, report: Report) {
        let Report { order, identity, amount, .. } = report.clone();
        let payment = Payment {
            identity,
            amount: vnd(amount),
            paid_at: Timestamp(self.now),
            proof: Proof::Webhook,
            account: None,
        };
        // Some banks say where the money came from, and some of those leave out the name.
        let payer = match self.rng.u8(0..4) {
            0 => Some(account(&payment.identity.reference)),
            1 => Some(Destination { account_name: String::new(), ..account(&payment.identity.reference) }),
            _ => None,
        };
        self.ask_webhook(order, payment, payer, report);
    }

    /// Not answered with 2xx: it comes again, a few times.
    pub(crate) fn webhook_again(&mut self, mut report: Report) {
        report.deliveries += 1;
        if report.deliveries < DELIVERIES_MAX {
            let ms = self.rng.i64(1_000..5 * MINUTE);
            self.after(ms, ScheduledEvent::Webhook(report));
        }
    }
}
