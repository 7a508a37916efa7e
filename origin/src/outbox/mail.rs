//! Writes to buyers: when an order is paid, when money goes back, and when a shopper asks for the order's address.

use anyhow::{Context, Result};
use domain::{Event, OrderCode, OrderRecord, OrderState, PaymentState, RefundReason, RefundState, Timestamp};
use edge_protocol::{OrderKeys, vietnam_time};
use engine::{Buyer, Payer, RefundId, StoredOrder};
use ledger::{Fact, LedgerRow};
use tracing::{info, warn};

use super::channel::{Channel, Patience, Settings};
use crate::delivery::Delivery;
use crate::mail::{CONNECTIONS_MAX, Facts, Handed, Kind, Letter, Mailer, RefundFacts, amount};
use crate::metrics::Metrics;
use crate::ports::Ports;
use crate::store::ReadStore;
use crate::store::outbox::MAIL;

/// A letter about paid money waits so long for the signed read that settles it, and then goes out without it.
const SETTLED_WITHIN_MS: i64 = 10 * 60_000;

/// Beyond this a letter is old news: the mail server was down for days, or the shop has only now set one up.
const NEWS_MS: i64 = 3 * 24 * 3_600_000;

pub(crate) struct MailToBuyers {
    pub ports: Ports,
    pub mailer: Mailer,
    pub order_keys: OrderKeys,
    /// Where shoppers open their orders.
    pub public_url: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Effect {
    seq: i64,
    at: Timestamp,
    order: OrderCode,
    occasion: Occasion,
}

/// What the row said. The order may have gone on since: the letter says how it stands when it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Occasion {
    Paid,
    RefundDue { number: u32, returned: bool },
    RefundSent { number: u32 },
    LinkAsked,
}

/// What a letter is written from.
struct Read {
    stored: StoredOrder,
    account_known: bool,
    bank_reference: String,
}

impl Channel for MailToBuyers {
    type Effect = Effect;

    fn settings(&self) -> Settings {
        Settings {
            name: MAIL.name,
            rows: MAIL.rows,
            // Most payments are settled by then, and an order that changed twice within seconds gets one letter.
            delay_ms: 5_000,
            shoppers_wait: false,
            at_once: CONNECTIONS_MAX as usize,
            retry_ms_max: 300_000,
            patience: Patience::MANY_TRIES,
        }
    }

    fn owed(&self, row: &LedgerRow) -> Option<Effect> {
        let (order, occasion) = match &row.entry.fact {
            Fact::Sale(Event::OrderPaid { order, .. }) => (*order, Occasion::Paid),
            Fact::Sale(Event::RefundDue { order, number, .. }) => {
                (*order, Occasion::RefundDue { number: *number, returned: false })
            }
            Fact::Sale(Event::RefundFailed { order, number, .. }) => {
                (*order, Occasion::RefundDue { number: *number, returned: true })
            }
            Fact::Sale(Event::RefundSent { order, number, .. }) => (*order, Occasion::RefundSent { number: *number }),
            Fact::OrderLinkAsked { order } => (*order, Occasion::LinkAsked),
            _ => return None,
        };
        Some(Effect { seq: row.seq, at: row.at, order, occasion })
    }

    async fn deliver(&self, effect: Effect) -> Result<Delivery> {
        if self.ports.clock.now() > effect.at.plus_ms(NEWS_MS) {
            Metrics::count(&self.ports.metrics.mails, "too_old");
            return Ok(Delivery::Done);
        }
        let Some(Read { stored, account_known, bank_reference }) = self.read(effect).await? else {
            return Ok(Delivery::Done);
        };
        // Erased since, or none was given.
        let Some((_, buyer)) = stored.buyer.filter(|(_, buyer)| !buyer.email.is_empty()) else {
            return Ok(Delivery::Done);
        };
        let record = &stored.record;
        let Some((kind, refund)) = letter_for(effect.occasion, record) else {
            return Ok(Delivery::Done);
        };
        let settled = is_settled(record);
        let paid = matches!(kind, Kind::Paid | Kind::PaidLate);
        if paid && !settled && self.ports.clock.now() < effect.at.plus_ms(SETTLED_WITHIN_MS) {
            return Ok(Delivery::LATER);
        }
        let refund = refund.map(|refund| RefundFacts { account_known, bank_reference, ..refund });
        let letter = self.letter(effect, kind, record, buyer, settled, refund)?;
        self.hand_over(letter).await
    }
}

impl MailToBuyers {
    /// Nothing when the address takes no mail.
    async fn read(&self, effect: Effect) -> Result<Option<Read>> {
        let Effect { seq, order, occasion, .. } = effect;
        let read = move |store: &ReadStore| {
            let stored = store.load_order(order)?.with_context(|| format!("order {order} is not stored"))?;
            let email = stored.buyer.as_ref().map_or("", |(_, buyer)| &*buyer.email);
            if email.is_empty() || store.takes_no_mail(email)? {
                return Ok(None);
            }
            let destination = store.refund_destination(Payer::Order(order))?;
            let account_known = destination.is_some_and(|(to, _)| !to.account_name.is_empty());
            let bank_reference = match occasion {
                Occasion::RefundSent { .. } => sent_reference(store, seq)?,
                _ => String::new(),
            };
            Ok(Some(Read { stored, account_known, bank_reference }))
        };
        Ok(self.ports.reader.read(read).await?)
    }

    fn letter(
        &self,
        effect: Effect,
        kind: Kind,
        record: &OrderRecord,
        buyer: Buyer,
        settled: bool,
        refund: Option<RefundFacts>,
    ) -> Result<Letter> {
        let order = record.order;
        let published = self.ports.writer.published();
        let drop = published.find(record.drop).with_context(|| format!("drop {} is not known", record.drop.0))?;
        let facts = Facts {
            shop: self.mailer.shop_name().to_owned(),
            name: buyer.name,
            product: drop.listing.product.name.clone(),
            quantity: record.quantity,
            amount: amount(record.amount),
            memo: order.short_code(),
            ordered_at: vietnam_time::format(record.ordered_at),
            url: format!("{}/orders/{order}#key={}", self.public_url, self.order_keys.key(order)),
            settled,
            refund,
        };
        Ok(Letter { kind, language: buyer.language, to: buyer.email, order, occasion: effect.seq, facts })
    }

    async fn hand_over(&self, letter: Letter) -> Result<Delivery> {
        let mails = &self.ports.metrics.mails;
        match self.mailer.send(&letter).await? {
            Handed::Accepted => {
                Metrics::count(mails, "accepted");
                Ok(Delivery::Done)
            }
            Handed::AddressRefused { reply } => {
                Metrics::count(mails, "address_refused");
                info!(
                    order.code = letter.order.0,
                    reply, "the mail server refused a buyer's address; it gets no more mail"
                );
                // Not recorded: the next try hears the same, and records it.
                let recorded = self.ports.writer.stop_mail(letter.order, reply).await;
                Ok(Delivery::done_if(recorded.is_ok()))
            }
            Handed::NotNow(reason) => {
                Metrics::count(mails, "not_now");
                // It names no order: so an outage is one line, and not one for every mail.
                warn!(reason, "the mail server did not take a mail; trying again");
                Ok(Delivery::LATER)
            }
        }
    }
}

fn sent_reference(store: &ReadStore, seq: i64) -> Result<String> {
    let row = store.ledger_after(seq - 1, 1)?.into_iter().next();
    Ok(match row.map(|row| row.entry.fact) {
        Some(Fact::Sale(Event::RefundSent { bank_reference, .. })) => bank_reference,
        _ => String::new(),
    })
}

/// The letter that the order's state asks for. None when the state has left the row behind, and a later row has its own.
fn letter_for(occasion: Occasion, record: &OrderRecord) -> Option<(Kind, Option<RefundFacts>)> {
    let refund = |number: u32| record.refunds.iter().find(|refund| refund.number == number);
    match occasion {
        Occasion::LinkAsked => Some((Kind::OrderLink, None)),
        Occasion::Paid => match record.state {
            OrderState::Paid { late: false } => Some((Kind::Paid, None)),
            OrderState::Paid { late: true } => Some((Kind::PaidLate, None)),
            _ => None,
        },
        Occasion::RefundDue { number, returned } => {
            let refund = refund(number).filter(|refund| refund.state == RefundState::Due)?;
            let expired = matches!(record.state, OrderState::Expired(_)) && !returned;
            let kind = if expired { Kind::Expired } else { Kind::RefundDue };
            Some((kind, Some(facts(record, refund, returned))))
        }
        Occasion::RefundSent { number } => {
            let sent = |state| matches!(state, RefundState::Sent { .. } | RefundState::Confirmed { .. });
            let refund = refund(number).filter(|refund| sent(refund.state))?;
            Some((Kind::RefundSent, Some(facts(record, refund, false))))
        }
    }
}

fn facts(record: &OrderRecord, refund: &domain::Refund, returned: bool) -> RefundFacts {
    RefundFacts {
        amount: amount(refund.amount),
        reason: match refund.reason {
            RefundReason::Overpaid => "overpaid",
            RefundReason::AlreadyPaid => "already_paid",
            RefundReason::HoldEnded => "hold_ended",
            RefundReason::Cancelled => "cancelled",
            RefundReason::TooLate => "too_late",
        },
        memo: RefundId::Order(record.order, refund.number).memo(),
        account_known: false,
        returned,
        bank_reference: String::new(),
    }
}

fn is_settled(record: &OrderRecord) -> bool {
    record.payments.iter().filter(|payment| payment.state == PaymentState::Counted).all(|payment| payment.settled)
}

#[cfg(test)]
mod tests {
    use domain::{BuyerCommit, Canceller, DropId, ExpiryReason, Jti, PaymentIdentity, Region, Sid, Sub, Vnd};

    use super::*;

    const ORDER: OrderCode = OrderCode(157_600_000_000_001);
    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn vnd(amount: i64) -> Vnd {
        Vnd::new(amount).unwrap()
    }

    /// An order of 100 with these events.
    fn order(events: &[Event]) -> OrderRecord {
        let placed = Event::OrderPlaced {
            order: ORDER,
            sub: Sub([1; 16]),
            sid: Sid([2; 16]),
            jti: Jti([3; 16]),
            quantity: 1,
            amount: vnd(100),
            region: Region::N01,
            buyer_commit: BuyerCommit([4; 32]),
            pay_by: NOW.plus_ms(300_000),
        };
        let mut record = OrderRecord::placed(DropId(1), &placed, NOW).unwrap();
        events.iter().for_each(|event| record.evolve(event, NOW));
        record
    }

    fn paid(late: bool) -> Event {
        Event::OrderPaid { order: ORDER, sub: Sub([1; 16]), quantity: 1, late }
    }

    fn cancelled() -> Event {
        let (order, sub, by) = (ORDER, Sub([1; 16]), Canceller::Operator);
        Event::OrderCancelled { order, sub, by, quantity: 1, restock: true }
    }

    fn due(reason: RefundReason) -> Event {
        Event::RefundDue { order: ORDER, number: 1, amount: vnd(100), reason }
    }

    fn expired() -> Event {
        let (order, sub, reason) = (ORDER, Sub([1; 16]), ExpiryReason::Unpaid);
        Event::OrderExpired { order, sub, reason }
    }

    fn kind(occasion: Occasion, events: &[Event]) -> Option<Kind> {
        letter_for(occasion, &order(events)).map(|(kind, _)| kind)
    }

    #[test]
    fn a_letter_says_how_the_order_stands_and_not_how_it_stood() {
        assert_eq!(kind(Occasion::Paid, &[paid(false)]), Some(Kind::Paid));
        assert_eq!(kind(Occasion::Paid, &[paid(true)]), Some(Kind::PaidLate));
        assert_eq!(kind(Occasion::Paid, &[paid(false), cancelled()]), None, "the refund has its own letter");
        assert_eq!(kind(Occasion::LinkAsked, &[]), Some(Kind::OrderLink));
        let owed = Occasion::RefundDue { number: 1, returned: false };
        let late = [expired(), due(RefundReason::TooLate)];
        assert_eq!(kind(owed, &late), Some(Kind::Expired));
        assert_eq!(kind(owed, &[paid(false), due(RefundReason::Overpaid)]), Some(Kind::RefundDue));
        let void = Event::RefundVoided { order: ORDER, number: 1 };
        assert_eq!(kind(owed, &[&late[..], &[void]].concat()), None, "the late rule gave it back to the order");
        let batched = Event::RefundBatched { order: ORDER, number: 1, batch: 1 };
        let sent = Event::RefundSent { order: ORDER, number: 1, bank_reference: "FT1".into() };
        let went = [&late[..], &[batched, sent]].concat();
        assert_eq!(kind(owed, &went), None, "the letter that it was sent comes");
        assert_eq!(kind(Occasion::RefundSent { number: 1 }, &went), Some(Kind::RefundSent));
        let failed = Event::RefundFailed { order: ORDER, number: 1, reason: "closed".into() };
        let back = [&went[..], &[failed]].concat();
        assert_eq!(kind(Occasion::RefundSent { number: 1 }, &back), None);
        let (kind, refund) = letter_for(Occasion::RefundDue { number: 1, returned: true }, &order(&back)).unwrap();
        assert!(kind == Kind::RefundDue && refund.unwrap().returned);
    }

    #[test]
    fn only_counted_money_has_to_be_settled() {
        let payment = |reference: &str, proof| domain::Payment {
            identity: PaymentIdentity::new("link", reference),
            amount: vnd(100),
            paid_at: NOW,
            proof,
            account: None,
        };
        let received =
            Event::PaymentReceived { order: ORDER, payment: payment("FT1", domain::Proof::Webhook), applied: vnd(100) };
        let settled = Event::PaymentSettled { order: ORDER, identity: PaymentIdentity::new("link", "FT1") };
        let disputed = Event::PaymentDisputed { order: ORDER, payment: payment("FT1", domain::Proof::Webhook) };
        assert!(!is_settled(&order(std::slice::from_ref(&received))));
        assert!(is_settled(&order(&[received, settled, disputed])));
    }
}
