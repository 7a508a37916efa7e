//! The thread of the view.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::sync::watch;
use tracing::{error, info, warn};

use super::state::Shared;
use super::{Job, Views, WAITING_MAX};
use crate::clock::Clock;
use crate::store::ReadStore;
use crate::store::views::{Page, ViewStore, is_damaged};
use crate::writer::Writer;

/// Rows of the ledger taken in at once: some milliseconds, for which a question waits.
const PAGE_ROWS: u32 = 256;
/// From the start of a page to the start of the next, at least: with the size of a page it bounds the rows a second.
const PAGE_EVERY: Duration = Duration::from_millis(10);
/// How often a view that has everything looks for more. It is also the longest that a stop waits.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Commands waiting for the writer, in all lanes. With more the sale has all of the machine, and the view waits.
const DEEP_LANES: usize = 64;
/// Of its time the thread rests this many times what it works: half of a core while the sale is quiet, a twentieth of
/// one while any command waits.
const REST_QUIET: u32 = 1;
const REST_BUSY: u32 = 19;
/// After a failure the view waits, each time longer, up to this.
const RETRY_MAX: Duration = Duration::from_secs(300);

/// The running thread. [`RunningViews::stop`] ends it.
pub(crate) struct RunningViews {
    pub(crate) views: Views,
    thread: JoinHandle<()>,
}

impl RunningViews {
    /// Waits until the files are closed.
    pub(crate) fn stop(self) {
        self.views.shared.stop();
        if self.thread.join().is_err() {
            error!("the thread of the view panicked");
        }
    }
}

/// Starts the thread. It opens the view itself: a view that cannot be opened delays nothing.
pub(crate) fn start(folder: &Path, writer: &Writer, clock: Clock) -> Result<RunningViews> {
    let (jobs, waiting) = sync_channel(WAITING_MAX);
    let shared = Arc::new(Shared::default());
    let feeder = Feeder {
        folder: folder.to_owned(),
        sale: ReadStore::open(folder)?,
        store: None,
        ledger_seq: writer.ledger_seq(),
        writer: writer.clone(),
        clock,
        shared: shared.clone(),
        failures: 0,
        not_before: Instant::now(),
    };
    let thread = std::thread::Builder::new().name("views".to_owned());
    let thread = thread.spawn(move || feeder.run(&waiting)).context("cannot start the thread of the view")?;
    Ok(RunningViews { views: Views { jobs, shared }, thread })
}

struct Feeder {
    folder: PathBuf,
    sale: ReadStore,
    /// `None` while it cannot be opened.
    store: Option<ViewStore>,
    ledger_seq: watch::Receiver<i64>,
    writer: Writer,
    clock: Clock,
    shared: Arc<Shared>,
    /// In a row.
    failures: u32,
    /// Until then a failure waits.
    not_before: Instant,
}

impl Feeder {
    fn run(mut self, waiting: &Receiver<Job>) {
        while !self.shared.is_stopping() {
            let began = Instant::now();
            let rest = match self.step() {
                Ok(true) => self.rest_after(began.elapsed()),
                Ok(false) => LOOK_EVERY,
                Err(error) => {
                    self.failed(&error);
                    LOOK_EVERY
                }
            };
            if !self.answer_until(began + rest.max(PAGE_EVERY), waiting) {
                return;
            }
        }
    }

    /// Takes one page in, if there is one and the sale leaves room. Whether it did.
    fn step(&mut self) -> Result<bool> {
        if Instant::now() < self.not_before || self.waiting_commands() > DEEP_LANES {
            return Ok(false);
        }
        let store = match &mut self.store {
            Some(store) => store,
            None => {
                let reason = |reason: &str| warn!(reason, "the stored view cannot be used, and is made anew");
                let store = ViewStore::open(&self.folder, &self.sale, self.clock.now(), reason)?;
                self.store.insert(store)
            }
        };
        let fed = store.place().seq < *self.ledger_seq.borrow() && feed(&self.sale, store)?;
        let (seq, size_bytes) = (store.place().seq, store.size_bytes()?);
        // A view that fails at one row again and again is not whole until it is past that.
        if !fed {
            self.failures = 0;
        }
        self.shared.change(|state| {
            (state.seq, state.size_bytes) = (seq, size_bytes);
            state.fails = false;
        });
        Ok(fed)
    }

    fn waiting_commands(&self) -> usize {
        self.writer.depths().iter().map(|(_, depth)| depth).sum()
    }

    fn rest_after(&self, worked: Duration) -> Duration {
        worked * if self.waiting_commands() == 0 { 1 + REST_QUIET } else { 1 + REST_BUSY }
    }

    /// A damaged view is closed and opened again, which throws it away. Everything else is tried again as it is.
    fn failed(&mut self, error: &anyhow::Error) {
        self.failures += 1;
        let wait = (LOOK_EVERY * 2_u32.saturating_pow(self.failures)).min(RETRY_MAX);
        self.not_before = Instant::now() + wait;
        let (error, damaged) = (format!("{error:#}"), is_damaged(error));
        error!(error, "the view could not be fed; the sale goes on without it");
        if damaged {
            self.throw_away();
        }
        self.shared.change(|state| state.fails = true);
    }

    /// Answers what is asked of the view. False when the origin has gone.
    fn answer_until(&mut self, end: Instant, waiting: &Receiver<Job>) -> bool {
        loop {
            match waiting.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(Job::Read(read)) => {
                    if read(self.store.as_ref()) {
                        error!("the view is damaged; it is made anew");
                        self.throw_away();
                    }
                }
                Ok(Job::Rebuild(begun)) => {
                    info!("the view is made anew, as an operator asked");
                    self.throw_away();
                    let _ = begun.send(());
                }
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }

    /// An empty view takes its place, now or with the next step.
    fn throw_away(&mut self) {
        self.store = None;
        match ViewStore::begin(&self.folder, self.clock.now()) {
            Ok(store) => self.store = Some(store),
            Err(error) => error!(error = format!("{error:#}"), "the view could not be made anew; trying again"),
        }
        self.shared.change(|state| state.seq = 0);
    }
}

/// Takes one page in; false when there is none.
fn feed(sale: &ReadStore, store: &mut ViewStore) -> Result<bool> {
    match Page::read(sale, store.place().seq, PAGE_ROWS)? {
        Some(page) => store.take(&page).map(|()| true),
        None => Ok(false),
    }
}
