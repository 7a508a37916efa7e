//! The runner for destinations that take the ledger in its order, a page of rows at a time. The cursor moves when the
//! destination has a page; until then the destination gets the same page again, with growing waits. A destination that is
//! down stops its own feed and nothing else, and costs the memory of two pages.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use ledger::{LedgerRow, RowKind};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, Interval, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::cursor::Cursor;
use super::progress::{ProgressReport, REPORT_EVERY, count, measure};
use super::wait::wait_ms;
use crate::metrics::Channelled;
use crate::ports::Ports;
use crate::store::ReadStore;

/// Pages of the ledger read between two looks at it: rows that owe nothing are passed at about thirty thousand a second,
/// so that a feed far behind gives way to a sale.
const READS_MAX: usize = 16;
/// A destination that waits for a person is tried again after this.
const REFUSED_RETRY: Duration = Duration::from_secs(15 * 60);

/// A destination that is fed.
pub(super) trait Feed: Send + Sync + 'static {
    fn settings(&self) -> Settings;

    /// Hands over a page of rows in the order of the ledger. After a crash or a lost answer rows come again, perhaps in
    /// other pages: the destination knows them by their `seq`.
    fn take(&self, page: &[LedgerRow]) -> impl Future<Output = Result<Taken>> + Send;
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// Its cursor is stored under this name, so it never changes.
    pub(super) name: &'static str,
    /// The kinds of rows that the destination wants; rows of other kinds are not decoded.
    pub(super) rows: &'static [RowKind],
    pub(super) page_rows_max: usize,
    /// From the start of a page to the start of the next. With the size of a page it bounds the rows a second, so that a
    /// feed far behind gives way to a sale.
    pub(super) page_every: Duration,
    /// The longest wait between two tries, unless the destination asks for more.
    pub(super) retry_ms_max: i64,
}

/// What came of handing a page over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// The destination has every row of the page.
    Whole,
    /// To be tried again, not before this long if the destination said so.
    Later { after: Option<Duration> },
    /// The destination takes nothing until a person acts.
    Refused,
}

struct Runner<F: Feed> {
    feed: Arc<F>,
    settings: Settings,
    ports: Ports,
    cursor: Cursor,
    /// Read, and not in a page yet.
    rows: Vec<LedgerRow>,
    /// What is handed over, until the destination has it.
    page: Option<Arc<[LedgerRow]>>,
    attempt: u32,
    /// Not before this is a page handed over.
    next_try: Instant,
    tries: JoinSet<Result<Taken>>,
    report: ProgressReport,
}

/// Runs until the origin stops, then reports how far the destination has come.
pub(super) async fn run<F: Feed>(feed: F, ports: Ports, stop: CancellationToken) {
    let feed = Arc::new(feed);
    let mut tick = tokio::time::interval(REPORT_EVERY);
    let mut runner = loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        match Runner::load(feed.clone(), ports.clone()).await {
            Ok(runner) => break runner,
            Err(error) => {
                let channel = feed.settings().name;
                error!(channel, error = format!("{error:#}"), "where a feed stands could not be read; trying again");
            }
        }
    };
    runner.work(stop, tick).await;
    // A page that is under way is handed over again after the start.
    runner.tries.shutdown().await;
    runner.send_report().await;
}

impl<F: Feed> Runner<F> {
    async fn load(feed: Arc<F>, ports: Ports) -> Result<Self> {
        let settings = feed.settings();
        let (cursor, _) = ports.reader.read(move |store: &ReadStore| store.outbox(settings.name)).await?;
        let runner = Self {
            feed,
            settings,
            ports,
            cursor: Cursor::new(settings.rows, 0, cursor),
            rows: Vec::new(),
            page: None,
            attempt: 0,
            next_try: Instant::now(),
            tries: JoinSet::new(),
            report: ProgressReport::new(settings.name, cursor),
        };
        runner.show_refused(false);
        Ok(runner)
    }

    async fn work(&mut self, stop: CancellationToken, mut tick: Interval) {
        let mut ledger_seq = self.ports.writer.ledger_seq();
        loop {
            let written_to = *ledger_seq.borrow_and_update();
            if let Err(error) = self.read(written_to).await {
                let channel = self.settings.name;
                error!(channel, error = format!("{error:#}"), "the ledger could not be read; trying again");
            }
            self.hand_over();
            let is_due = self.next_try <= Instant::now();
            let waits = self.tries.is_empty() && (self.page.is_some() || !self.rows.is_empty());
            tokio::select! {
                () = stop.cancelled() => return,
                // A page that cannot go out yet grows with the ticks, and not with every batch of the writer.
                changed = ledger_seq.changed(), if is_due && !waits && self.tries.is_empty() => {
                    if changed.is_err() {
                        return;
                    }
                }
                Some(tried) = self.tries.join_next() => self.finish(tried),
                () = sleep_until(self.next_try), if waits => {}
                _ = tick.tick() => {
                    let (now, oldest) = (self.ports.clock.now(), self.next_row().map(|row| row.at));
                    measure(&self.ports.metrics, self.settings.name, now, oldest, 0);
                    self.send_report().await;
                }
            }
        }
    }

    /// Reads on until the next page is full.
    async fn read(&mut self, written_to: i64) -> Result<()> {
        let now = self.ports.clock.now();
        for _ in 0..READS_MAX {
            if self.rows.len() >= self.settings.page_rows_max {
                break;
            }
            let Some(rows) = self.cursor.next_page(&self.ports.reader, written_to, now).await? else { break };
            self.rows.extend(rows);
        }
        Ok(())
    }

    fn hand_over(&mut self) {
        let now = Instant::now();
        if !self.tries.is_empty() || now < self.next_try {
            return;
        }
        if self.page.is_none() && !self.rows.is_empty() {
            let count = self.rows.len().min(self.settings.page_rows_max);
            self.page = Some(self.rows.drain(..count).collect());
        }
        let Some(page) = self.page.clone() else { return };
        self.next_try = now + self.settings.page_every;
        let feed = self.feed.clone();
        self.tries.spawn(async move { feed.take(&page).await });
    }

    fn finish(&mut self, tried: Result<Result<Taken>, JoinError>) {
        let channel = self.settings.name;
        let asked_wait = match tried.map_err(anyhow::Error::from).flatten() {
            Ok(Taken::Whole) => {
                self.show_refused(false);
                (self.page, self.attempt) = (None, 0);
                return;
            }
            Ok(Taken::Refused) => {
                self.show_refused(true);
                self.next_try = Instant::now() + REFUSED_RETRY;
                return;
            }
            Ok(Taken::Later { after }) => after,
            Err(error) => {
                error!(channel, error = format!("{error:#}"), "a page was not handed over; trying again");
                None
            }
        };
        count(&self.ports.metrics.outbox_failures, channel);
        self.show_refused(false);
        self.attempt += 1;
        let wait_ms = wait_ms(self.attempt, self.done_to(), asked_wait, self.settings.retry_ms_max);
        let wait = Duration::from_millis(wait_ms.unsigned_abs());
        self.next_try = self.next_try.max(Instant::now() + wait);
    }

    /// The destination has every row up to here that it wants.
    fn done_to(&self) -> i64 {
        self.next_row().map_or(self.cursor.read_to(), |row| row.seq - 1)
    }

    /// The first row that the destination does not have yet.
    fn next_row(&self) -> Option<&LedgerRow> {
        self.page.as_deref().and_then(<[_]>::first).or(self.rows.first())
    }

    fn show_refused(&self, refused: bool) {
        let label = Channelled { channel: self.settings.name };
        self.ports.metrics.outbox_refused.get_or_create(&label).set(i64::from(refused));
    }

    async fn send_report(&mut self) {
        let idle = self.tries.is_empty();
        self.report.send(&self.ports.writer, self.done_to(), idle).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::task::JoinHandle;

    use super::*;
    use crate::tests::Sale;

    const ROWS: &[RowKind] = &[RowKind::OrderPlaced];
    const NAME: &str = "fed";

    /// A destination that keeps pages of two, and answers its tries as the test says.
    struct Destination<F> {
        pages: Arc<Mutex<Vec<Vec<i64>>>>,
        tries: AtomicUsize,
        answer: F,
    }

    impl<F: Fn(usize) -> Result<Taken> + Send + Sync + 'static> Feed for Destination<F> {
        fn settings(&self) -> Settings {
            Settings { name: NAME, rows: ROWS, page_rows_max: 2, page_every: Duration::ZERO, retry_ms_max: 100 }
        }

        async fn take(&self, page: &[LedgerRow]) -> Result<Taken> {
            self.pages.lock().unwrap().push(page.iter().map(|row| row.seq).collect());
            (self.answer)(self.tries.fetch_add(1, Ordering::SeqCst))
        }
    }

    /// A running feed and the pages that its destination was given.
    struct Fed {
        pages: Arc<Mutex<Vec<Vec<i64>>>>,
        stop: CancellationToken,
        running: JoinHandle<()>,
    }

    impl Fed {
        fn start(sale: &Sale, answer: impl Fn(usize) -> Result<Taken> + Send + Sync + 'static) -> Self {
            let (pages, stop) = (Arc::default(), CancellationToken::new());
            let destination = Destination { pages: Arc::clone(&pages), tries: AtomicUsize::new(0), answer };
            Self { pages, running: tokio::spawn(run(destination, sale.ports.clone(), stop.clone())), stop }
        }

        async fn stop(self) -> Vec<Vec<i64>> {
            self.stop.cancel();
            self.running.await.unwrap();
            let pages = self.pages.lock().unwrap();
            pages.clone()
        }
    }

    /// The rows that a destination is owed after so many purchases.
    async fn after_purchases(sale: &mut Sale, count: u8) -> Vec<i64> {
        for shopper in 1..=count {
            sale.buys(shopper).await;
        }
        let read = sale.ports.reader.read(|store| store.ledger_of_kinds(0, i64::MAX, ROWS)).await;
        read.unwrap().iter().map(|row| row.seq).collect()
    }

    #[tokio::test]
    async fn a_destination_gets_every_row_once_in_order_and_in_pages_of_its_size() {
        let mut sale = Sale::of(9).await;
        let rows = after_purchases(&mut sale, 5).await;
        let fed = Fed::start(&sale, |_| Ok(Taken::Whole));
        sale.owes_nothing(NAME).await;
        let pages = fed.stop().await;
        assert_eq!(pages, [&rows[..2], &rows[2..4], &rows[4..]]);
        // After a start it goes on behind them.
        let fed = Fed::start(&sale, |_| Ok(Taken::Whole));
        sale.buys(6).await;
        sale.owes_nothing(NAME).await;
        let pages = fed.stop().await;
        assert_eq!(pages.len(), 1, "{pages:?}");
        assert!(pages[0].len() == 1 && pages[0][0] > rows[4], "{pages:?}");
        sale.finish().await;
    }

    #[tokio::test]
    async fn a_page_that_was_not_taken_comes_again_before_any_other() {
        let mut sale = Sale::of(9).await;
        let rows = after_purchases(&mut sale, 3).await;
        let fed = Fed::start(&sale, |attempt| match attempt {
            0 => Ok(Taken::Later { after: None }),
            1 => anyhow::bail!("the destination cannot be reached"),
            2 => panic!("the third try panics"),
            _ => Ok(Taken::Whole),
        });
        sale.owes_nothing(NAME).await;
        let pages = fed.stop().await;
        let first = &rows[..2];
        assert_eq!(pages, [first, first, first, first, &rows[2..]]);
        sale.finish().await;
    }

    #[tokio::test]
    async fn a_destination_that_waits_for_a_person_is_left_alone_and_owed_everything_after_a_start() {
        let mut sale = Sale::of(9).await;
        let rows = after_purchases(&mut sale, 3).await;
        let fed = Fed::start(&sale, |_| Ok(Taken::Refused));
        let refused = sale.ports.metrics.clone();
        let is_refused = || refused.outbox_refused.get_or_create(&Channelled { channel: NAME }).get() == 1;
        harness::until("the refusal shows", Duration::from_secs(30), async || is_refused().then_some(())).await;
        // Another channel does its work meanwhile.
        sale.buys_with_link(4).await;
        assert_eq!(fed.stop().await, [&rows[..2]]);
        let fed = Fed::start(&sale, |_| Ok(Taken::Whole));
        sale.owes_nothing(NAME).await;
        assert!(!is_refused());
        assert_eq!(fed.stop().await[0], &rows[..2]);
        sale.finish().await;
    }
}
