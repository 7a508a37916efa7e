//! The append-only, hash-chained record of every event.

use anyhow::{Context, Result, ensure};
use domain::Timestamp;
use libsql::{Row, Value};
use sha2::{Digest, Sha256};

use super::entry::{Columns, Entry, ORDER_PLACED, ORDER_PLACED_VERSION};
use super::sqlite::{Db, Statement, bytes, row_values};

/// Where the chain stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub seq: i64,
    pub at: Timestamp,
    pub hash: [u8; 32],
}

impl Head {
    /// Before the first row.
    pub const EMPTY: Self = Self { seq: 0, at: Timestamp(0), hash: [0; 32] };
}

/// Appends rows to the chain. Only the writer holds one.
pub(crate) struct Ledger {
    insert: Statement,
    insert_placed: Statement,
    head: Head,
    source: i64,
}

impl Ledger {
    pub(crate) fn open(db: &Db, source: i64) -> Result<Self> {
        // In the table's order: libsql copies the text at each use.
        let insert = db.prepare("INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
        // What is the same in every purchase is in the statement: libsql copies a bound text three times.
        let insert_placed = db.prepare(&format!(
            "INSERT INTO ledger VALUES (?, ?, ?, ?, '{ORDER_PLACED}', {ORDER_PLACED_VERSION}, '', ?, ?)"
        ))?;
        Ok(Self { insert, insert_placed, head: head(db)?, source })
    }

    pub(crate) fn head(&self) -> Head {
        self.head
    }

    /// Returns the row's place.
    pub(crate) fn append(&mut self, at: Timestamp, entry: &Entry) -> Result<i64> {
        let columns = entry.columns()?;
        let seq = self.head.seq + 1;
        let hash = chain(&self.head.hash, seq, at, self.source, &columns);
        let Columns { drop_id, kind, version, operator, payload } = columns;
        let source = self.source;
        if (kind, version, operator.as_str()) == (ORDER_PLACED, ORDER_PLACED_VERSION, "") {
            self.insert_placed.execute(row_values![seq, at.0, source, drop_id, payload, hash.to_vec()])?;
        } else {
            let values = row_values![seq, at.0, source, drop_id, kind, version, operator, payload, hash.to_vec()];
            self.insert.execute(values)?;
        }
        self.head = Head { seq, at, hash };
        Ok(seq)
    }
}

/// The last row, as stored.
pub(crate) fn head(db: &Db) -> Result<Head> {
    let last = db.prepare("SELECT seq, at, hash FROM ledger ORDER BY seq DESC LIMIT 1")?;
    let head = last.first((), |row| Ok(Head { seq: row.get(0)?, at: Timestamp(row.get(1)?), hash: bytes(row, 2)? }))?;
    Ok(head.unwrap_or(Head::EMPTY))
}

/// A row read back.
#[derive(Clone, Debug)]
pub struct LedgerRow {
    pub seq: i64,
    pub at: Timestamp,
    pub entry: Entry,
}

const ROW_COLUMNS: &str = "seq, at, source, drop_id, kind, version, operator, payload, hash";

/// Rows after `after`, at most `max`.
pub(crate) fn read(db: &Db, after: i64, max: u32) -> Result<Vec<LedgerRow>> {
    let select = db.prepare(&format!("SELECT {ROW_COLUMNS} FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?"))?;
    select.rows((after, max), read_row)
}

fn read_row(row: &Row) -> Result<LedgerRow> {
    Ok(LedgerRow { seq: row.get(0)?, at: Timestamp(row.get(1)?), entry: decode(row)? })
}

/// Rows after `after` up to `up_to` that are of one of these kinds: the others are skipped without being decoded.
pub(crate) fn read_kinds(db: &Db, after: i64, up_to: i64, kinds: &[&str]) -> Result<Vec<LedgerRow>> {
    let places = vec!["?"; kinds.len()].join(", ");
    let select = db.prepare(&format!(
        "SELECT {ROW_COLUMNS} FROM ledger WHERE seq > ? AND seq <= ? AND kind IN ({places}) ORDER BY seq"
    ))?;
    let bounds = [Value::from(after), Value::from(up_to)];
    let parameters: Vec<Value> = bounds.into_iter().chain(kinds.iter().map(|kind| Value::from(*kind))).collect();
    select.rows(parameters, read_row)
}

/// The first row that was written at `since` or later, or the one after the last. Rows ascend with time and leave no
/// number out, so halving finds the place without an index.
pub(crate) fn first_since(db: &Db, since: Timestamp) -> Result<i64> {
    let at = db.prepare("SELECT at FROM ledger WHERE seq = ?")?;
    let (mut from, mut to) = (1, head(db)?.seq + 1);
    while from < to {
        let middle = from + (to - from) / 2;
        match at
            .first([middle], |row| Ok(Timestamp(row.get(0)?)))?
            .with_context(|| format!("row {middle} is missing"))?
        {
            at if at < since => from = middle + 1,
            _ => to = middle,
        }
    }
    Ok(from)
}

/// Walks the whole chain, checking each row's hash against its stored bytes and its place, and gives each to `visit`.
pub(crate) fn walk(db: &Db, mut visit: impl FnMut(&LedgerRow, &Head) -> Result<()>) -> Result<Head> {
    let select = db.prepare(&format!("SELECT {ROW_COLUMNS} FROM ledger ORDER BY seq"))?;
    let mut head = Head::EMPTY;
    select.each((), |row| {
        let (seq, at): (i64, i64) = (row.get(0)?, row.get(1)?);
        ensure!(seq == head.seq + 1, "row {} is missing", head.seq + 1);
        ensure!(at >= head.at.0, "row {seq} is older than the row before it");
        let kind: String = row.get(4)?;
        let hash = chain_stored(&head.hash, row, &kind)?;
        ensure!(
            hash == bytes(row, 8)?,
            "row {seq} ({kind}) was changed after it was written, or the one before it was"
        );
        head = Head { seq, at: Timestamp(at), hash };
        let entry = decode(row).with_context(|| format!("row {seq} cannot be read"))?;
        visit(&LedgerRow { seq, at: Timestamp(at), entry }, &head)
    })?;
    Ok(head)
}

fn decode(row: &Row) -> Result<Entry> {
    let kind: String = row.get(4)?;
    let payload: Vec<u8> = row.get(7)?;
    Entry::read(row.get(3)?, &kind, row.get(5)?, row.get(6)?, &payload)
}

fn chain(previous: &[u8; 32], seq: i64, at: Timestamp, source: i64, columns: &Columns) -> [u8; 32] {
    hash_columns(
        previous,
        &[
            &seq.to_be_bytes(),
            &at.0.to_be_bytes(),
            &source.to_be_bytes(),
            &columns.drop_id.to_be_bytes(),
            columns.kind.as_bytes(),
            &columns.version.to_be_bytes(),
            columns.operator.as_bytes(),
            &columns.payload,
        ],
    )
}

/// The hash of what is stored, read as bytes and never decoded and encoded again.
fn chain_stored(previous: &[u8; 32], row: &Row, kind: &str) -> Result<[u8; 32]> {
    let integer = |index| -> Result<[u8; 8]> { Ok(row.get::<i64>(index)?.to_be_bytes()) };
    let operator: String = row.get(6)?;
    let payload: Vec<u8> = row.get(7)?;
    Ok(hash_columns(
        previous,
        &[
            &integer(0)?,
            &integer(1)?,
            &integer(2)?,
            &integer(3)?,
            kind.as_bytes(),
            &integer(5)?,
            operator.as_bytes(),
            &payload,
        ],
    ))
}

/// Each column goes in behind its length, so that no two different rows can give the same bytes.
fn hash_columns(previous: &[u8; 32], columns: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new_with_prefix(previous);
    for column in columns {
        hasher.update((column.len() as u64).to_be_bytes());
        hasher.update(column);
    }
    hasher.finalize().into()
}
