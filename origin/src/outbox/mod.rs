//! What the origin owes to destinations outside. The ledger itself is the queue: a channel reads it by a cursor of its
//! own, carries out what rows owe its destination, and reports to the writer how far it has come.
//!
//! `each` runs a channel whose effects are carried out one by one, many at once; `feed` runs one whose destination takes
//! pages of rows in the order of the ledger. `cursor` (reading the ledger) and `progress` (reports, metrics) know nothing
//! of effects.

mod backlog;
mod channel;
mod cursor;
mod each;
mod ended_links;
mod feed;
mod mail;
mod payment_links;
mod payouts;
mod progress;
mod settlements;
mod sheets;
#[cfg(test)]
mod tests;
mod wait;
mod webhooks;

use std::sync::Arc;

use engine::WEBHOOK_ENDPOINTS_MAX;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::channel::Channel;
use self::ended_links::EndedLinks;
use self::feed::Feed;
pub(crate) use self::mail::MailToBuyers;
use self::payment_links::LinksOfOrders;
use self::payouts::{PayoutChecks, PayoutsOfRefunds};
use self::settlements::Settlements;
pub(crate) use self::sheets::SheetOfOrders;
use self::webhooks::Webhooks;
use crate::payos::{PaymentLinks, Payouts};
use crate::ports::Ports;
use crate::webhooks::Sender;

/// What the channels send through; `None` for what this shop does not use.
pub(crate) struct Outgoing {
    pub(crate) links: Arc<PaymentLinks>,
    pub(crate) payouts: Option<Arc<Payouts>>,
    pub(crate) mail: Option<MailToBuyers>,
    pub(crate) sheet: Option<SheetOfOrders>,
    pub(crate) webhooks: Arc<Sender>,
    pub(crate) origin_no: u8,
}

/// Starts every channel; each runs until the origin stops.
pub(crate) fn start(ports: &Ports, outgoing: Outgoing, stop: &CancellationToken) -> Vec<JoinHandle<()>> {
    let start = Start { ports, stop };
    let Outgoing { links, payouts, mail, sheet, webhooks, origin_no } = outgoing;
    let mut channels = vec![
        start.each(LinksOfOrders::new(links.clone())),
        start.each(Settlements::new(links.clone())),
        start.each(EndedLinks::after_five_minutes(links.clone())),
        start.each(EndedLinks::after_an_hour(links.clone())),
        start.each(EndedLinks::after_a_day(links.clone())),
    ];
    channels.extend(mail.map(|mail| start.each(mail)));
    if let Some(payouts) = payouts {
        channels.push(start.each(PayoutsOfRefunds(payouts.clone())));
        channels.push(start.each(PayoutChecks(payouts.clone())));
    }
    channels.extend(sheet.map(|sheet| start.feed(sheet)));
    channels.extend(
        (1..=WEBHOOK_ENDPOINTS_MAX)
            .map(|number| start.each(Webhooks { number, ports: ports.clone(), sender: webhooks.clone(), origin_no })),
    );
    channels
}

struct Start<'a> {
    ports: &'a Ports,
    stop: &'a CancellationToken,
}

impl Start<'_> {
    fn each(&self, channel: impl Channel) -> JoinHandle<()> {
        tokio::spawn(each::run(channel, self.ports.clone(), self.stop.clone()))
    }

    fn feed(&self, destination: impl Feed) -> JoinHandle<()> {
        tokio::spawn(feed::run(destination, self.ports.clone(), self.stop.clone()))
    }
}
