//! Signed webhooks that report no money which could be recorded, byte for byte.

use anyhow::{Context, Result, ensure};
use domain::Timestamp;
use engine::KeptWebhook;
use sha2::{Digest, Sha256};

use super::sqlite::{Db, Statement, bytes};

/// One of them, as it is listed.
pub struct StoredWebhook {
    /// The ledger row that names it.
    pub seq: i64,
    pub received_at: Timestamp,
    pub body: Vec<u8>,
}

pub(crate) struct WebhookWriter {
    insert: Statement,
    count: Statement,
    known: Statement,
}

impl WebhookWriter {
    pub(crate) fn prepare(db: &Db) -> Result<Self> {
        Ok(Self {
            insert: db.prepare("INSERT INTO unreadable_webhooks (seq, digest, body) VALUES (?, ?, ?)")?,
            count: db.prepare("SELECT count(*) FROM unreadable_webhooks")?,
            known: db.prepare("SELECT 1 FROM unreadable_webhooks WHERE digest = ?")?,
        })
    }

    pub(crate) fn insert(&self, webhook: &KeptWebhook) -> Result<()> {
        self.insert.execute((webhook.seq, digest(&webhook.body).to_vec(), webhook.body.clone()))?;
        Ok(())
    }

    /// How many there are, and whether one of them has this digest.
    pub(crate) fn kept(&self, digest: [u8; 32]) -> Result<(usize, bool)> {
        let count: i64 = self.count.first((), |row| Ok(row.get(0)?))?.context("a count gave no row")?;
        let known = self.known.first([digest.to_vec()], |_| Ok(()))?;
        Ok((usize::try_from(count)?, known.is_some()))
    }
}

/// All of them, oldest first.
pub(crate) fn all(db: &Db) -> Result<Vec<StoredWebhook>> {
    let select = db.prepare("SELECT seq, at, body FROM unreadable_webhooks JOIN ledger USING (seq) ORDER BY seq")?;
    select
        .rows((), |row| Ok(StoredWebhook { seq: row.get(0)?, received_at: Timestamp(row.get(1)?), body: row.get(2)? }))
}

/// Checks that exactly those are kept which the ledger names, each with its own bytes.
pub(crate) fn compare(db: &Db, named: &[(i64, [u8; 32])]) -> Result<()> {
    let select = db.prepare("SELECT seq, digest, body FROM unreadable_webhooks ORDER BY seq")?;
    let kept = select.rows((), |row| {
        let (seq, stored): (i64, [u8; 32]) = (row.get(0)?, bytes(row, 1)?);
        let body: Vec<u8> = row.get(2)?;
        ensure!(digest(&body) == stored, "unreadable_webhooks: the bytes of row {seq} were changed");
        Ok((seq, stored))
    });
    let kept = kept.context("unreadable_webhooks cannot be read")?;
    ensure!(kept == named, "unreadable_webhooks holds others than the ledger names");
    Ok(())
}

fn digest(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}
