//! What becomes of an attempt that was begun. PayOS's list is looked at before every request, and no webhook tells.

use anyhow::{Context, Result};
use domain::{Doubt, RefundState, RefundStep, SentBy};
use engine::{Asked, NextPayoutStep, Payout, PayoutStep, RefundId, Shown, next_payout_step};
use payos::Error;
use payos::payouts::{Payout as ShownPayout, Post, PreparedPayout, Progress, Transaction, Transfer};
use payos::printed_account_name;
use tracing::{error, info, warn};

use super::Payouts;
use crate::delivery::Delivery;
use crate::failpoint::{self, Point};
use crate::metrics::Metrics;
use crate::payos::links::chain;
use crate::store::StoredPayout;

/// As many characters of PayOS's texts are kept.
const REFERENCE_CHARS_MAX: usize = 64;
const REASON_CHARS_MAX: usize = 200;

impl Payouts {
    /// Takes an attempt one step further. Done once what became of it is recorded.
    pub(crate) async fn follow(&self, refund: RefundId, attempt: u32) -> Result<Delivery> {
        let read =
            move |store: &crate::store::ReadStore| Ok((store.refund_state(refund)?, store.payout(refund, attempt)?));
        let (state, stored) = self.ports.reader.read(read).await?;
        if state != Some(RefundState::Paying { attempt }) {
            self.asked().remove(&(refund, attempt));
            return Ok(Delivery::Done);
        }
        let stored = stored.context("an attempt is in the ledger and not stored")?;
        let shown = self.look(&stored.payout).await?;
        match next_payout_step(shown, self.age_ms(&stored), self.was_asked(&stored)) {
            NextPayoutStep::Wait => Ok(Delivery::LATER),
            NextPayoutStep::Record(step) => self.record(refund, attempt, step).await,
            NextPayoutStep::Ask => self.ask(&stored).await,
        }
    }

    /// Looks a day later at a refund that was paid out: banks send money back.
    pub(crate) async fn check_sent(&self, refund: RefundId) -> Result<Delivery> {
        let state = self.ports.reader.read(move |store| store.refund_state(refund)).await?;
        let Some(RefundState::Sent { by: SentBy::Payout { attempt } }) = state else {
            return Ok(Delivery::Done);
        };
        let stored = self.ports.reader.read(move |store| store.payout(refund, attempt)).await?;
        let stored = stored.context("an attempt is in the ledger and not stored")?;
        match self.look(&stored.payout).await? {
            Some(Shown::Paid { .. }) => self.record(refund, attempt, RefundStep::Confirm).await,
            Some(Shown::Reversed) => self.record(refund, attempt, RefundStep::Doubt(Doubt::Reversed)).await,
            _ => Ok(Delivery::LATER),
        }
    }

    /// Sends the stored request, once.
    async fn ask(&self, stored: &StoredPayout) -> Result<Delivery> {
        let Payout { transfer, attempt, body } = &stored.payout;
        let (refund, attempt) = (transfer.refund, *attempt);
        if self.ports.reader.read(|store| store.payouts_under_way()).await?.paused {
            return Ok(Delivery::LATER);
        }
        let post = if self.was_asked(stored) == Asked::Never { Post::First } else { Post::Repeat };
        let reference = Payout::reference(refund, attempt);
        let prepared = PreparedPayout::stored(body.clone(), &reference, &self.checksum_key)?;
        self.asked().insert((refund, attempt), self.ports.clock.now());
        failpoint::reached(Point::PayoutAsking);
        let answer = self.client.create(&prepared, post).await;
        failpoint::reached(Point::PayoutAsked);
        let error = match answer {
            Ok(made) => {
                self.count("asked");
                let shown = shown(&stored.payout, &[made])?;
                return match next_payout_step(Some(shown), self.age_ms(stored), self.was_asked(stored)) {
                    NextPayoutStep::Record(step) => self.record(refund, attempt, step).await,
                    NextPayoutStep::Wait | NextPayoutStep::Ask => Ok(Delivery::LATER),
                };
            }
            Err(error) => error,
        };
        match (post, &error) {
            (Post::First, Error::Refused { .. } | Error::NotSent(_)) => {
                self.count("refused");
                warn!(refund = refund.memo(), error = chain(&error), "PayOS refused a payout");
                self.record(refund, attempt, RefundStep::Fail { reason: kept(&chain(&error), REASON_CHARS_MAX) }).await
            }
            (Post::First, Error::Unauthorized { .. }) => {
                self.count("not_accepted");
                // Nothing was done, so the next request is the first one still.
                self.asked().remove(&(refund, attempt));
                error!(
                    error = chain(&error),
                    "PayOS does not accept the payout channel: check its keys and its IP list"
                );
                Ok(Delivery::LATER)
            }
            _ => {
                self.count("unknown");
                warn!(refund = refund.memo(), error = chain(&error), "what became of a payout is not known; looking");
                Ok(Delivery::LATER)
            }
        }
    }

    /// What PayOS's list shows; `None` without an answer.
    async fn look(&self, payout: &Payout) -> Result<Option<Shown>> {
        match self.client.find(&Payout::reference(payout.transfer.refund, payout.attempt)).await {
            Ok(found) => shown(payout, &found).map(Some),
            Err(error) => {
                self.count("look_failed");
                warn!(error = chain(&error), "PayOS does not show a payout");
                Ok(None)
            }
        }
    }

    async fn record(&self, refund: RefundId, attempt: u32, step: RefundStep) -> Result<Delivery> {
        let result = match &step {
            RefundStep::Sent { .. } => "sent",
            RefundStep::Confirm => "confirmed",
            RefundStep::Fail { .. } => "failed",
            _ => "doubted",
        };
        match &step {
            RefundStep::Doubt(doubt) => {
                error!(refund = refund.memo(), attempt, ?doubt, "a person must find out what became of a payout");
            }
            RefundStep::Fail { reason } => warn!(refund = refund.memo(), attempt, reason, "a payout failed"),
            _ => info!(refund = refund.memo(), attempt, result, "a payout went on"),
        }
        if self.ports.writer.payout_step(PayoutStep { refund, attempt, step }).await.is_err() {
            return Ok(Delivery::LATER);
        }
        failpoint::reached(Point::PayoutRecorded);
        self.count(result);
        self.asked().remove(&(refund, attempt));
        Ok(Delivery::Done)
    }

    fn was_asked(&self, stored: &StoredPayout) -> Asked {
        let payout = &stored.payout;
        let asked_at = self.asked().get(&(payout.transfer.refund, payout.attempt)).copied();
        match asked_at {
            Some(at) => Asked::Perhaps { ms_ago: self.ports.clock.now().0 - at.0 },
            None if stored.begun_at > self.started_at => Asked::Never,
            // A process before this one may have asked until it ended.
            None => Asked::Perhaps { ms_ago: self.ports.clock.now().0 - self.started_at.0 },
        }
    }

    fn age_ms(&self, stored: &StoredPayout) -> i64 {
        self.ports.clock.now().0 - stored.begun_at.0
    }

    fn count(&self, result: &'static str) {
        Metrics::count(&self.ports.metrics.payouts, result);
    }
}

/// What the payouts under an attempt's reference say of it.
fn shown(payout: &Payout, found: &[ShownPayout]) -> Result<Shown> {
    let sent: Transfer = serde_json::from_slice(&payout.body).context("a stored request is none")?;
    let [found] = found else {
        return Ok(if found.is_empty() { Shown::Nothing } else { Shown::Contradiction });
    };
    let as_asked = |made: &Transaction| {
        (made.amount, &made.to_bin, &made.to_account_number) == (sent.amount, &sent.to_bin, &sent.to_account_number)
    };
    if found.transactions.len() > 1 || !found.transactions.iter().all(as_asked) {
        return Ok(Shown::Contradiction);
    }
    let made = found.transactions.first();
    Ok(match (found.progress(), made) {
        (Progress::Paid, Some(made)) => {
            let given = printed_account_name(&payout.transfer.destination.account_name);
            let told = made.to_account_name.as_deref().filter(|name| !name.trim().is_empty());
            let name_fits = told.is_none_or(|told| printed_account_name(told) == given);
            let reference = made.reference.as_deref().filter(|text| !text.trim().is_empty()).unwrap_or(&found.id);
            Shown::Paid { bank_reference: kept(reference, REFERENCE_CHARS_MAX), name_fits }
        }
        (Progress::Reversed, _) => Shown::Reversed,
        (Progress::NotPaid, made) => {
            let told = made.and_then(|made| made.error_message.as_deref()).unwrap_or("no reason given");
            let code = made.and_then(|made| made.error_code.as_deref()).unwrap_or_default();
            Shown::NotPaid { reason: kept(format!("PayOS: {told} {code}").trim(), REASON_CHARS_MAX) }
        }
        (Progress::Paid | Progress::InFlight, _) => Shown::InFlight,
    })
}

/// A text of PayOS as the ledger keeps it.
fn kept(text: &str, chars_max: usize) -> String {
    text.trim().chars().filter(|letter| !letter.is_control()).take(chars_max).collect()
}
