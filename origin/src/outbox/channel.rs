//! Reads the ledger for one channel and carries its effects out, many at once, in no promised order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use domain::Timestamp;
use tokio::task::JoinSet;
use tracing::{error, warn};

use super::effect::{Effect, Kind};
use crate::delivery::Delivery;
use crate::metrics::Channelled;
use crate::payos::PaymentLinks;
use crate::ports::Ports;
use crate::stop::Stop;
use crate::store::{Progress, ReadStore, Retry};

/// Rows of the ledger looked at in one read.
const PAGE_ROWS: i64 = 512;
/// What is due late gives way to a sale: so many of its effects start between two looks at the clock. Those that call
/// PayOS are slower by themselves; 256 a second that need not take a hundredth of a core (measured).
const LATE_STARTS_MAX: usize = 64;
/// Effects that failed and wait: with more of them the other side is down, and reading on would only collect more.
const RETRIES_MAX: usize = 1_024;
/// Progress is written at most this often: repeating a moment of effects after a crash is harmless, and each report
/// costs the writer a transaction.
const REPORT_EVERY: Duration = Duration::from_millis(250);
const RETRY_FIRST_MS: i64 = 1_000;
/// About two hours of tries; the money rules do not depend on an effect that fails longer.
const ATTEMPTS_MAX: u32 = 360;

struct Channel {
    kind: &'static Kind,
    ports: Ports,
    links: Arc<PaymentLinks>,
    /// Rows up to here have been read.
    read_to: i64,
    /// Until when there is nothing to read: the next row is not due before.
    next_due: Option<Timestamp>,
    fresh: VecDeque<(i64, Effect)>,
    /// Every row read whose effect is not done, and since when it is due.
    owed: BTreeMap<i64, Timestamp>,
    /// Effects that failed, with the row that made them owed.
    retries: BTreeMap<i64, Retry>,
    /// The same that are not under way, by when they are due.
    waiting: BTreeSet<(Timestamp, i64)>,
    running: usize,
    /// Effects started since the last look at the clock.
    started: usize,
    failed: Vec<Retry>,
    done: Vec<i64>,
    reported: i64,
}

type Finished = (i64, u32, Result<Delivery>);

/// Runs until told to stop, then reports how far it came.
pub(crate) async fn run(kind: &'static Kind, ports: Ports, links: Arc<PaymentLinks>, mut stop: Stop) -> Result<()> {
    let (cursor, retries) = ports.reader.read(|store| store.outbox(kind.name)).await?;
    let mut ledger_seq = ports.writer.ledger_seq();
    let mut channel = Channel::new(kind, ports, links, cursor, retries);
    let mut tasks: JoinSet<Finished> = JoinSet::new();
    let mut tick = tokio::time::interval(REPORT_EVERY);
    loop {
        let written_to = *ledger_seq.borrow_and_update();
        if let Err(error) = channel.go_on(written_to, &mut tasks).await {
            error!(channel = kind.name, error = format!("{error:#}"), "the ledger could not be read; trying again");
        }
        tokio::select! {
            () = stop.requested() => break,
            // What is due later needs no prompting.
            changed = ledger_seq.changed(), if kind.after_ms == 0 => {
                if changed.is_err() {
                    break;
                }
            }
            Some(finished) = tasks.join_next() => {
                match finished {
                    Ok(finished) => channel.finish(finished),
                    Err(panic) => {
                        channel.running -= 1;
                        error!(error = %panic, "an effect panicked; it is tried again after a restart");
                    }
                }
            }
            _ = tick.tick() => {
                channel.started = 0;
                channel.measure();
                channel.report().await;
            }
        }
    }
    // What is on its way is repeated after the start: aborting loses nothing.
    tasks.shutdown().await;
    channel.report().await;
    Ok(())
}

impl Channel {
    fn new(kind: &'static Kind, ports: Ports, links: Arc<PaymentLinks>, cursor: i64, retries: Vec<Retry>) -> Self {
        Self {
            kind,
            ports,
            links,
            read_to: cursor,
            next_due: None,
            fresh: VecDeque::new(),
            owed: retries.iter().map(|retry| (retry.seq, retry.due_at)).collect(),
            waiting: retries.iter().map(|retry| (retry.due_at, retry.seq)).collect(),
            retries: retries.into_iter().map(|retry| (retry.seq, retry)).collect(),
            running: 0,
            started: 0,
            failed: Vec::new(),
            done: Vec::new(),
            reported: cursor,
        }
    }

    async fn go_on(&mut self, ledger_seq: i64, tasks: &mut JoinSet<Finished>) -> Result<()> {
        self.read(ledger_seq).await?;
        self.launch(tasks).await
    }

    async fn read(&mut self, ledger_seq: i64) -> Result<()> {
        let now = self.ports.clock.now();
        while self.read_to < ledger_seq
            && self.fresh.len() < self.kind.at_once
            && self.retries.len() < RETRIES_MAX
            && self.next_due.is_none_or(|due_at| due_at <= now)
        {
            let (after, up_to) = (self.read_to, ledger_seq.min(self.read_to + PAGE_ROWS));
            let Kind { rows: kinds, after_ms, .. } = *self.kind;
            let read = move |store: &ReadStore| {
                let next_due = store.ledger_time(after + 1)?.map(|at| at.plus_ms(after_ms));
                match next_due.filter(|due_at| *due_at > now) {
                    Some(due_at) => Ok(Err(due_at)),
                    None => Ok(Ok(store.ledger_of_kinds(after, up_to, kinds)?)),
                }
            };
            let rows = match self.ports.reader.read(read).await? {
                Ok(rows) => rows,
                Err(due_at) => {
                    self.next_due = Some(due_at);
                    return Ok(());
                }
            };
            self.read_to = up_to;
            self.next_due = None;
            for row in rows {
                let Some((effect, due_at)) = self.kind.owed(&row) else {
                    continue;
                };
                if due_at > now {
                    self.read_to = row.seq - 1;
                    self.next_due = Some(due_at);
                    return Ok(());
                }
                self.owed.insert(row.seq, due_at);
                self.fresh.push_back((row.seq, effect));
            }
        }
        Ok(())
    }

    async fn launch(&mut self, tasks: &mut JoinSet<Finished>) -> Result<()> {
        let now = self.ports.clock.now();
        let starts_max = if self.kind.after_ms == 0 { usize::MAX } else { LATE_STARTS_MAX };
        while self.running < self.kind.at_once && self.started < starts_max {
            let Some((seq, attempt, effect)) = self.next(now).await? else {
                return Ok(());
            };
            self.running += 1;
            self.started += 1;
            let links = self.links.clone();
            tasks.spawn(async move {
                let delivered = effect.deliver(&links).await;
                (seq, attempt, delivered)
            });
        }
        Ok(())
    }

    async fn next(&mut self, now: Timestamp) -> Result<Option<(i64, u32, Effect)>> {
        if let Some((seq, effect)) = self.fresh.pop_front() {
            return Ok(Some((seq, 0, effect)));
        }
        let Some((_, seq)) = self.waiting.first().copied().filter(|(due_at, _)| *due_at <= now) else {
            return Ok(None);
        };
        let kinds = self.kind.rows;
        let rows = self.ports.reader.read(move |store| store.ledger_of_kinds(seq - 1, seq, kinds)).await?;
        self.waiting.pop_first();
        let Some(retry) = self.retries.get(&seq).copied() else {
            return Ok(None);
        };
        let effect = rows.first().and_then(|row| self.kind.owed(row));
        if effect.is_none() {
            error!(ledger.seq = seq, "a retry names a row that owes nothing");
            self.forget(seq);
        }
        Ok(effect.map(|(effect, _)| (retry.seq, retry.attempt, effect)))
    }

    fn finish(&mut self, (seq, attempt, delivered): Finished) {
        self.running -= 1;
        let after = match delivered {
            Ok(Delivery::Done) => return self.forget(seq),
            Ok(Delivery::Later { after }) => after,
            Err(error) => {
                error!(ledger.seq = seq, error = format!("{error:#}"), "an effect failed");
                None
            }
        };
        let attempt = attempt + 1;
        if attempt >= ATTEMPTS_MAX {
            error!(ledger.seq = seq, attempt, "giving an effect up");
            return self.forget(seq);
        }
        let backoff = (RETRY_FIRST_MS << attempt.min(10)).min(self.kind.retry_ms_max);
        let after_ms = after.map_or(0, |after| i64::try_from(after.as_millis()).unwrap_or(i64::MAX));
        let wait = after_ms.max(jittered(backoff, seq));
        let retry = Retry { seq, attempt, due_at: self.ports.clock.now().plus_ms(wait) };
        self.retries.insert(seq, retry);
        self.waiting.insert((retry.due_at, seq));
        self.failed.push(retry);
    }

    fn forget(&mut self, seq: i64) {
        self.owed.remove(&seq);
        if self.retries.remove(&seq).is_some() {
            self.done.push(seq);
        }
    }

    /// Every row up to here is done or among the retries.
    fn cursor(&self) -> i64 {
        let unfinished = self.owed.keys().find(|seq| !self.retries.contains_key(seq));
        unfinished.map_or(self.read_to, |first| first - 1)
    }

    /// How long the oldest effect has been due.
    fn measure(&self) {
        let now = self.ports.clock.now();
        let lag_ms = self.owed.values().min().map_or(0, |due_at| (now.0 - due_at.0).max(0));
        let channel = Channelled { channel: self.kind.name };
        self.ports.metrics.outbox_lag_seconds.get_or_create(&channel).set(lag_ms / 1000);
        self.ports.metrics.outbox_retries.get_or_create(&channel).set(self.retries.len() as i64);
    }

    async fn report(&mut self) {
        let cursor = self.cursor();
        // Rows that owe nothing move the cursor too, but are not worth a transaction of their own.
        let lag = cursor - self.reported;
        if self.failed.is_empty() && self.done.is_empty() && lag < PAGE_ROWS && !self.idle_with_lag(lag) {
            return;
        }
        let failed = std::mem::take(&mut self.failed);
        let done = std::mem::take(&mut self.done);
        // A retry that is done by now must not be written after its removal.
        let failed = failed.into_iter().filter(|retry| !done.contains(&retry.seq)).collect();
        let progress = Progress { channel: self.kind.name, cursor, failed, done };
        match self.ports.writer.record_progress(progress.clone()).await {
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
        lag > 0 && self.running == 0 && self.fresh.is_empty()
    }
}

/// Spreads retries that failed together over a quarter of their wait.
fn jittered(wait_ms: i64, seq: i64) -> i64 {
    wait_ms + (seq.wrapping_mul(7_919) & 0xff) * wait_ms / 1024
}

#[cfg(test)]
mod tests {
    use domain::OrderCode;

    use super::*;
    use crate::outbox::KINDS;
    use crate::tests::Sale;

    const EFFECTS: i64 = 3 * LATE_STARTS_MAX as i64;

    #[tokio::test]
    async fn what_is_due_late_starts_a_few_between_two_looks_at_the_clock_and_what_is_due_now_at_once() {
        let sale = Sale::of(1).await;
        for kind in &KINDS {
            let mut channel = Channel::new(kind, sale.ports.clone(), sale.links.clone(), 0, Vec::new());
            channel.fresh = (1..=EFFECTS).map(|seq| (seq, Effect::CheckEnded(OrderCode(seq as u64)))).collect();
            let first = starts(&mut channel).await;
            channel.started = 0;
            let second = starts(&mut channel).await;
            let late = (LATE_STARTS_MAX, LATE_STARTS_MAX);
            let expected = if kind.name == "payment_links" { (EFFECTS as usize, 0) } else { late };
            assert_eq!((first, second), expected, "{}", kind.name);
        }
        sale.finish().await;
    }

    /// Goes on until nothing is under way and nothing more starts; returns how many did.
    async fn starts(channel: &mut Channel) -> usize {
        let mut tasks = JoinSet::new();
        let mut count = 0;
        loop {
            channel.launch(&mut tasks).await.unwrap();
            if tasks.is_empty() {
                return count;
            }
            while let Some(finished) = tasks.join_next().await {
                channel.finish(finished.unwrap());
                count += 1;
            }
        }
    }
}
