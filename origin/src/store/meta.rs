//! Facts of the database as a whole: the origin it belongs to, its secret, the time of the last start.

use anyhow::{Context, Result, bail};
use domain::Timestamp;
use libsql::params;

use super::sqlite::{self, Db};

/// The secret of the database, drawn when it is created.
pub(super) fn description_salt(db: &Db) -> Result<[u8; 16]> {
    let select = db.prepare("SELECT value FROM meta WHERE key = 'description_salt'")?;
    if let Some(salt) = select.first((), |row| sqlite::bytes(row, 0))? {
        return Ok(salt);
    }
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).context("the system gives no random bytes")?;
    db.prepare("INSERT INTO meta VALUES ('description_salt', ?)")?.execute(params![salt.to_vec()])?;
    Ok(salt)
}

/// A file belongs to one origin number for ever, because the edge and PayOS know its order codes, which contain it.
pub(super) fn claim_for_origin(db: &Db, origin_no: u8) -> Result<()> {
    let select = db.prepare("SELECT value FROM meta WHERE key = 'origin_no'")?;
    let stored: Option<Vec<u8>> = select.first((), |row| Ok(row.get(0)?))?;
    match stored.as_deref() {
        None => {
            db.prepare("INSERT INTO meta VALUES ('origin_no', ?)")?.execute(params![vec![origin_no]])?;
            Ok(())
        }
        Some([stored]) if *stored == origin_no => Ok(()),
        Some(stored) => bail!("this database belongs to origin {stored:?}, and DROPGATE_ORIGIN_NO is {origin_no}"),
    }
}

/// Writes and syncs before the origin serves a request. So a full disk, or another program that writes, fails the start
/// and not the first purchase. And after a crash between a write and its sync the log may be in the kernel's memory
/// only: the sync here puts it on disk before the origin answers from it. A power cut could otherwise still take an order
/// that a shopper was given.
pub(super) fn prove_writable(db: &Db, now: Timestamp) -> Result<()> {
    let started = db.prepare("INSERT OR REPLACE INTO meta VALUES ('started_at', ?)")?;
    started.execute(params![now.0.to_be_bytes().to_vec()])?;
    // After a failed sync the kernel may count pages as written that the disk never got. The checkpoint writes them
    // again. A reader that keeps it from ending is no reason not to start.
    db.empty_log().map(drop)
}
