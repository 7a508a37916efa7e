//! libsql, guarded against its traps. Each guard has a comment that names its trap.
#![expect(clippy::disallowed_methods, reason = "this is where SQL is spoken")]

use std::cell::Cell;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::ControlFlow;
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

/// A connection that finds the file locked waits this long before it fails. A reader waits for the writer's checkpoint.
/// The writer waits for a reader that meets the end of a commit and takes the writer's lock for a moment, or for an
/// operator's own program that writes to the file. With this wait, a stop that meets a reader still ends within its
/// time.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// Eight kilobytes: with the checkpoint below it halves the slowest purchases (measured).
const PAGE_BYTES: u32 = 8192;
/// Pages of WAL after which the committing writer checkpoints. The writer alone commits and checkpoints: the bundled
/// SQLite can corrupt a file that one connection checkpoints while another commits.
const CHECKPOINT_PAGES: u32 = 1000;
/// A checkpoint cuts the WAL file back to this size. By default SQLite never shrinks it.
const WAL_BYTES_MAX: u32 = 64 * 1024 * 1024;

pub(crate) struct Db {
    connection: libsql::Connection,
    _database: libsql::Database,
    _one_thread: OneThread,
}

/// Neither a connection nor its statements may be used from two threads at once: they cannot be shared, only moved.
type OneThread = PhantomData<Cell<()>>;

/// SQLite's own flag, which libsql does not name. Its locks around every call cost the writer a thirtieth of its time
/// (measured), and [`OneThread`] makes them needless.
fn one_thread_at_a_time() -> OpenFlags {
    const SQLITE_OPEN_NOMUTEX: i32 = 0x8000;
    OpenFlags::from_bits_retain(SQLITE_OPEN_NOMUTEX)
}

impl Db {
    pub(crate) fn open_for_write(path: &Path) -> Result<Self> {
        Self::open_with(path, "FULL")
    }

    /// A file whose content can be made again: a power cut may take the last commits, and keeps the file whole. What is
    /// deleted stays in none of its pages, because it may be an erased buyer's name.
    pub(crate) fn open_rebuildable(path: &Path) -> Result<Self> {
        let db = Self::open_with(path, "NORMAL")?;
        db.batch("PRAGMA secure_delete = ON")?;
        Ok(db)
    }

    fn open_with(path: &Path, synchronous: &str) -> Result<Self> {
        let db = Self::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        db.batch(&format!("PRAGMA page_size = {PAGE_BYTES}"))?;
        let mode: String = db.value("PRAGMA journal_mode = WAL")?;
        if mode != "wal" {
            bail!("{} cannot be put into WAL mode (it is in {mode})", path.display());
        }
        db.batch(&format!(
            "PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON; PRAGMA mmap_size = 0;
             PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}; PRAGMA journal_size_limit = {WAL_BYTES_MAX};
             PRAGMA cache_size = -16384"
        ))?;
        db.require_build_flags()?;
        Ok(db)
    }

    /// A connection that cannot write, even by mistake.
    pub(crate) fn open_for_read(path: &Path) -> Result<Self> {
        let db = Self::open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        db.batch("PRAGMA query_only = ON; PRAGMA mmap_size = 0")?;
        Ok(db)
    }

    /// A database of its own, gone with the connection.
    pub(crate) fn in_memory() -> Result<Self> {
        Self::open(Path::new(":memory:"), OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
    }

    fn open(path: &Path, flags: OpenFlags) -> Result<Self> {
        let cannot_open = || format!("cannot open {}", path.display());
        let database = ready(Builder::new_local(path).flags(flags | one_thread_at_a_time()).build()).map_err(plainly);
        let database = database.with_context(cannot_open)?;
        let connection = database.connect().map_err(plainly).with_context(cannot_open)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        Ok(Self { connection, _database: database, _one_thread: PhantomData })
    }

    /// The flags of `.cargo/config.toml` make readers three times faster. Without this check, a build without them
    /// would go unnoticed.
    fn require_build_flags(&self) -> Result<()> {
        let options: Vec<String> = self.prepare("PRAGMA compile_options")?.rows((), |row| Ok(row.get(0)?))?;
        if options.iter().any(|option| option == "ENABLE_MEMORY_MANAGEMENT") {
            bail!("this binary was built without the SQLite flags of .cargo/config.toml: build it from the repository");
        }
        Ok(())
    }

    /// Runs statements that return nothing. Never with a `BEGIN` inside: a batch that fails midway leaves it open.
    pub(crate) fn batch(&self, sql: &str) -> Result<()> {
        let rows = ready(self.connection.execute_batch(sql)).map_err(plainly);
        // A migration is pages of text, so the message names its first line.
        let mut rows = rows.with_context(|| format!("cannot run: {}", sql.lines().next().unwrap_or_default()))?;
        while rows.next_stmt_row().is_some() {}
        Ok(())
    }

    pub(crate) fn prepare(&self, sql: &str) -> Result<Statement> {
        let statement = ready(self.connection.prepare(sql)).map_err(plainly);
        Ok(Statement(statement.with_context(|| format!("cannot prepare: {sql}"))?, PhantomData))
    }

    /// The first column of the only row of a query.
    pub(crate) fn value<T: FromColumn>(&self, sql: &str) -> Result<T> {
        self.prepare(sql)?.first((), |row| T::from_column(row, 0))?.with_context(|| format!("no row: {sql}"))
    }

    /// Moves the whole WAL into the database file. Returns `false` where another connection kept it from doing so.
    pub(crate) fn empty_log(&self) -> Result<bool> {
        let busy: i64 = self.value("PRAGMA wal_checkpoint(TRUNCATE)")?;
        Ok(busy == 0)
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

/// SQLite's own messages are for programmers. The added one tells an operator what to look at first.
fn plainly(error: libsql::Error) -> anyhow::Error {
    let libsql::Error::SqliteFailure(code, _) = &error else {
        return error.into();
    };
    // The low byte is the kind of failure. The rest says where in SQLite it happened.
    let cause = match code & 0xff {
        5 | 6 => "another program holds the database",
        8 => "the database can be read and not written",
        10 => "the disk failed to read, write or sync",
        11 | 26 => "the file is damaged, or no database",
        13 => "the disk is full",
        14 => "the file cannot be opened",
        _ => return error.into(),
    };
    anyhow::Error::new(error).context(cause)
}

/// The file itself cannot be used: it is damaged, no database, or contradicts its own rules.
pub(crate) fn is_damaged(error: &anyhow::Error) -> bool {
    matches!(failure(error), Some(11 | 19 | 20 | 26))
}

/// A statement does not fit the tables.
pub(crate) fn is_misfit(error: &anyhow::Error) -> bool {
    failure(error) == Some(1)
}

/// SQLite's kind of failure.
fn failure(error: &anyhow::Error) -> Option<i32> {
    error.chain().find_map(|cause| match cause.downcast_ref() {
        Some(libsql::Error::SqliteFailure(code, _)) => Some(code & 0xff),
        _ => None,
    })
}

/// A prepared statement that is reset before and after each use. Without a reset, libsql silently keeps the old
/// parameters, and an open statement keeps the WAL from being emptied.
pub(crate) struct Statement(libsql::Statement, OneThread);

impl Statement {
    pub(crate) fn execute(&self, params: impl IntoParams) -> Result<usize> {
        self.0.reset();
        let changed = ready(self.0.execute(params));
        self.0.reset();
        changed.map_err(plainly)
    }

    /// Reads every row to the end: a query reports its errors only when it is stepped.
    pub(crate) fn rows<T>(&self, params: impl IntoParams, mut read: impl FnMut(&Row) -> Result<T>) -> Result<Vec<T>> {
        let mut all = Vec::new();
        self.each(params, |row| {
            all.push(read(row)?);
            Ok(())
        })?;
        Ok(all)
    }

    pub(crate) fn each(&self, params: impl IntoParams, mut read: impl FnMut(&Row) -> Result<()>) -> Result<()> {
        self.each_until(params, |row| read(row).map(|()| ControlFlow::Continue(())))
    }

    /// As [`Self::each`], until `read` has enough.
    pub(crate) fn each_until(
        &self,
        params: impl IntoParams,
        mut read: impl FnMut(&Row) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        self.0.reset();
        let result = (|| {
            let mut rows = ready(self.0.query(params)).map_err(plainly)?;
            while let Some(row) = ready(rows.next()).map_err(plainly)? {
                if read(&row)?.is_break() {
                    break;
                }
            }
            Ok(())
        })();
        self.0.reset();
        result
    }

    pub(crate) fn first<T>(&self, params: impl IntoParams, read: impl FnOnce(&Row) -> Result<T>) -> Result<Option<T>> {
        self.0.reset();
        let result = (|| {
            let mut rows = ready(self.0.query(params)).map_err(plainly)?;
            ready(rows.next()).map_err(plainly)?.map(|row| read(&row)).transpose()
        })();
        self.0.reset();
        result
    }
}

/// The values of a row that every purchase writes. libsql's own macro moves each of them four times.
macro_rules! row_values {
    ($($value:expr),* $(,)?) => { vec![$(libsql::Value::from($value)),*] };
}
pub(crate) use row_values;

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

/// A stored number that fits its type: libsql would cut it off.
pub(crate) fn whole<T: TryFrom<i64>>(row: &Row, index: i32) -> Result<T> {
    let number: i64 = row.get(index)?;
    number.try_into().ok().with_context(|| format!("column {index} holds {number}, which is out of range"))
}

/// A stored blob of a fixed length.
pub(crate) fn bytes<const N: usize>(row: &Row, index: i32) -> Result<[u8; N]> {
    let blob: Vec<u8> = row.get(index)?;
    let length = blob.len();
    blob.try_into().ok().with_context(|| format!("column {index} holds {length} bytes instead of {N}"))
}
