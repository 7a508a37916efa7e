use anyhow::{Result, ensure};
use domain::Timestamp;
use sha2::{Digest, Sha256};

use crate::entry::{Columns, Entry};

/// The last row of a chain, or of a part of it that begins with its first row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub seq: i64,
    pub at: Timestamp,
    pub hash: [u8; 32],
}

/// A row that was read back.
#[derive(Clone, Debug)]
pub struct LedgerRow {
    pub seq: i64,
    pub at: Timestamp,
    pub entry: Entry,
}

/// The columns of a row as its table stores them, except its hash.
#[derive(Clone, Copy, Debug)]
pub struct StoredRow<'a> {
    pub seq: i64,
    pub at: Timestamp,
    /// The start of the writer that appended the row.
    pub source: i64,
    pub drop_id: i64,
    pub kind: &'a str,
    pub version: i64,
    pub operator: &'a str,
    pub payload: &'a [u8],
}

impl Head {
    /// Before the first row.
    pub const EMPTY: Self = Self { seq: 0, at: Timestamp(0), hash: [0; 32] };

    /// The row that follows this head.
    pub fn next_row<'a>(&self, at: Timestamp, source: i64, columns: &'a Columns) -> StoredRow<'a> {
        let Columns { drop_id, kind, version, operator, payload } = columns;
        StoredRow { seq: self.seq + 1, at, source, drop_id: *drop_id, kind, version: *version, operator, payload }
    }

    /// The head after `row`, which must be the next one. The hash covers the bytes that are stored: they are not decoded
    /// and encoded again.
    pub fn advance(&self, row: &StoredRow<'_>) -> Result<Self> {
        ensure!(row.seq == self.seq + 1, "row {} is missing", self.seq + 1);
        ensure!(row.at >= self.at, "row {} is older than the row before it", row.seq);
        Ok(Self { seq: row.seq, at: row.at, hash: row.hash(&self.hash) })
    }
}

impl StoredRow<'_> {
    pub fn entry(&self) -> Result<Entry> {
        Entry::read(self.drop_id, self.kind, self.version, self.operator.to_owned(), self.payload)
    }

    /// Each column goes in behind its length, so that no two different rows can give the same bytes.
    fn hash(&self, previous: &[u8; 32]) -> [u8; 32] {
        let mut hasher = Sha256::new_with_prefix(previous);
        let columns: [&[u8]; 8] = [
            &self.seq.to_be_bytes(),
            &self.at.0.to_be_bytes(),
            &self.source.to_be_bytes(),
            &self.drop_id.to_be_bytes(),
            self.kind.as_bytes(),
            &self.version.to_be_bytes(),
            self.operator.as_bytes(),
            self.payload,
        ];
        for column in columns {
            hasher.update((column.len() as u64).to_be_bytes());
            hasher.update(column);
        }
        hasher.finalize().into()
    }
}
