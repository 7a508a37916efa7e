use anyhow::{Context, Result, ensure};
use domain::Timestamp;
use sha2::{Digest, Sha256};

use crate::entry::{Columns, Entry};
use crate::row_kind::RowKind;

/// The last row of a chain.
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
    /// The head of a chain without rows.
    pub const EMPTY: Self = Self { seq: 0, at: Timestamp(0), hash: [0; 32] };

    /// The row that follows this head.
    pub fn next_row<'a>(&self, at: Timestamp, source: i64, columns: &'a Columns) -> StoredRow<'a> {
        let Columns { drop_id, kind, version, operator, payload } = columns;
        StoredRow {
            seq: self.seq + 1,
            at,
            source,
            drop_id: *drop_id,
            kind: kind.as_str(),
            version: *version,
            operator,
            payload,
        }
    }

    /// The head after `row`, which must be the next one. The hash covers the bytes that are stored: they are not
    /// decoded and encoded again.
    pub fn advance(&self, row: &StoredRow<'_>) -> Result<Self> {
        ensure!(row.seq == self.seq + 1, "row {} is missing", self.seq + 1);
        ensure!(row.at >= self.at, "row {} is older than the row before it", row.seq);
        Ok(Self { seq: row.seq, at: row.at, hash: row.hash(&self.hash) })
    }
}

impl StoredRow<'_> {
    pub fn entry(&self) -> Result<Entry> {
        let kind = RowKind::parse(self.kind)
            .with_context(|| format!("a row is of kind {}, which this release does not know", self.kind))?;
        Entry::read(self.drop_id, kind, self.version, self.operator.to_owned(), self.payload)
    }

    /// Each column is hashed behind its length, so that no two different rows give the same bytes.
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

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: StoredRow<'static> = StoredRow {
        seq: 1,
        at: Timestamp(1_767_000_000_000),
        source: 5,
        drop_id: 7,
        kind: "drop_paused",
        version: 1,
        operator: "an",
        payload: br#"{"sale":"drop_paused"}"#,
    };

    /// The hashes were computed without this code. They never change, because chains on disk have them.
    #[test]
    fn the_hash_of_a_row_is_the_one_that_earlier_releases_wrote() {
        let first = Head::EMPTY.advance(&ROW).unwrap();
        assert_eq!(hex(&first.hash), "1f07b9f0a27cd96119b901ccd853463fb8cea59979af67ce651f7e17b7cf78d4");
        let second = first.advance(&StoredRow { seq: 2, operator: "", ..ROW }).unwrap();
        assert_eq!(hex(&second.hash), "9edefa620f9b7742ecae41b14703dbafc1683e7d327edde472cfa39426a41b96");
    }

    #[test]
    fn every_column_of_a_row_is_in_its_hash() {
        let changed = [
            StoredRow { at: Timestamp(ROW.at.0 + 1), ..ROW },
            StoredRow { source: 6, ..ROW },
            StoredRow { drop_id: 8, ..ROW },
            StoredRow { kind: "drop_killed", ..ROW },
            StoredRow { version: 2, ..ROW },
            StoredRow { operator: "", ..ROW },
            StoredRow { payload: b"{}", ..ROW },
            // The same bytes, cut elsewhere.
            StoredRow { operator: "a", payload: br#"n{"sale":"drop_paused"}"#, ..ROW },
        ];
        let hash = ROW.hash(&[0; 32]);
        for row in changed {
            assert_ne!(row.hash(&[0; 32]), hash, "{row:?}");
        }
        assert_ne!(StoredRow { seq: 2, ..ROW }.hash(&[0; 32]), hash);
        assert_ne!(ROW.hash(&[1; 32]), hash);
    }

    #[test]
    fn a_head_advances_to_the_next_row_only() {
        let refuses = |row: StoredRow<'_>, why: &str| {
            let error = Head { seq: 1, ..Head::EMPTY }.advance(&row).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        };
        refuses(ROW, "row 2 is missing");
        refuses(StoredRow { seq: 3, ..ROW }, "row 2 is missing");
        refuses(StoredRow { seq: 2, at: Timestamp(-1), ..ROW }, "older than the row before it");
    }

    #[test]
    fn a_row_of_an_unknown_kind_is_refused() {
        let error = StoredRow { kind: "drop_moved", ..ROW }.entry().unwrap_err().to_string();
        assert!(error.contains("kind drop_moved"), "{error}");
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
