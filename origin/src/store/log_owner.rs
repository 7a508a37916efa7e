//! Which database a write-ahead log belongs to.
//!
//! SQLite replays a log into whatever file lies beside it. After an older `sale.db` was put back beside a newer log, the
//! replay mixes pages of both and damages the file. So each start stamps the database, once its log is empty, and writes
//! the stamp into a file beside it: every page that comes into the log from then on is of the stamped database. The stamp
//! is SQLite's `user_version`, because that stands at a fixed place of the file and can be read without SQLite.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::sqlite::Db;

/// Of `user_version` in the header of a database.
const STAMP_AT: u64 = 60;

/// Refuses a log of another database, before SQLite opens either of them. With an empty log, or without the file that
/// names its database, there is nothing to refuse.
pub(super) fn require_own_log(database: &Path) -> Result<()> {
    let log = database.with_extension("db-wal");
    if fs::metadata(&log).map_or(0, |log| log.len()) == 0 {
        return Ok(());
    }
    let (Some(stamp), Some(owners)) = (stamp(database)?, owners(database)?) else {
        return Ok(());
    };
    if !owners.contains(&stamp) {
        bail!(
            "{log} does not belong to this {database}, which was put back beside it: to keep this {database}, move \
             {log} and {index} away; to keep what is in the log, put back the {database} that was there before",
            log = name(&log),
            database = name(database),
            index = name(&database.with_extension("db-shm")),
        );
    }
    Ok(())
}

/// Stamps the database anew and empties its log. Until the log is known to be empty it may belong to an old stamp or to
/// the new one, because a process may die at any moment.
pub(super) fn claim_log(db: &Db, database: &Path) -> Result<()> {
    let mut either = owners(database)?.unwrap_or_default();
    either.extend(stamp(database)?);
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).context("the system gives no random bytes")?;
    let new = i32::from_be_bytes(bytes);
    either.push(new);
    put_owners(database, &either)?;
    db.batch(&format!("PRAGMA user_version = {new}"))?;
    // A reader that keeps the log from being emptied is no reason not to start.
    if db.empty_log()? {
        put_owners(database, &[new])?;
    }
    Ok(())
}

/// The stamp in the file itself, whatever its log says; `None` in a file without a header.
fn stamp(database: &Path) -> Result<Option<i32>> {
    let read = || {
        let mut file = File::open(database)?;
        let mut bytes = [0; 4];
        if file.metadata()?.len() < STAMP_AT + 4 {
            return Ok(None);
        }
        file.seek(SeekFrom::Start(STAMP_AT))?;
        file.read_exact(&mut bytes)?;
        Ok::<_, std::io::Error>(Some(i32::from_be_bytes(bytes)))
    };
    read().with_context(|| format!("cannot read {}", database.display()))
}

fn owners_file(database: &Path) -> PathBuf {
    database.with_file_name("log-owner")
}

fn owners(database: &Path) -> Result<Option<Vec<i32>>> {
    let file = owners_file(database);
    if !file.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let stamps = text.split_whitespace().map(str::parse).collect::<Result<_, _>>();
    Ok(Some(stamps.with_context(|| format!("{} does not hold stamps", file.display()))?))
}

/// Replaces the file as a whole, and syncs it before a page of the database comes into the log.
fn put_owners(database: &Path, stamps: &[i32]) -> Result<()> {
    let file = owners_file(database);
    let write = || {
        let new = file.with_extension("new");
        let text: String = stamps.iter().map(|stamp| format!("{stamp}\n")).collect();
        let mut written = File::create(&new)?;
        written.write_all(text.as_bytes())?;
        written.sync_all()?;
        fs::rename(&new, &file)?;
        file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    write().with_context(|| format!("cannot write {}", file.display()))
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
