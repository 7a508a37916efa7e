//! The one thread that changes anything.
//!
//! The rest of the origin holds a [`Writer`], which can only ask. Requests wait in bounded [lanes](lanes). The thread
//! takes a batch of them, lets the [engine](engine::Batch) decide it, writes it in one transaction that is synced to
//! disk, publishes the new state, and only then replies.

mod lanes;
mod metrics;
mod published;
mod run;
mod waiting;

use std::sync::Arc;

use arc_swap::ArcSwap;
use domain::{Command, DropId, Jti, OrderCode, Outcome, Payment, Purchase, Refusal, Timestamp};
use engine::{
    ClockRefused, CreateDropError, Destination, EndpointRefused, EndpointRequest, EnterPayment, Entered, Lane,
    MoneyPlace, MovePayment, MoveRefused, NewDrop, NewProduct, NoSuchDrop, OrderFilter, OrderRequest, PayoutRefused,
    PayoutRequest, PayoutStep, Progress, PurchaseReply, PurchaseRequest, RefundId, Reply, Request, UnmatchedRequest,
    UnreadableWebhook, WebhookKept,
};
use ledger::{Listing, Product};
use sha2::{Digest as _, Sha256};
use tokio::sync::{oneshot, watch};

pub(crate) use lanes::SubmitError;
pub(crate) use published::{Published, PublishedDrop};
#[cfg(test)]
pub(crate) use run::RunningWriter;
pub(crate) use run::start;

use self::lanes::Lanes;
use self::metrics::WriterMetrics;
use self::waiting::Waiting;

/// Asks the writer. Cheap to clone; holds no connection.
#[derive(Clone)]
pub(crate) struct Writer {
    lanes: Arc<Lanes<Waiting>>,
    published: Arc<ArcSwap<Published>>,
    ledger_seq: watch::Receiver<i64>,
    order_filter: Arc<OrderFilter>,
    metrics: WriterMetrics,
}

impl Writer {
    /// The state as of the last commit.
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

    pub(crate) async fn purchase(&self, purchase: PurchaseRequest) -> Result<PurchaseReply, SubmitError> {
        match self.ask(Request::Purchase(purchase)).await? {
            Reply::Purchase(reply) => Ok(reply),
            other => mismatched(&other),
        }
    }

    /// When no unit is left, nearly every shopper has no order: such a shopper is refused here, without the writer.
    pub(crate) fn refused_already(&self, drop: DropId, purchase: &Purchase, now: Timestamp) -> Option<Refusal> {
        let published = self.published.load();
        let drop = published.find(drop)?;
        self.order_filter.refuses(&drop.listing.terms, drop.status, drop.stock, now, purchase)
    }

    /// Asks something of one order. No person asks, or its shopper does.
    pub(crate) async fn order(&self, order: OrderCode, command: Command) -> Result<Outcome, SubmitError> {
        self.ask_order(OrderRequest { order, command, operator: String::new(), payer: None }).await
    }

    /// Money that PayOS reports, with the account it came from where the bank said so. Answers where it stands now;
    /// `None` when it was known.
    pub(crate) async fn reported_payment(
        &self,
        order: OrderCode,
        payment: Payment,
        payer: Option<Destination>,
    ) -> Result<Option<MoneyPlace>, SubmitError> {
        let command = Command::Payment(payment);
        match self.ask(Request::Order(OrderRequest { order, command, operator: String::new(), payer })).await? {
            Reply::Order { outcome: Outcome::Done | Outcome::Unchanged, money } => Ok(money),
            other => mismatched(&other),
        }
    }

    /// Asks something of one order in an operator's name.
    pub(crate) async fn order_as(
        &self,
        operator: String,
        order: OrderCode,
        command: Command,
    ) -> Result<Outcome, SubmitError> {
        self.ask_order(OrderRequest { order, command, operator, payer: None }).await
    }

    async fn ask_order(&self, order: OrderRequest) -> Result<Outcome, SubmitError> {
        match self.ask(Request::Order(order)).await? {
            Reply::Order { outcome, .. } => Ok(outcome),
            other => mismatched(&other),
        }
    }

    /// Enters money that a bank statement shows.
    pub(crate) async fn enter_payment(&self, payment: EnterPayment) -> Result<Entered, SubmitError> {
        match self.ask(Request::EnterPayment(payment)).await? {
            Reply::Entered(entered) => Ok(entered),
            other => mismatched(&other),
        }
    }

    /// Keeps a signed webhook that reports no money which could be recorded.
    pub(crate) async fn keep_webhook(&self, body: Vec<u8>) -> Result<WebhookKept, SubmitError> {
        let digest = Sha256::digest(&body).into();
        match self.ask(Request::KeepWebhook(UnreadableWebhook { digest, body })).await? {
            Reply::Webhook(kept) => Ok(kept),
            other => mismatched(&other),
        }
    }

    /// Says where the refunds of an order go. Answers from when on it is used: a change waits. `operator` is empty when
    /// the shopper says it.
    pub(crate) async fn set_destination(
        &self,
        order: OrderCode,
        destination: Destination,
        operator: String,
    ) -> Result<Result<Timestamp, Refusal>, SubmitError> {
        match self.ask(Request::SetDestination { order, destination, operator }).await? {
            Reply::Destination(reply) => Ok(reply),
            other => mismatched(&other),
        }
    }

    /// Gives recorded money to another order.
    pub(crate) async fn move_payment(&self, payment: MovePayment) -> Result<Result<(), MoveRefused>, SubmitError> {
        match self.ask(Request::MovePayment(payment)).await? {
            Reply::Moved(reply) => Ok(reply),
            other => mismatched(&other),
        }
    }

    /// Decides about an unmatched payment.
    pub(crate) async fn unmatched_step(
        &self,
        unmatched: UnmatchedRequest,
    ) -> Result<Result<(), MoveRefused>, SubmitError> {
        match self.ask(Request::Unmatched(unmatched)).await? {
            Reply::Moved(reply) => Ok(reply),
            other => mismatched(&other),
        }
    }

    /// Puts every refund that can go out on one list of transfers; `None` when there is none.
    pub(crate) async fn export_refunds(&self, operator: String) -> Result<Option<u64>, SubmitError> {
        match self.ask(Request::ExportRefunds { operator }).await? {
            Reply::Exported(batch) => Ok(batch),
            other => mismatched(&other),
        }
    }

    /// Begins an attempt to pay a refund out: its request is on disk before PayOS is asked.
    pub(crate) async fn begin_payout(&self, request: PayoutRequest) -> Result<Result<(), PayoutRefused>, SubmitError> {
        match self.ask(Request::BeginPayout(Box::new(request))).await? {
            Reply::Payout(reply) => Ok(reply),
            other => mismatched(&other),
        }
    }

    /// Records what became of an attempt.
    pub(crate) async fn payout_step(&self, step: PayoutStep) -> Result<Result<(), Refusal>, SubmitError> {
        match self.ask(Request::PayoutStep(step)).await? {
            Reply::PayoutStep(reply) => Ok(reply),
            other => mismatched(&other),
        }
    }

    /// Answers how many operators have approved that the refund is paid out.
    pub(crate) async fn approve_refund(
        &self,
        refund: RefundId,
        operator: String,
    ) -> Result<Result<usize, Refusal>, SubmitError> {
        match self.ask(Request::ApproveRefund { refund, operator }).await? {
            Reply::Approved(reply) => Ok(reply),
            other => mismatched(&other),
        }
    }

    /// Answers whether that changed anything.
    pub(crate) async fn pause_payouts(&self, pause: bool, operator: String) -> Result<bool, SubmitError> {
        match self.ask(Request::PausePayouts { pause, operator }).await? {
            Reply::Paused(changed) => Ok(changed),
            other => mismatched(&other),
        }
    }

    /// Asks something of a whole drop, in an operator's name.
    pub(crate) async fn drop_command(
        &self,
        drop: DropId,
        command: Command,
        operator: String,
    ) -> Result<Result<Outcome, NoSuchDrop>, SubmitError> {
        match self.ask(Request::Drop { drop, command, operator }).await? {
            Reply::Drop(reply) => Ok(reply),
            other => mismatched(&other),
        }
    }

    pub(crate) async fn create_product(&self, product: NewProduct, operator: String) -> Result<Product, SubmitError> {
        match self.ask(Request::CreateProduct { product, operator }).await? {
            Reply::Product(product) => Ok(*product),
            other => mismatched(&other),
        }
    }

    pub(crate) async fn create_drop(
        &self,
        drop: NewDrop,
        operator: String,
    ) -> Result<Result<Listing, CreateDropError>, SubmitError> {
        match self.ask(Request::CreateDrop { drop, operator }).await? {
            Reply::Listing(reply) => Ok(*reply),
            other => mismatched(&other),
        }
    }

    pub(crate) async fn revoke_token(&self, jti: Jti, operator: String) -> Result<(), SubmitError> {
        self.ask(Request::RevokeToken { jti, operator }).await.map(drop)
    }

    /// Lets the sale go on by the wall clock, which is `step_ms` ahead of it. Answers the step that it went.
    pub(crate) async fn accept_clock(
        &self,
        step_ms: i64,
        operator: String,
    ) -> Result<Result<i64, ClockRefused>, SubmitError> {
        match self.ask(Request::AcceptClock { step_ms, operator }).await? {
            Reply::Clock(reply) => Ok(reply),
            other => mismatched(&other),
        }
    }

    /// Owes the order's buyer a mail with the order's address. False when there is no such order, or it had enough today.
    pub(crate) async fn ask_order_link(&self, order: OrderCode) -> Result<bool, SubmitError> {
        self.ask_about_mail(Request::AskOrderLink { order }).await
    }

    /// A mail server refused the order's address for good. False when there is no such order.
    pub(crate) async fn stop_mail(&self, order: OrderCode, reply: u16) -> Result<bool, SubmitError> {
        self.ask_about_mail(Request::StopMail { order, reply }).await
    }

    /// Lets mail go to the order's address again. False when there is no such order.
    pub(crate) async fn allow_mail(&self, order: OrderCode, operator: String) -> Result<bool, SubmitError> {
        self.ask_about_mail(Request::AllowMail { order, operator }).await
    }

    async fn ask_about_mail(&self, request: Request) -> Result<bool, SubmitError> {
        match self.ask(request).await? {
            Reply::Mail(recorded) => Ok(recorded),
            other => mismatched(&other),
        }
    }

    /// Changes the merchant's webhook endpoints; answers the number of the one that is meant.
    pub(crate) async fn change_endpoint(
        &self,
        request: EndpointRequest,
        operator: String,
    ) -> Result<Result<u8, EndpointRefused>, SubmitError> {
        match self.ask(Request::Endpoint { request, operator }).await? {
            Reply::Endpoint(reply) => Ok(reply),
            other => mismatched(&other),
        }
    }

    /// Lets a channel of the outbox try again what it owed for a ledger row and gave up.
    pub(crate) async fn retry_delivery(&self, channel: String, row: i64, operator: String) -> Result<(), SubmitError> {
        self.ask(Request::RetryDelivery { channel, row, operator }).await.map(drop)
    }

    /// Records how far a channel of the outbox has come.
    pub(crate) async fn record_progress(&self, progress: Progress) -> Result<(), SubmitError> {
        self.ask(Request::Progress(progress)).await.map(drop)
    }

    /// Pending orders of any drop whose `pay_by` has passed, ascending from `after`, at most `max`.
    pub(crate) async fn due_holds(&self, after: OrderCode, max: usize) -> Result<Vec<OrderCode>, SubmitError> {
        match self.ask(Request::DueHolds { after, max }).await? {
            Reply::DueHolds(due) => Ok(due),
            other => mismatched(&other),
        }
    }

    /// How many requests wait in each lane, by the lane's name.
    pub(crate) fn depths(&self) -> [(&'static str, usize); 3] {
        self.lanes.depths().map(|(lane, depth)| (lane.name(), depth))
    }

    async fn ask(&self, request: Request) -> Result<Reply, SubmitError> {
        let lane = request.lane();
        let (reply_to, reply) = oneshot::channel();
        let waiting = Waiting { request: Box::new(request), reply_to };
        match lane {
            // Money waits a moment for room: it is worth more patience than a purchase.
            Lane::Money => self.lanes.push_money(waiting).await?,
            Lane::Control | Lane::Shopper => self.lanes.push(lane, waiting)?,
        }
        Ok(replied(reply).await)
    }
}

/// Waits for a reply. When the writer died nothing is known about what is on disk, so no caller gets an answer: the
/// process is about to exit, and the connection closes with it.
async fn replied(reply: oneshot::Receiver<Reply>) -> Reply {
    match reply.await {
        Ok(reply) => reply,
        Err(_) => std::future::pending().await,
    }
}

fn mismatched(reply: &Reply) -> ! {
    unreachable!("the engine replied to another kind of request: {reply:?}")
}
