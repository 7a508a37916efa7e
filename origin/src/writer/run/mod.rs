//! The writer's thread: take a batch, decide it, write it, publish it, answer it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use anyhow::{Context, Result};
use arc_swap::ArcSwap;
use domain::{Command, DropId, DropState, OrderCode, Timestamp};
use ledger::Listing;
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{error, info, warn};

use super::Writer;
use super::ask::{Ask, OrderAsk, Ready};
use super::batch::{Batch, LiveDrop, Shop};
use super::lanes::{Lane, Lanes};
use super::metrics::WriterMetrics;
use super::published::Published;
use super::seen::Seen;
use super::window::{TokenWindow, WINDOW_MS};
use crate::clock::Clock;
use crate::failpoint::{self, Point};
use crate::store::WriteStore;

/// A clock that jumps further than this between two batches is worth waking somebody for.
const CLOCK_STEP_ALARM_MS: i64 = 5_000;
/// With the wall clock further behind the ledger than this, "open" and "late" would be guesses: purchases wait.
const CLOCK_BEHIND_MS: i64 = 30_000;
/// Batches whose answers wait to be sent out; the runtime takes them in microseconds.
const ANSWERS_MAX: usize = 64;

/// The thread and what it reports when it ends.
pub(crate) struct RunningWriter {
    pub writer: Writer,
    pub description_salt: [u8; 16],
    thread: JoinHandle<()>,
    ended: oneshot::Receiver<Result<()>>,
}

impl RunningWriter {
    /// Resolves when the writer ends: with an error when it had to stop on its own, because what is on disk is no
    /// longer known. Whoever waits must then exit without answering anybody.
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
    let (answers, relay) = mpsc::channel(ANSWERS_MAX);
    let (mut run, writer) = Run::open(folder, origin_no, clock, answers)?;
    let description_salt = run.store.description_salt();
    tokio::spawn(relay_answers(relay));
    let lanes = run.lanes.clone();
    tokio::spawn(async move { lanes.answer_knocks().await });
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

/// As of the ledger's last row: a wall clock that is ahead at the start, and corrected afterwards, would forget customers
/// and tokens that still count.
fn load(store: &WriteStore, first: OrderCode) -> Result<Shop> {
    let as_of = store.head().at;
    let after_last = store.last_order_code()?.map_or(first, |last| OrderCode(last.0 + 1));
    let (seen, mut tokens) = (Seen::new(), TokenWindow::starting(as_of));
    let drops = store.load_drops(as_of, as_of.plus_ms(-WINDOW_MS), |jti, order| {
        tokens.insert(jti, order);
        seen.add(&jti.0);
    })?;
    let live = |(listing, state): (Listing, DropState)| (state.id(), LiveDrop { listing: Arc::new(listing), state });
    let drops: BTreeMap<_, _> = drops.into_iter().map(live).collect();
    for live in drops.values() {
        live.state.assert_conserved();
        live.state.customers().for_each(|(sub, _)| seen.add(&sub.0));
    }
    let products = store.load_products()?.into_iter().map(|product| (product.id, product)).collect();
    let pending: usize = drops.values().map(|live| live.state.pending_count()).sum();
    info!(drops = drops.len(), pending, ledger.seq = store.head().seq, "state loaded");
    let next_refund_batch = store.last_refund_batch()? + 1;
    let next_order = first.max(after_last);
    Ok(Shop { drops, products, tokens, seen: Arc::new(seen), next_order, next_refund_batch })
}

struct Run {
    shop: Shop,
    store: WriteStore,
    lanes: Arc<Lanes<Ask>>,
    published: Arc<ArcSwap<Published>>,
    /// Tells the outbox that the ledger has grown.
    seq: watch::Sender<i64>,
    answers: mpsc::Sender<Vec<Ready>>,
    clock: Clock,
    metrics: WriterMetrics,
    /// Wall and monotonic time of the batch before.
    last: Option<(Timestamp, Instant)>,
}

impl Run {
    fn open(folder: &Path, origin_no: u8, clock: Clock, answers: mpsc::Sender<Vec<Ready>>) -> Result<(Self, Writer)> {
        let wall = clock.now();
        let first = first_order_code(origin_no, wall)?;
        let store = WriteStore::open(folder, origin_no, first.0, wall)?;
        let shop = load(&store, first)?;
        let lanes = Arc::new(Lanes::new());
        let all = shop.drops.keys().copied().collect();
        let published = Published::default().next(store.head().seq, store.head().at, &shop, &all);
        let published = Arc::new(ArcSwap::from_pointee(published));
        let (seq, ledger_seq) = watch::channel(store.head().seq);
        let seen = shop.seen.clone();
        let metrics = WriterMetrics::new();
        let writer =
            Writer { lanes: lanes.clone(), published: published.clone(), ledger_seq, seen, metrics: metrics.clone() };
        Ok((Self { shop, store, lanes, published, seq, answers, clock, metrics, last: None }, writer))
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

    fn process(&mut self, asks: &mut Vec<(Lane, Ask)>) -> Result<()> {
        let (now, clock_behind) = self.read_clock();
        self.shop.tokens.turn(now);
        self.metrics.batch_size.observe(asks.len() as f64);
        // Money that came in time is decided before the expiry that would make it late.
        asks.sort_by_key(|(lane, ask)| {
            *lane == Lane::Money && matches!(ask, Ask::Order(OrderAsk { command: Command::EndHold, .. }, _))
        });
        asks.sort_by_key(|(lane, _)| *lane as u8);
        let mut batch = Batch::new(&mut self.shop, &self.store, now, clock_behind, asks.len());
        for (_, ask) in asks.drain(..) {
            batch.apply(ask)?;
        }
        let decided = batch.decided();
        if !decided.is_empty() {
            failpoint::reached(Point::Decided);
            let started = Instant::now();
            self.store.commit(now, &decided.writes(&self.shop))?;
            self.metrics.commit_seconds.observe(started.elapsed().as_secs_f64());
            failpoint::reached(Point::Committed);
        }
        if !decided.changed_drops.is_empty() {
            self.publish(now, &decided.changed_drops);
        }
        self.seq.send_if_modified(|seq| std::mem::replace(seq, self.store.head().seq) != self.store.head().seq);
        // The relay is gone only when the process is going.
        drop(self.answers.blocking_send(decided.ready));
        Ok(())
    }

    fn publish(&mut self, now: Timestamp, changed: &BTreeSet<DropId>) {
        let before = self.published.load_full();
        let outdated = before.outdated(changed);
        for drop in &outdated {
            if let Some(live) = self.shop.drops.get_mut(drop) {
                live.state.forget_when_done(now);
            }
        }
        self.published.store(Arc::new(before.next(self.store.head().seq, now, &self.shop, &outdated)));
    }

    /// The batch's time, which never runs backwards, and whether wall time is too far behind it to sell by.
    fn read_clock(&mut self) -> (Timestamp, bool) {
        let (wall, monotonic) = (self.clock.now(), Instant::now());
        if let Some((last_wall, last_monotonic)) = self.last {
            let elapsed = monotonic.duration_since(last_monotonic).as_millis() as i64;
            let step = wall.0 - last_wall.0 - elapsed;
            if step.abs() > CLOCK_STEP_ALARM_MS {
                error!(step_ms = step, "the wall clock was set while selling: check time synchronisation");
                self.metrics.clock_steps.inc();
            }
        }
        self.last = Some((wall, monotonic));
        let ledger_at = self.store.head().at;
        (wall.max(ledger_at), ledger_at.0 - wall.0 > CLOCK_BEHIND_MS)
    }
}

/// Sends answers out on the runtime: waking shoppers one by one would cost the writer more than deciding for them.
async fn relay_answers(mut batches: mpsc::Receiver<Vec<Ready>>) {
    while let Some(batch) = batches.recv().await {
        for ready in batch {
            ready.send();
        }
        failpoint::reached(Point::Answered);
    }
}

#[cfg(test)]
mod tests;
