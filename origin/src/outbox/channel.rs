//! Reads the ledger for one channel and carries its effects out, many at once, in no promised order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use domain::Millis;
use tokio::task::JoinSet;
use tracing::{error, warn};

use super::effect::{Delivered, Effect, Kind};
use crate::links::PaymentLinks;
use crate::stop::Stop;
use crate::store::{Progress, Retry};

/// Rows of the ledger read at a time.
const PAGE_ROWS: u32 = 512;
/// Progress is written at most this often: repeating a moment of effects after a crash is harmless, and each report
/// costs the writer a transaction.
const REPORT_EVERY: Duration = Duration::from_millis(250);
const RETRY_FIRST_MS: i64 = 1_000;
/// About two hours of tries; the money rules do not depend on an effect that fails longer.
const ATTEMPTS_MAX: u32 = 360;

struct Channel {
    kind: &'static Kind,
    links: Arc<PaymentLinks>,
    /// Rows up to here have been read.
    read_to: i64,
    fresh: VecDeque<(i64, Effect)>,
    /// Effects that failed, with the row that made them owed.
    retries: BTreeMap<i64, Retry>,
    /// The same that are not under way, by when they are due: most wait for hours, and are not looked at until then.
    waiting: BTreeSet<(Millis, i64)>,
    /// Rows whose effects are being carried out.
    running: BTreeSet<i64>,
    failed: Vec<Retry>,
    done: Vec<i64>,
    reported: i64,
}

type Finished = (i64, u32, Result<Delivered>);

/// Runs until told to stop, then reports how far it came.
pub(crate) async fn run(kind: &'static Kind, links: Arc<PaymentLinks>, mut stop: Stop) -> Result<()> {
    let (cursor, retries) = links.reader.read(|store| store.outbox(kind.name)).await?;
    let mut ledger_seq = links.writer.ledger_seq();
    let mut channel = Channel {
        kind,
        links,
        read_to: cursor,
        fresh: VecDeque::new(),
        waiting: retries.iter().map(|retry| (retry.due_at, retry.seq)).collect(),
        retries: retries.into_iter().map(|retry| (retry.seq, retry)).collect(),
        running: BTreeSet::new(),
        failed: Vec::new(),
        done: Vec::new(),
        reported: cursor,
    };
    let mut tasks: JoinSet<Finished> = JoinSet::new();
    let mut tick = tokio::time::interval(REPORT_EVERY);
    loop {
        let written_to = *ledger_seq.borrow_and_update();
        channel.read(written_to).await?;
        channel.launch(&mut tasks).await?;
        tokio::select! {
            () = stop.requested() => break,
            changed = ledger_seq.changed() => {
                if changed.is_err() {
                    break;
                }
            }
            Some(finished) = tasks.join_next() => {
                match finished {
                    Ok(finished) => channel.finish(finished),
                    Err(panic) => error!(error = %panic, "an effect panicked; it is tried again after a restart"),
                }
            }
            _ = tick.tick() => channel.report().await,
        }
    }
    // What is on its way is repeated after the start: aborting loses nothing.
    tasks.shutdown().await;
    channel.report().await;
    Ok(())
}

impl Channel {
    async fn read(&mut self, ledger_seq: i64) -> Result<()> {
        while self.read_to < ledger_seq && self.fresh.len() < self.kind.at_once {
            let after = self.read_to;
            let rows = self.links.reader.read(move |store| store.ledger_after(after, PAGE_ROWS)).await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            self.read_to = last.seq;
            let now = self.links.clock.now();
            for row in &rows {
                match (self.kind.owed)(row) {
                    Some((effect, due_at)) if due_at <= now => self.fresh.push_back((row.seq, effect)),
                    Some((_, due_at)) => self.owe_again(Retry { seq: row.seq, attempt: 0, due_at }),
                    None => {}
                }
            }
        }
        Ok(())
    }

    async fn launch(&mut self, tasks: &mut JoinSet<Finished>) -> Result<()> {
        let now = self.links.clock.now();
        while self.running.len() < self.kind.at_once {
            let Some((seq, attempt, effect)) = self.next(now).await? else {
                return Ok(());
            };
            self.running.insert(seq);
            let links = self.links.clone();
            tasks.spawn(async move {
                let delivered = effect.deliver(&links).await;
                (seq, attempt, delivered)
            });
        }
        Ok(())
    }

    async fn next(&mut self, now: Millis) -> Result<Option<(i64, u32, Effect)>> {
        if let Some((seq, effect)) = self.fresh.pop_front() {
            return Ok(Some((seq, 0, effect)));
        }
        let Some((_, seq)) = self.waiting.first().copied().filter(|(due_at, _)| *due_at <= now) else {
            return Ok(None);
        };
        self.waiting.pop_first();
        let Some(retry) = self.retries.get(&seq).copied() else {
            return Ok(None);
        };
        let rows = self.links.reader.read(move |store| store.ledger_after(retry.seq - 1, 1)).await?;
        let effect = rows.first().filter(|row| row.seq == retry.seq).and_then(self.kind.owed);
        if effect.is_none() {
            error!(ledger.seq = retry.seq, "a retry names a row that owes nothing");
            self.retries.remove(&retry.seq);
            self.done.push(retry.seq);
        }
        Ok(effect.map(|(effect, _)| (retry.seq, retry.attempt, effect)))
    }

    fn finish(&mut self, (seq, attempt, delivered): Finished) {
        self.running.remove(&seq);
        let after_ms = match delivered {
            Ok(Delivered::Done) => {
                if self.retries.remove(&seq).is_some() {
                    self.done.push(seq);
                }
                return;
            }
            Ok(Delivered::At(due_at)) => return self.owe_again(Retry { seq, attempt: 0, due_at }),
            Ok(Delivered::Later { after_ms }) => after_ms,
            Err(error) => {
                error!(ledger.seq = seq, error = format!("{error:#}"), "an effect failed");
                None
            }
        };
        let attempt = attempt + 1;
        if attempt >= ATTEMPTS_MAX {
            error!(ledger.seq = seq, attempt, "giving an effect up");
            self.retries.remove(&seq);
            self.done.push(seq);
            return;
        }
        let backoff = (RETRY_FIRST_MS << attempt.min(10)).min(self.kind.retry_ms_max);
        let wait = after_ms.unwrap_or(0).max(jittered(backoff, seq));
        self.owe_again(Retry { seq, attempt, due_at: self.links.clock.now().plus_ms(wait) });
    }

    fn owe_again(&mut self, retry: Retry) {
        self.retries.insert(retry.seq, retry);
        self.waiting.insert((retry.due_at, retry.seq));
        self.failed.push(retry);
    }

    /// Every row up to here is done or among the retries.
    fn cursor(&self) -> i64 {
        let unfinished = self.running.iter().filter(|seq| !self.retries.contains_key(seq)).min().copied();
        let unread = self.fresh.front().map(|(seq, _)| *seq);
        unfinished.into_iter().chain(unread).min().map_or(self.read_to, |first| first - 1)
    }

    async fn report(&mut self) {
        let cursor = self.cursor();
        // Rows that owe nothing move the cursor too, but are not worth a transaction of their own.
        let lag = cursor - self.reported;
        if self.failed.is_empty() && self.done.is_empty() && lag < i64::from(PAGE_ROWS) && !self.idle_with_lag(lag) {
            return;
        }
        let failed = std::mem::take(&mut self.failed);
        let done = std::mem::take(&mut self.done);
        // A retry that is done by now must not be written after its removal.
        let failed = failed.into_iter().filter(|retry| !done.contains(&retry.seq)).collect();
        let progress = Progress { channel: self.kind.name, cursor, failed, done };
        match self.links.writer.record_progress(progress.clone()).await {
            Ok(()) => self.reported = cursor,
            Err(_) => {
                warn!("progress of the outbox was not recorded; trying again");
                self.failed.extend(progress.failed);
                self.done.extend(progress.done);
            }
        }
    }

    /// Nothing is under way, so a restart now would repeat finished work for nothing.
    fn idle_with_lag(&self, lag: i64) -> bool {
        lag > 0 && self.running.is_empty() && self.fresh.is_empty()
    }
}

/// Spreads retries that failed together over a quarter of their wait.
fn jittered(wait_ms: i64, seq: i64) -> i64 {
    wait_ms + (seq.wrapping_mul(7_919) & 0xff) * wait_ms / 1024
}
