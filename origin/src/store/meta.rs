//! Facts of the database as a whole: the origin it belongs to, its secret, the time of the last start, the sale's clock.

use anyhow::{Context, Result, bail};
use domain::Timestamp;
use libsql::params;

use super::sqlite::{self, Db, Statement};
use crate::clock::BootId;

/// The sale's clock, for a start that goes on with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredClock {
    /// The boot whose monotonic clock is meant; `None` where the kernel does not name its boots.
    pub boot: Option<BootId>,
    pub ahead_of_monotonic_us: i64,
    /// The sale waited for a better wall clock.
    pub waiting: bool,
    /// The kernel has called the clock synchronised at some start.
    pub synchronised: bool,
}

impl StoredClock {
    pub(super) const BYTES: usize = 25;

    fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..16].copy_from_slice(&self.boot.unwrap_or_default());
        bytes[16..24].copy_from_slice(&self.ahead_of_monotonic_us.to_be_bytes());
        bytes[24] = u8::from(self.synchronised) | u8::from(self.waiting) << 1;
        bytes
    }

    fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        let (mut boot, mut ahead) = ([0; 16], [0; 8]);
        boot.copy_from_slice(&bytes[..16]);
        ahead.copy_from_slice(&bytes[16..24]);
        Self {
            boot: Some(boot).filter(|boot| *boot != [0; 16]),
            ahead_of_monotonic_us: i64::from_be_bytes(ahead),
            waiting: bytes[24] & 2 != 0,
            synchronised: bytes[24] & 1 != 0,
        }
    }
}

/// Reads and writes the sale's clock.
pub(super) struct ClockRow {
    stored: Option<StoredClock>,
    put: Statement,
}

impl ClockRow {
    pub(super) fn open(db: &Db) -> Result<Self> {
        let select = db.prepare("SELECT value FROM meta WHERE key = 'clock'")?;
        let stored = select.first((), |row| sqlite::bytes(row, 0))?.map(StoredClock::from_bytes);
        Ok(Self { stored, put: db.prepare("INSERT OR REPLACE INTO meta VALUES ('clock', ?)")? })
    }

    pub(super) fn stored(&self) -> Option<StoredClock> {
        self.stored
    }

    pub(super) fn put(&mut self, clock: StoredClock) -> Result<()> {
        self.put.execute(params![clock.to_bytes().to_vec()])?;
        self.stored = Some(clock);
        Ok(())
    }

    pub(super) fn step(&mut self, step_ms: i64) -> Result<()> {
        let stored = self.stored.context("no clock was stored at the start")?;
        let ahead_of_monotonic_us = stored.ahead_of_monotonic_us + step_ms * 1_000;
        self.put(StoredClock { ahead_of_monotonic_us, waiting: false, ..stored })
    }
}

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
