//! What the database says of itself: whose it is, its secret, when it was last started.

use anyhow::{Context, Result, bail};
use domain::Timestamp;
use libsql::params;

use super::sqlite::{self, Db};

/// A secret of the database itself, drawn when it is made.
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

/// A file belongs to one origin number for ever: its order codes say so to the edge and to PayOS.
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

/// Writes and syncs before anybody is served. A disk that takes nothing, or another program that writes, is met here
/// and not by the first shopper. And a crash between a write and its sync leaves a log that only the kernel
/// remembers: who asks again for an order in it is told of it only when a power cut cannot take it any more.
pub(super) fn prove_writable(db: &Db, now: Timestamp) -> Result<()> {
    let started = db.prepare("INSERT OR REPLACE INTO meta VALUES ('started_at', ?)")?;
    started.execute(params![now.0.to_be_bytes().to_vec()])?;
    // Where a sync has failed before, the kernel may call clean what the disk never got: written again it is there. A
    // reader in the way is no reason not to start.
    db.empty_log().map(drop)
}
