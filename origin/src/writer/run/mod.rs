//! The writer's thread: it takes a batch, decides it, writes it, publishes it and replies to it.

mod time;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use anyhow::{Context, Result};
use arc_swap::ArcSwap;
use domain::{DropId, OrderCode, Timestamp};
use engine::{Batch, OrderFilter, Resumed, SaleState, UsedTokens};
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{info, warn};

use self::time::SaleTime;
use super::Writer;
use super::lanes::Lanes;
use super::metrics::WriterMetrics;
use super::published::Published;
use super::waiting::{Answered, Waiting};
use crate::clock::Clock;
use crate::failpoint::{self, Point};
use crate::store::WriteStore;

/// Batches whose replies wait to be sent; the runtime takes them in microseconds.
const REPLIES_MAX: usize = 64;
/// Two mebibytes of filter. A sale of more orders takes more strangers for customers, and nothing else.
const FILTER_ORDERS: usize = 1_000_000;

/// The thread and what it reports when it ends.
pub(crate) struct RunningWriter {
    pub writer: Writer,
    pub description_salt: [u8; 16],
    thread: JoinHandle<()>,
    ended: oneshot::Receiver<Result<()>>,
}

impl RunningWriter {
    /// Resolves when the writer ends: with an error when it had to stop on its own, because what is on disk is no
    /// longer known. The process must then exit without answering any caller.
    pub(crate) async fn ended(&mut self) -> Result<()> {
        match (&mut self.ended).await {
            Ok(result) => result,
            Err(_) => Err(anyhow::anyhow!("the writer's thread panicked")),
        }
    }

    /// Takes nothing in any more, answers what was accepted, empties the write-ahead log.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.writer.lanes.stop();
        let result = self.ended().await;
        // The thread has reported, so joining does not block.
        drop(self.thread.join());
        result
    }
}

/// Opens the database in `folder` and starts the writer on it.
pub(crate) fn start(folder: &Path, origin_no: u8, clock: Clock) -> Result<RunningWriter> {
    let (replies, relay) = mpsc::channel(REPLIES_MAX);
    let (mut run, writer) = Run::open(folder, origin_no, clock, replies)?;
    let description_salt = run.store.description_salt();
    tokio::spawn(send_replies(relay));
    let lanes = run.lanes.clone();
    tokio::spawn(async move { lanes.wake_when_needed().await });
    let (report, ended) = oneshot::channel();
    let thread = std::thread::Builder::new()
        .name("writer".to_owned())
        .spawn(move || drop(report.send(run.until_stopped())))
        .context("cannot start the writer's thread")?;
    Ok(RunningWriter { writer, description_salt, thread, ended })
}

/// The first code of this start. Codes grow by one per order and time gives 32 a millisecond, so a start after any
/// crash or restore, of however old a copy, begins above every code ever used. No origin sells 32,000 orders a second
/// for long enough to overtake it.
fn first_order_code(origin_no: u8, now: Timestamp) -> Result<OrderCode> {
    let number = u64::try_from(now.0).context("the clock is before 1970")? * 32;
    OrderCode::from_parts(origin_no, number).context("the clock or DROPGATE_ORIGIN_NO is out of range")
}

/// Everything in it is as of the ledger's last row.
fn load(store: &WriteStore, first_order: OrderCode) -> Result<SaleState> {
    let as_of = store.head().at;
    let (last_order, last_refund_batch) = (store.last_order_code()?, store.last_refund_batch()?);
    let from = Resumed { as_of, first_order, last_order, last_refund_batch };
    let mut sale = SaleState::resumed(from, OrderFilter::sized_for(FILTER_ORDERS));
    let token = |jti, order| sale.restore_token(jti, order);
    for (listing, state) in store.load_drops(as_of, UsedTokens::since(as_of), token)? {
        sale.restore_drop(listing, state);
    }
    sale.endpoints = store.load_endpoints()?;
    for product in store.load_products()? {
        sale.restore_product(product);
    }
    info!(drops = sale.drops.len(), pending = sale.pending_count(), ledger.seq = store.head().seq, "state loaded");
    Ok(sale)
}

struct Run {
    sale: SaleState,
    store: WriteStore,
    lanes: Arc<Lanes<Waiting>>,
    published: Arc<ArcSwap<Published>>,
    /// Tells the outbox that the ledger has grown.
    seq: watch::Sender<i64>,
    replies: mpsc::Sender<Vec<Answered>>,
    time: SaleTime,
    metrics: WriterMetrics,
}

impl Run {
    fn open(
        folder: &Path,
        origin_no: u8,
        clock: Clock,
        replies: mpsc::Sender<Vec<Answered>>,
    ) -> Result<(Self, Writer)> {
        let wall = clock.wall();
        let first = first_order_code(origin_no, wall)?;
        let mut store = WriteStore::open(folder, origin_no, first.0, wall)?;
        let metrics = WriterMetrics::new();
        let time = SaleTime::start(clock, &mut store, metrics.clone())?;
        let sale = load(&store, first)?;
        let lanes = Arc::new(Lanes::new());
        let all = sale.drops.keys().copied().collect();
        let published = Published::default().next(store.head().seq, store.head().at, &sale, &all);
        let published = Arc::new(ArcSwap::from_pointee(published));
        let (seq, ledger_seq) = watch::channel(store.head().seq);
        let order_filter = sale.order_filter.clone();
        let writer = Writer {
            lanes: lanes.clone(),
            published: published.clone(),
            ledger_seq,
            order_filter,
            metrics: metrics.clone(),
        };
        Ok((Self { sale, store, lanes, published, seq, replies, time, metrics }, writer))
    }

    fn until_stopped(&mut self) -> Result<()> {
        let mut batch = Vec::new();
        while self.lanes.drain(&mut batch) {
            self.process(&mut batch)?;
        }
        if let Err(error) = self.store.checkpoint() {
            warn!(error = format!("{error:#}"), "stopped without emptying the write-ahead log");
        }
        Ok(())
    }

    fn process(&mut self, waiting: &mut Vec<Waiting>) -> Result<()> {
        let time = self.time.read(self.store.head().at);
        self.time.keep(&mut self.store)?;
        self.metrics.batch_size.observe(waiting.len() as f64);
        waiting.sort_by_key(|waiting| waiting.request.precedence());
        let mut batch = Batch::new(&mut self.sale, &self.store, time, self.store.head().seq, waiting.len());
        let mut replies = Vec::with_capacity(waiting.len());
        for Waiting { request, reply_to } in waiting.drain(..) {
            replies.push(Answered { reply: batch.apply(*request)?, reply_to });
        }
        let changes = batch.finish();
        if !changes.is_empty() {
            failpoint::reached(Point::Decided);
            let started = Instant::now();
            self.store.commit(time.now, &changes)?;
            self.metrics.commit_seconds.observe(started.elapsed().as_secs_f64());
            failpoint::reached(Point::Committed);
        }
        if changes.clock_step_ms.is_some() {
            self.time.accept_step();
        }
        if !changes.drops.is_empty() || !changes.endpoints.is_empty() {
            self.publish(time.now, &changes.drops.iter().map(|counters| counters.drop).collect());
        }
        self.seq.send_if_modified(|seq| std::mem::replace(seq, self.store.head().seq) != self.store.head().seq);
        // The relay is gone only when the process is going.
        drop(self.replies.blocking_send(replies));
        Ok(())
    }

    fn publish(&mut self, now: Timestamp, changed: &BTreeSet<DropId>) {
        let before = self.published.load_full();
        let outdated = before.outdated(changed);
        self.sale.forget_done(&outdated, now);
        self.published.store(Arc::new(before.next(self.store.head().seq, now, &self.sale, &outdated)));
    }
}

/// Sends replies on the runtime: waking shoppers one by one would cost the writer more than deciding for them.
async fn send_replies(mut batches: mpsc::Receiver<Vec<Answered>>) {
    while let Some(batch) = batches.recv().await {
        for answered in batch {
            answered.send();
        }
        failpoint::reached(Point::Answered);
    }
}

#[cfg(test)]
mod tests;
