//! The state that every route shares.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::behaviour::{Behaviours, Channel};
use crate::links::Links;
use crate::payments::{PayRequest, Transaction, When};
use crate::payouts::Payouts;
use crate::shape::{Shape, ShapeChange};
use crate::webhooks::Webhooks;
use crate::{clock, data};

pub(crate) struct Settings {
    /// The address of this server, without a slash at the end.
    pub(crate) base_url: String,
    /// Of the payment channel.
    pub(crate) keys: Keys,
    pub(crate) payout_keys: Keys,
    pub(crate) webhook_url: Option<String>,
    pub(crate) memo_prefix: bool,
}

/// Of one channel.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) client_id: String,
    pub(crate) api_key: String,
    pub(crate) checksum_key: String,
}

pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) webhooks: Arc<Webhooks>,
    links: Mutex<Links>,
    payouts: Mutex<Payouts>,
    behaviours: Mutex<Behaviours>,
    payout_behaviours: Mutex<Behaviours>,
    shape: Mutex<Shape>,
}

impl App {
    pub(crate) fn new(settings: Settings) -> anyhow::Result<Arc<App>> {
        let webhooks = Webhooks::new(settings.webhook_url.clone(), settings.keys.checksum_key.clone())?;
        Ok(Arc::new(App {
            settings,
            webhooks: Arc::new(webhooks),
            links: Mutex::default(),
            payouts: Mutex::default(),
            behaviours: Mutex::new(Behaviours::of_links()),
            payout_behaviours: Mutex::new(Behaviours::of_payouts()),
            shape: Mutex::default(),
        }))
    }

    pub(crate) fn links(&self) -> MutexGuard<'_, Links> {
        self.links.lock().expect("no holder panics")
    }

    pub(crate) fn payouts(&self) -> MutexGuard<'_, Payouts> {
        self.payouts.lock().expect("no holder panics")
    }

    pub(crate) fn keys(&self, channel: Channel) -> &Keys {
        match channel {
            Channel::Links => &self.settings.keys,
            Channel::Payouts => &self.settings.payout_keys,
        }
    }

    pub(crate) fn behaviours(&self, channel: Channel) -> MutexGuard<'_, Behaviours> {
        let behaviours = match channel {
            Channel::Links => &self.behaviours,
            Channel::Payouts => &self.payout_behaviours,
        };
        behaviours.lock().expect("no holder panics")
    }

    pub(crate) fn shape(&self) -> Shape {
        *self.shape.lock().expect("no holder panics")
    }

    pub(crate) fn change_shape(&self, change: &ShapeChange) -> Shape {
        let mut shape = self.shape.lock().expect("no holder panics");
        shape.change(change);
        *shape
    }

    /// Money arrives on a link, and PayOS sends webhooks. Returns the transaction and the number of webhooks.
    pub(crate) fn receive(
        &self,
        links: &mut Links,
        key: &str,
        pay_request: &PayRequest,
    ) -> Result<(Transaction, usize), ReceiveError> {
        let now_ms = clock::now_ms();
        let reference = pay_request.reference.clone().unwrap_or_else(|| links.next_reference(now_ms));
        let link = links.find(key, now_ms).ok_or(ReceiveError::NoSuchLink)?;
        let amount = pay_request.amount.unwrap_or_else(|| link.amount_remaining());
        // Signed replies hold the sum, and only safe integers can be signed.
        if !(1..=payos::SAFE_INTEGER_MAX - link.amount_paid()).contains(&amount) {
            return Err(ReceiveError::BadAmount);
        }
        let transaction = Transaction {
            reference,
            amount,
            description: pay_request.description.clone().unwrap_or_else(|| link.request.memo.clone()),
            counter_account: pay_request.counter_account.clone(),
            at_ms: pay_request.at_ms.unwrap_or(now_ms),
        };
        link.receive(transaction.clone());
        let data = data::webhook(link, &transaction, self.shape());
        let webhooks = (0..pay_request.webhooks()).filter(|_| self.webhooks.deliver(&data, pay_request));
        Ok((transaction, webhooks.count()))
    }

    /// The money planned for this moment of a cancellation arrives. If nothing is left to pay by now, the payer keeps it.
    pub(crate) fn receive_planned(&self, links: &mut Links, key: &str, when: When) {
        let planned = links.find(key, clock::now_ms()).map(|link| link.take_planned(when));
        for pay_request in planned.into_iter().flatten() {
            // The plan checked everything except what is left to pay.
            let _ = self.receive(links, key, &pay_request);
        }
    }
}

#[derive(Debug)]
pub(crate) enum ReceiveError {
    NoSuchLink,
    /// Nothing is left to pay, or the amount is not positive, or the sum is above 2^53.
    BadAmount,
}
