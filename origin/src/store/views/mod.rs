//! The database of what is searched: `views.db`, beside the sale's. All of it follows from the ledger and the sale's
//! tables, so it is synced rarely, and thrown away where it cannot be used.

mod check;
mod fold;
mod order;
mod page;
mod revenue;
mod rows;
mod search;
mod write;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use domain::Timestamp;

pub use self::check::{Checked, check_history};
pub(crate) use self::fold::words;
pub(crate) use self::order::email_key;
pub(crate) use self::page::{Page, Place};
#[cfg(test)]
pub(crate) use self::revenue::Line;
pub(crate) use self::revenue::{RevenueQuery, Sums};
pub(crate) use self::search::{Found, OrderQuery, SearchRefused};
#[cfg(test)]
pub(crate) use self::search::{LOOKED_MAX, Total};
use self::write::PageWriter;
use super::migrate::{self, VIEWS};
use super::read::ReadStore;
pub(crate) use super::sqlite::is_damaged;
use super::sqlite::{Db, bytes, is_misfit};

/// Inside a data folder.
pub(crate) fn views_file(folder: &Path) -> PathBuf {
    folder.join("views.db")
}

pub(crate) struct ViewStore {
    place: Place,
    writer: PageWriter,
    file: PathBuf,
    // Last, so that every statement is finalised before its connection closes.
    db: Db,
}

/// What a stored file is good for.
enum Stored {
    Usable(Box<ViewStore>),
    Useless(String),
}

impl ViewStore {
    /// Opens the view of this sale. One that is missing, damaged, of another ledger or of another release begins anew;
    /// `thrown_away` hears why.
    pub(crate) fn open(
        folder: &Path,
        sale: &ReadStore,
        now: Timestamp,
        thrown_away: impl FnOnce(&str),
    ) -> Result<Self> {
        let file = views_file(folder);
        if file.try_exists().with_context(|| format!("cannot look at {}", file.display()))? {
            match Self::open_stored(&file, sale) {
                Ok(Stored::Usable(store)) => return Ok(*store),
                Ok(Stored::Useless(reason)) => thrown_away(&reason),
                Err(error) if is_damaged(&error) || is_misfit(&error) => thrown_away(&format!("{error:#}")),
                Err(error) => return Err(error),
            }
        }
        Self::begin(folder, now)
    }

    /// An empty view in the place of one that may be there.
    pub(crate) fn begin(folder: &Path, now: Timestamp) -> Result<Self> {
        let file = views_file(folder);
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let mut path = file.clone().into_os_string();
            path.push(suffix);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("cannot remove {}", path.display()));
                }
                _ => {}
            }
        }
        let db = Db::open_rebuildable(&file)?;
        migrate::migrate(&db, now, VIEWS).context("the tables of the view cannot be made")?;
        Self::over(file, db)
    }

    fn open_stored(file: &Path, sale: &ReadStore) -> Result<Stored> {
        let db = Db::open_rebuildable(file)?;
        let migrations: i64 = db.value("SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migrations'")?;
        if migrations == 0 {
            return Ok(Stored::Useless("its tables are missing".to_owned()));
        }
        // Another release counts otherwise: what follows from the ledger is made again and not carried over.
        if let Err(error) = migrate::require_current(&db, VIEWS) {
            if is_damaged(&error) {
                return Err(error);
            }
            return Ok(Stored::Useless(format!("it is of another release: {error:#}")));
        }
        let store = Self::over(file.to_owned(), db)?;
        let Place { seq, hash, .. } = store.place;
        Ok(match sale.ledger_hash(seq)? {
            None if seq != 0 => Stored::Useless(format!("it has read row {seq}, which the ledger does not have")),
            Some(found) if found != hash => Stored::Useless(format!("row {seq} of the ledger is another one")),
            _ => Stored::Usable(Box::new(store)),
        })
    }

    fn over(file: PathBuf, db: Db) -> Result<Self> {
        let place = db.prepare("SELECT seq, at, hash FROM fed")?;
        let place =
            place.first((), |row| Ok(Place { seq: row.get(0)?, at: Timestamp(row.get(1)?), hash: bytes(row, 2)? }))?;
        let place = place.context("the view does not say how far it has read")?;
        Ok(Self { place, writer: PageWriter::prepare(&db)?, file, db })
    }

    /// How far the ledger has been read.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// Takes the next page in, with its place, in one transaction: after a crash the view has all of it or nothing.
    pub(crate) fn take(&mut self, page: &Page) -> Result<()> {
        let (db, writer) = (&self.db, &self.writer);
        db.transaction(|| writer.write(page))
            .with_context(|| format!("rows up to {} could not be taken into {}", page.end.seq, self.file.display()))?;
        self.place = page.end;
        Ok(())
    }

    /// With its log.
    pub(crate) fn size_bytes(&self) -> Result<u64> {
        let mut total = 0;
        for path in [self.file.clone(), self.file.with_extension("db-wal")] {
            total += match std::fs::metadata(&path) {
                Ok(found) => found.len(),
                Err(error) if error.kind() == ErrorKind::NotFound => 0,
                Err(error) => return Err(error).with_context(|| format!("cannot look at {}", path.display())),
            };
        }
        Ok(total)
    }
}
