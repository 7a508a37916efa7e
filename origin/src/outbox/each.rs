//! The runner for effects that are carried out each on its own: many at once, at least once, in the order of their rows
//! within one order, tried again with growing waits. A destination that is down stops its own channel and no other.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Result;
use engine::{GivenUp, Retry};
use ledger::LedgerRow;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Interval;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::backlog::{Backlog, Owed};
use super::channel::{Channel, Settings};
use super::cursor::Cursor;
use super::progress::{ProgressReport, REPORT_EVERY, count, measure};
use super::wait::wait_ms;
use crate::delivery::Delivery;
use crate::ports::Ports;
use crate::store::ReadStore;

/// What no shopper waits for gives way to a sale: so many effects of a channel start between two looks at the clock, 256 a
/// second. Each takes the thread that answers requests some tenths of a millisecond.
const STARTS_MAX: usize = 64;
/// With more effects that wait the destination is down, and reading on would only collect more.
const WAITING_MAX: usize = 1_024;

type Tried = Result<(Id, Result<Delivery>), JoinError>;

struct Runner<C: Channel> {
    channel: Arc<C>,
    settings: Settings,
    ports: Ports,
    cursor: Cursor,
    backlog: Backlog<C::Effect>,
    report: ProgressReport,
    tries: JoinSet<Result<Delivery>>,
    /// The row of each try that is under way.
    rows: HashMap<Id, i64>,
    /// Effects started since the last look at the clock.
    started: usize,
    owes_nothing: bool,
}

/// Runs until the origin stops, then reports how far the channel came.
pub(super) async fn run<C: Channel>(channel: C, ports: Ports, stop: CancellationToken) {
    let channel = Arc::new(channel);
    let mut tick = tokio::time::interval(REPORT_EVERY);
    let mut runner = loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        match Runner::load(channel.clone(), ports.clone()).await {
            Ok(runner) => break runner,
            Err(error) => {
                let channel = channel.settings().name;
                error!(channel, error = format!("{error:#}"), "what a channel owes could not be read; trying again");
            }
        }
    };
    runner.work(stop, tick).await;
    // What is under way is repeated after the start: aborting loses nothing.
    runner.tries.shutdown().await;
    runner.send_report().await;
}

impl<C: Channel> Runner<C> {
    /// Goes on from where the channel stood when it last reported.
    async fn load(channel: Arc<C>, ports: Ports) -> Result<Self> {
        let settings = channel.settings();
        // The cursor will not stop at these rows.
        let skipped_to = channel.owes_after().unwrap_or(i64::MAX);
        let load = move |store: &ReadStore| {
            let (cursor, retries) = store.outbox(settings.name)?;
            let is_passed = |retry: &Retry| retry.seq <= cursor.max(skipped_to);
            let (passed, unread): (Vec<_>, Vec<_>) = retries.into_iter().partition(is_passed);
            let with_row = |retry: Retry| {
                let rows = store.ledger_of_kinds(retry.seq - 1, retry.seq, settings.rows)?;
                Ok((retry, rows.into_iter().next()))
            };
            Ok((cursor, passed.into_iter().map(with_row).collect::<Result<Vec<_>>>()?, unread))
        };
        let (cursor, passed, unread) = ports.reader.read(load).await?;
        let mut runner = Self {
            channel,
            settings,
            ports,
            cursor: Cursor::new(settings.rows, settings.delay_ms, cursor),
            backlog: Backlog::new(unread),
            report: ProgressReport::new(settings.name, cursor),
            tries: JoinSet::new(),
            rows: HashMap::new(),
            started: 0,
            owes_nothing: false,
        };
        let mut dropped = 0;
        for (retry, row) in passed {
            match row.and_then(|row| runner.owed(&row)) {
                Some(owed) => runner.backlog.restore(owed, retry),
                None => {
                    dropped += 1;
                    runner.report.done(retry.seq);
                }
            }
        }
        if dropped > 0 {
            warn!(channel = settings.name, dropped, "retries are dropped, because their rows owe nothing now");
        }
        Ok(runner)
    }

    async fn work(&mut self, stop: CancellationToken, mut tick: Interval) {
        let mut ledger_seq = self.ports.writer.ledger_seq();
        loop {
            let written_to = *ledger_seq.borrow_and_update();
            self.skip(written_to);
            if let Err(error) = self.read(written_to).await {
                let channel = self.settings.name;
                error!(channel, error = format!("{error:#}"), "the ledger could not be read; trying again");
            }
            self.start_tries();
            tokio::select! {
                () = stop.cancelled() => return,
                // What is due later is found at the next tick.
                changed = ledger_seq.changed(), if self.settings.delay_ms == 0 && !self.owes_nothing => {
                    if changed.is_err() {
                        return;
                    }
                }
                Some(tried) = self.tries.join_next_with_id() => self.finish(tried),
                _ = tick.tick() => {
                    self.started = 0;
                    self.take_retried().await;
                    let (now, oldest_due) = (self.ports.clock.now(), self.backlog.oldest_due());
                    measure(&self.ports.metrics, self.settings.name, now, oldest_due, self.backlog.stored());
                    self.send_report().await;
                }
            }
        }
    }

    /// Passes rows that owe nothing whatever they hold. `written_to` was read before the channel is asked: a change that
    /// makes rows owe something is published before its row is.
    fn skip(&mut self, written_to: i64) {
        let owes_after = self.channel.owes_after();
        self.owes_nothing = owes_after.is_none();
        self.cursor.skip_to(owes_after.unwrap_or(written_to).min(written_to));
    }

    /// Takes what an operator wants tried again. It is stored among the retries: what is missed here is read at a start.
    async fn take_retried(&mut self) {
        for seq in self.ports.retried.take(self.settings.name) {
            let kinds = self.settings.rows;
            let row = self.ports.reader.read(move |store| store.ledger_of_kinds(seq - 1, seq, kinds)).await;
            let row = match row {
                Ok(rows) => rows.into_iter().next(),
                Err(error) => {
                    let (channel, error) = (self.settings.name, anyhow::Error::from(error));
                    error!(channel, ledger.seq = seq, error = format!("{error:#}"), "trying again at the next start");
                    continue;
                }
            };
            let retry = Retry { seq, attempt: 0, due_at: self.ports.clock.now() };
            match row.and_then(|row| self.owed(&row)) {
                Some(owed) if !self.backlog.holds(seq) => self.backlog.restore(owed, retry),
                Some(_) => {}
                None => self.report.done(seq),
            }
        }
    }

    /// Reads on while there is room for what rows may owe.
    async fn read(&mut self, written_to: i64) -> Result<()> {
        let now = self.ports.clock.now();
        while self.backlog.fresh() < self.settings.at_once && self.backlog.waiting() < WAITING_MAX {
            let Some(rows) = self.cursor.next_page(&self.ports.reader, written_to, now).await? else {
                return Ok(());
            };
            for owed in rows.iter().filter_map(|row| self.owed(row)).collect::<Vec<_>>() {
                if let Some(retry) = self.backlog.add(owed) {
                    self.report.put_aside(retry);
                }
            }
        }
        Ok(())
    }

    fn owed(&self, row: &LedgerRow) -> Option<Owed<C::Effect>> {
        let effect = self.channel.owed(row)?;
        let (order, due_at) = (row.entry.fact.order(), self.cursor.due_at(row.at));
        Some(Owed { seq: row.seq, order, due_at, effect })
    }

    fn start_tries(&mut self) {
        let now = self.ports.clock.now();
        let starts_max = if self.settings.shoppers_wait { usize::MAX } else { STARTS_MAX };
        while self.backlog.under_way() < self.settings.at_once && self.started < starts_max {
            let Some((seq, effect)) = self.backlog.start(now) else {
                return;
            };
            self.started += 1;
            let channel = self.channel.clone();
            let task = self.tries.spawn(async move { channel.deliver(effect).await });
            self.rows.insert(task.id(), seq);
        }
    }

    fn finish(&mut self, tried: Tried) {
        let (id, delivered) = match tried {
            Ok(tried) => tried,
            Err(error) => (error.id(), Err(anyhow::Error::from(error))),
        };
        let Some(seq) = self.rows.remove(&id) else { return };
        let channel = self.settings.name;
        let asked_wait = match delivered {
            Ok(Delivery::Done) => return self.forget(seq),
            Ok(Delivery::Later { after }) => after,
            Err(error) => {
                error!(channel, ledger.seq = seq, error = format!("{error:#}"), "an effect failed; trying again");
                None
            }
        };
        let (now, attempt) = (self.ports.clock.now(), self.backlog.attempt(seq) + 1);
        count(&self.ports.metrics.outbox_failures, channel);
        let overdue_ms = self.backlog.due_at(seq).map_or(0, |due_at| now.0 - due_at.0);
        if self.settings.patience.is_over(attempt, overdue_ms) {
            error!(channel, ledger.seq = seq, attempt, "giving an effect up");
            self.backlog.forget(seq);
            return self.report.give_up(GivenUp { seq, attempt, at: now });
        }
        let try_at = now.plus_ms(wait_ms(attempt, seq, asked_wait, self.settings.retry_ms_max));
        for retry in self.backlog.put_aside(seq, try_at) {
            self.report.put_aside(retry);
        }
    }

    fn forget(&mut self, seq: i64) {
        if self.backlog.forget(seq) {
            self.report.done(seq);
        }
    }

    async fn send_report(&mut self) {
        // The cursor of a channel that owes nothing moves in memory alone.
        let cursor =
            if self.owes_nothing { self.report.reported() } else { self.backlog.cursor(self.cursor.read_to()) };
        let idle = self.backlog.under_way() == 0 && self.backlog.fresh() == 0;
        self.report.send(&self.ports.writer, cursor, idle).await;
    }
}

#[cfg(test)]
mod tests {
    use domain::OrderCode;
    use engine::RefundId;

    use super::super::ended_links::EndedLinks;
    use super::super::payment_links::{Effect, LinksOfOrders};
    use super::super::payouts::PayoutsOfRefunds;
    use super::super::settlements::Settlements;
    use super::*;
    use crate::tests::Sale;

    const EFFECTS: usize = 3 * STARTS_MAX;

    #[tokio::test]
    async fn what_no_shopper_waits_for_starts_a_few_between_two_looks_at_the_clock_and_the_rest_at_once() {
        let sale = Sale::of(1).await;
        let links = || sale.links.clone();
        let few = (STARTS_MAX, STARTS_MAX);
        assert_eq!(starts(&sale, LinksOfOrders::new(links()), Effect::Close).await, (EFFECTS, 0));
        assert_eq!(starts(&sale, Settlements::new(links()), |order| order).await, few);
        assert_eq!(starts(&sale, EndedLinks::after_five_minutes(links()), |order| order).await, few);
        assert_eq!(starts(&sale, EndedLinks::after_an_hour(links()), |order| order).await, few);
        assert_eq!(starts(&sale, EndedLinks::after_a_day(links()), |order| order).await, few);
        let payouts = PayoutsOfRefunds(sale.payouts.clone());
        assert_eq!(starts(&sale, payouts, |order| (RefundId::Order(order, 1), 1)).await, few);
        sale.finish().await;
    }

    /// How many of many effects start before the runner looks at the clock, and how many after it.
    async fn starts<C: Channel>(sale: &Sale, channel: C, effect: fn(OrderCode) -> C::Effect) -> (usize, usize) {
        let mut runner = Runner::load(Arc::new(channel), sale.ports.clone()).await.unwrap();
        let due_at = sale.ports.clock.now();
        for seq in 1..=EFFECTS as i64 {
            let order = OrderCode(seq.cast_unsigned());
            runner.backlog.add(Owed { seq, order: Some(order), due_at, effect: effect(order) });
        }
        let first = goes_on(&mut runner).await;
        runner.started = 0;
        (first, goes_on(&mut runner).await)
    }

    /// Goes on until nothing is under way and nothing more starts; returns how many did.
    async fn goes_on<C: Channel>(runner: &mut Runner<C>) -> usize {
        let mut count = 0;
        loop {
            runner.start_tries();
            if runner.tries.is_empty() {
                return count;
            }
            while let Some(tried) = runner.tries.join_next_with_id().await {
                runner.finish(tried);
                count += 1;
            }
        }
    }
}
