//! libsql with its traps closed: see the comments at each.
#![expect(clippy::disallowed_methods, reason = "this is where SQL is spoken")]

use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use libsql::params::IntoParams;
use libsql::{Builder, OpenFlags, Row};

/// Local calls do their work inside the first poll, on the calling thread, whatever their signature says.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("libsql's local calls never wait"),
    }
}

/// A reader that meets the writer's checkpoint waits this long; the writer itself never waits for anybody.
const READ_BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// Eight kilobytes: with the checkpoint below it halves the slowest purchases (measured).
const PAGE_BYTES: u32 = 8192;
/// Pages of WAL after which the committing writer checkpoints. The writer alone commits and checkpoints: the bundled
/// SQLite can corrupt a file that one connection checkpoints while another commits.
const CHECKPOINT_PAGES: u32 = 1000;
/// The WAL file is cut back to this after a checkpoint; by itself SQLite never shrinks it.
const WAL_BYTES_MAX: u32 = 64 * 1024 * 1024;

pub(crate) struct Db {
    connection: libsql::Connection,
    _database: libsql::Database,
}

impl Db {
    pub(crate) fn open_for_write(path: &Path) -> Result<Self> {
        let db = Self::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        db.batch(&format!("PRAGMA page_size = {PAGE_BYTES}"))?;
        let mode: String = db.value("PRAGMA journal_mode = WAL")?;
        if mode != "wal" {
            bail!("{} cannot be put into WAL mode (it is in {mode})", path.display());
        }
        db.batch(&format!(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA mmap_size = 0;
             PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}; PRAGMA journal_size_limit = {WAL_BYTES_MAX};
             PRAGMA cache_size = -16384"
        ))?;
        db.require_build_flags()?;
        Ok(db)
    }

    /// A connection that cannot write: a reader stays a reader even by mistake.
    pub(crate) fn open_for_read(path: &Path) -> Result<Self> {
        let db = Self::open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        db.connection.busy_timeout(READ_BUSY_TIMEOUT)?;
        db.batch("PRAGMA query_only = ON; PRAGMA mmap_size = 0")?;
        Ok(db)
    }

    fn open(path: &Path, flags: OpenFlags) -> Result<Self> {
        let database = ready(Builder::new_local(path).flags(flags).build())
            .with_context(|| format!("cannot open {}", path.display()))?;
        let connection = database.connect().with_context(|| format!("cannot open {}", path.display()))?;
        Ok(Self { connection, _database: database })
    }

    /// The flags of `.cargo/config.toml` make readers three times faster; a build without them would go unnoticed.
    fn require_build_flags(&self) -> Result<()> {
        let options: Vec<String> = self.prepare("PRAGMA compile_options")?.rows((), |row| Ok(row.get(0)?))?;
        if options.iter().any(|option| option == "ENABLE_MEMORY_MANAGEMENT") {
            bail!("this binary was built without the SQLite flags of .cargo/config.toml: build it from the repository");
        }
        Ok(())
    }

    /// Runs statements that return nothing. Never with a `BEGIN` inside: a batch that fails midway leaves it open.
    pub(crate) fn batch(&self, sql: &str) -> Result<()> {
        let mut rows = ready(self.connection.execute_batch(sql)).with_context(|| format!("cannot run: {sql}"))?;
        while rows.next_stmt_row().is_some() {}
        Ok(())
    }

    pub(crate) fn prepare(&self, sql: &str) -> Result<Statement> {
        let statement = ready(self.connection.prepare(sql)).with_context(|| format!("cannot prepare: {sql}"))?;
        Ok(Statement(statement))
    }

    /// The first column of the only row of a query.
    pub(crate) fn value<T: FromColumn>(&self, sql: &str) -> Result<T> {
        self.prepare(sql)?.first((), |row| T::from_column(row, 0))?.with_context(|| format!("no row: {sql}"))
    }

    /// Runs `work` in one transaction, committed only when it succeeds.
    pub(crate) fn transaction<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.batch("BEGIN IMMEDIATE")?;
        match work() {
            Ok(value) => {
                self.batch("COMMIT")?;
                Ok(value)
            }
            Err(error) => {
                // The first failure is the one worth reporting.
                let _ = self.batch("ROLLBACK");
                Err(error)
            }
        }
    }
}

/// A prepared statement that is reset before and after each use: run again without it, libsql silently keeps the old
/// parameters, and a statement left open pins the WAL.
pub(crate) struct Statement(libsql::Statement);

impl Statement {
    pub(crate) fn execute(&self, params: impl IntoParams) -> Result<usize> {
        self.0.reset();
        let changed = ready(self.0.execute(params));
        self.0.reset();
        Ok(changed?)
    }

    /// Every row, read to the end: errors of a query show only when it is stepped.
    pub(crate) fn rows<T>(&self, params: impl IntoParams, mut read: impl FnMut(&Row) -> Result<T>) -> Result<Vec<T>> {
        let mut all = Vec::new();
        self.each(params, |row| {
            all.push(read(row)?);
            Ok(())
        })?;
        Ok(all)
    }

    pub(crate) fn each(&self, params: impl IntoParams, mut read: impl FnMut(&Row) -> Result<()>) -> Result<()> {
        self.0.reset();
        let result = (|| {
            let mut rows = ready(self.0.query(params))?;
            while let Some(row) = ready(rows.next())? {
                read(&row)?;
            }
            Ok(())
        })();
        self.0.reset();
        result
    }

    pub(crate) fn first<T>(&self, params: impl IntoParams, read: impl FnOnce(&Row) -> Result<T>) -> Result<Option<T>> {
        self.0.reset();
        let result = (|| {
            let mut rows = ready(self.0.query(params))?;
            ready(rows.next())?.map(|row| read(&row)).transpose()
        })();
        self.0.reset();
        result
    }
}

/// Columns that [`Db::value`] can return.
pub(crate) trait FromColumn: Sized {
    fn from_column(row: &Row, index: i32) -> Result<Self>;
}

impl FromColumn for String {
    fn from_column(row: &Row, index: i32) -> Result<Self> {
        Ok(row.get(index)?)
    }
}

impl FromColumn for i64 {
    fn from_column(row: &Row, index: i32) -> Result<Self> {
        Ok(row.get(index)?)
    }
}

/// A stored blob of a fixed length.
pub(crate) fn bytes<const N: usize>(row: &Row, index: i32) -> Result<[u8; N]> {
    let blob: Vec<u8> = row.get(index)?;
    let length = blob.len();
    blob.try_into().ok().with_context(|| format!("column {index} holds {length} bytes instead of {N}"))
}
