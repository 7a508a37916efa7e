//! The one thread that changes anything.
//!
//! Everyone else holds a [`Writer`], which can only ask. What is asked waits in bounded [lanes](lanes), is decided by
//! the pure core in batches, written in one transaction that is synced to disk, published, and only then answered.

mod ask;
mod batch;
mod lanes;
mod metrics;
mod published;
mod run;
mod seen;
mod window;

use std::sync::Arc;

use arc_swap::ArcSwap;
use domain::{Command, DropId, Jti, OrderCode, Outcome, Payment, Purchase, Refusal, Timestamp, refused_without_stock};
use ledger::{Listing, Product};
use tokio::sync::{oneshot, watch};

pub(crate) use ask::{
    CreateDropError, MovePayment, MoveRefused, NewDrop, NewProduct, NoSuchDrop, ProductOf, PurchaseAnswer, PurchaseAsk,
    PurchaseDone, PurchaseRefused, UnmatchedAsk,
};
pub(crate) use batch::NO_ORDER;
pub(crate) use lanes::SubmitError;
pub(crate) use published::{Published, PublishedDrop};
#[cfg(test)]
pub(crate) use run::RunningWriter;
pub(crate) use run::start;

use self::ask::{Ask, OrderAsk};
use self::lanes::{Lane, Lanes};
use self::metrics::WriterMetrics;
use self::seen::Seen;
use crate::store::{Destination, Progress};

/// Asks the writer. Cheap to clone; holds no connection.
#[derive(Clone)]
pub(crate) struct Writer {
    lanes: Arc<Lanes<Ask>>,
    published: Arc<ArcSwap<Published>>,
    ledger_seq: watch::Receiver<i64>,
    seen: Arc<Seen>,
    metrics: WriterMetrics,
}

impl Writer {
    /// The truth as of the last commit, without asking anybody.
    pub(crate) fn published(&self) -> Arc<Published> {
        self.published.load_full()
    }

    pub(crate) fn metrics(&self) -> &WriterMetrics {
        &self.metrics
    }

    /// The last row of the ledger, and every change of it.
    pub(crate) fn ledger_seq(&self) -> watch::Receiver<i64> {
        self.ledger_seq.clone()
    }

    pub(crate) async fn purchase(&self, ask: PurchaseAsk) -> Result<PurchaseAnswer, SubmitError> {
        self.ask(Lane::Shopper, |reply| Ask::Purchase(Box::new(ask), reply)).await
    }

    /// When no unit is left, nearly everybody who asks has no order: they hear it without waiting for the writer. Whoever
    /// may have one is answered by it, and so is everybody while a unit is left.
    pub(crate) fn refused_already(&self, drop: DropId, purchase: &Purchase, now: Timestamp) -> Option<Refusal> {
        let published = self.published.load();
        let drop = published.find(drop)?;
        let refusal = refused_without_stock(&drop.listing.terms, drop.status, drop.stock, now, purchase)?;
        let stranger = !self.seen.may_have(&purchase.sub.0) && !self.seen.may_have(&purchase.jti.0);
        stranger.then_some(refusal)
    }

    /// Asks something of one order.
    pub(crate) async fn order(&self, order: OrderCode, command: Command) -> Result<Outcome, SubmitError> {
        let is_shoppers = matches!(command, Command::Cancel { .. });
        let ask = OrderAsk { order, command, operator: String::new(), payer: None };
        if is_shoppers {
            return self.ask(Lane::Shopper, |reply| Ask::Order(ask, reply)).await;
        }
        self.ask_money(|reply| Ask::Order(ask, reply)).await
    }

    /// Money that a webhook brought, with the account it came from where the bank said so.
    pub(crate) async fn webhook_payment(
        &self,
        order: OrderCode,
        payment: Payment,
        payer: Option<Destination>,
    ) -> Result<Outcome, SubmitError> {
        let ask = OrderAsk { order, command: Command::Payment(payment), operator: String::new(), payer };
        self.ask_money(|reply| Ask::Order(ask, reply)).await
    }

    /// Asks something of one order in an operator's name.
    pub(crate) async fn order_as(
        &self,
        operator: String,
        order: OrderCode,
        command: Command,
    ) -> Result<Outcome, SubmitError> {
        let ask = OrderAsk { order, command, operator, payer: None };
        self.ask(Lane::Control, |reply| Ask::Order(ask, reply)).await
    }

    /// Says where the refunds of an order go. Answers from when on it is used: a change waits.
    pub(crate) async fn set_destination(
        &self,
        order: OrderCode,
        destination: Destination,
    ) -> Result<Result<Timestamp, Refusal>, SubmitError> {
        self.ask(Lane::Shopper, |reply| Ask::SetDestination(order, destination, reply)).await
    }

    /// Gives recorded money to another order.
    pub(crate) async fn move_payment(&self, ask: MovePayment) -> Result<Result<(), MoveRefused>, SubmitError> {
        self.ask(Lane::Control, |reply| Ask::MovePayment(ask, reply)).await
    }

    /// Decides about money that named no order of ours.
    pub(crate) async fn unmatched_step(&self, ask: UnmatchedAsk) -> Result<Result<(), MoveRefused>, SubmitError> {
        self.ask(Lane::Control, |reply| Ask::Unmatched(ask, reply)).await
    }

    /// Puts every refund that can go out on one list of transfers; `None` when there is none.
    pub(crate) async fn export_refunds(&self, operator: String) -> Result<Option<u64>, SubmitError> {
        self.ask(Lane::Control, |reply| Ask::ExportRefunds(operator, reply)).await
    }

    /// Asks something of a whole drop, in an operator's name.
    pub(crate) async fn drop_command(
        &self,
        drop: DropId,
        command: Command,
        operator: String,
    ) -> Result<Result<Outcome, NoSuchDrop>, SubmitError> {
        self.ask(Lane::Control, |reply| Ask::Drop(drop, command, operator, reply)).await
    }

    pub(crate) async fn create_product(&self, product: NewProduct, operator: String) -> Result<Product, SubmitError> {
        self.ask(Lane::Control, |reply| Ask::CreateProduct(product, operator, reply)).await
    }

    pub(crate) async fn create_drop(
        &self,
        drop: NewDrop,
        operator: String,
    ) -> Result<Result<Listing, CreateDropError>, SubmitError> {
        self.ask(Lane::Control, |reply| Ask::CreateDrop(drop, operator, reply)).await
    }

    pub(crate) async fn revoke_token(&self, jti: Jti, operator: String) -> Result<(), SubmitError> {
        self.ask(Lane::Control, |reply| Ask::RevokeToken(jti, operator, reply)).await
    }

    /// Records how far an outgoing channel has come.
    pub(crate) async fn record_progress(&self, progress: Progress) -> Result<(), SubmitError> {
        self.ask_money(|reply| Ask::Progress(progress, reply)).await
    }

    /// Pending orders of any drop whose `pay_by` has passed, ascending from `after`, at most `max`.
    pub(crate) async fn due_holds(&self, after: OrderCode, max: usize) -> Result<Vec<OrderCode>, SubmitError> {
        self.ask(Lane::Control, |reply| Ask::Due(after, max, reply)).await
    }

    /// How many wait in each lane, by the lane's name.
    pub(crate) fn depths(&self) -> [(&'static str, usize); 3] {
        self.lanes.depths().map(|(lane, depth)| (lane.name(), depth))
    }

    /// As [`Self::ask`], but waits a moment for room: money is worth more patience than a purchase.
    async fn ask_money<T>(&self, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, SubmitError> {
        let (reply, answer) = oneshot::channel();
        self.lanes.push_money(ask(reply)).await?;
        Ok(answered(answer).await)
    }

    async fn ask<T>(&self, lane: Lane, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, SubmitError> {
        let (reply, answer) = oneshot::channel();
        self.lanes.push(lane, ask(reply))?;
        Ok(answered(answer).await)
    }
}

/// Waits for an answer. When the writer died nobody knows what is on disk, so nobody is told anything: the process is
/// about to exit, and the connection closes with it.
async fn answered<T>(answer: oneshot::Receiver<T>) -> T {
    match answer.await {
        Ok(answer) => answer,
        Err(_) => std::future::pending().await,
    }
}
