//! The table of the ledger: rows that are appended, read by place or kind, and walked to check their chain.

use anyhow::{Context, Result, ensure};
use domain::Timestamp;
use ledger::{Columns, Entry, Head, LedgerRow, ORDER_PLACED_VERSION, RowKind, StoredRow};
use libsql::{Row, Value};

use super::sqlite::{Db, Statement, bytes, row_values};

/// Appends rows to the chain. Only the writer holds one.
pub(crate) struct Ledger {
    insert: Statement,
    insert_placed: Statement,
    head: Head,
    source: i64,
}

impl Ledger {
    pub(crate) fn open(db: &Db, source: i64) -> Result<Self> {
        // libsql copies the text at each use, so it names no columns: the values are in the table's order.
        let insert = db.prepare("INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
        // libsql copies a bound text three times, so the statement itself holds what is the same in every purchase.
        let insert_placed = db.prepare(&format!(
            "INSERT INTO ledger VALUES (?, ?, ?, ?, '{}', {ORDER_PLACED_VERSION}, '', ?, ?)",
            RowKind::OrderPlaced
        ))?;
        Ok(Self { insert, insert_placed, head: head(db)?, source })
    }

    pub(crate) fn head(&self) -> Head {
        self.head
    }

    /// Appends a row and returns its `seq`.
    pub(crate) fn append(&mut self, at: Timestamp, entry: &Entry) -> Result<i64> {
        let columns = entry.columns()?;
        let head = self.head.advance(&self.head.next_row(at, self.source, &columns))?;
        let Head { seq, at, hash } = head;
        let Columns { drop_id, kind, version, operator, payload } = columns;
        let source = self.source;
        if (kind, version, operator.as_str()) == (RowKind::OrderPlaced, ORDER_PLACED_VERSION, "") {
            self.insert_placed.execute(row_values![seq, at.0, source, drop_id, payload, hash.to_vec()])?;
        } else {
            let values =
                row_values![seq, at.0, source, drop_id, kind.as_str(), version, operator, payload, hash.to_vec()];
            self.insert.execute(values)?;
        }
        self.head = head;
        Ok(seq)
    }
}

/// The head of the stored chain.
pub(crate) fn head(db: &Db) -> Result<Head> {
    let last = db.prepare("SELECT seq, at, hash FROM ledger ORDER BY seq DESC LIMIT 1")?;
    let head = last.first((), |row| Ok(Head { seq: row.get(0)?, at: Timestamp(row.get(1)?), hash: bytes(row, 2)? }))?;
    Ok(head.unwrap_or(Head::EMPTY))
}

const ROW_COLUMNS: &str = "seq, at, source, drop_id, kind, version, operator, payload, hash";

/// Rows after `after`, at most `max`.
pub(crate) fn read(db: &Db, after: i64, max: u32) -> Result<Vec<LedgerRow>> {
    let select = db.prepare(&format!("SELECT {ROW_COLUMNS} FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?"))?;
    select.rows((after, max), read_row)
}

fn read_row(row: &Row) -> Result<LedgerRow> {
    stored_row(row, |stored| Ok(LedgerRow { seq: stored.seq, at: stored.at, entry: stored.entry()? }))
}

/// Gives `read` the columns of a row that was selected by [`ROW_COLUMNS`].
fn stored_row<T>(row: &Row, read: impl FnOnce(&StoredRow<'_>) -> Result<T>) -> Result<T> {
    let (kind, operator, payload): (String, String, Vec<u8>) = (row.get(4)?, row.get(6)?, row.get(7)?);
    read(&StoredRow {
        seq: row.get(0)?,
        at: Timestamp(row.get(1)?),
        source: row.get(2)?,
        drop_id: row.get(3)?,
        kind: &kind,
        version: row.get(5)?,
        operator: &operator,
        payload: &payload,
    })
}

/// Rows after `after` up to `up_to` that are of one of these kinds. Rows of other kinds are not decoded.
pub(crate) fn read_kinds(db: &Db, after: i64, up_to: i64, kinds: &[RowKind]) -> Result<Vec<LedgerRow>> {
    let places = vec!["?"; kinds.len()].join(", ");
    let select = db.prepare(&format!(
        "SELECT {ROW_COLUMNS} FROM ledger WHERE seq > ? AND seq <= ? AND kind IN ({places}) ORDER BY seq"
    ))?;
    let bounds = [Value::from(after), Value::from(up_to)];
    let parameters: Vec<Value> =
        bounds.into_iter().chain(kinds.iter().map(|kind| Value::from(kind.as_str()))).collect();
    select.rows(parameters, read_row)
}

/// The `seq` of the first row that was written at `since` or later, or the `seq` after the last. Times ascend with
/// `seq`, and no `seq` is left out, so a binary search finds the row without an index.
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

/// Reads the whole chain, checks each row's place and hash against its stored bytes, and gives each row to `visit`.
pub(crate) fn walk(db: &Db, mut visit: impl FnMut(&LedgerRow, &Head) -> Result<()>) -> Result<Head> {
    let select = db.prepare(&format!("SELECT {ROW_COLUMNS} FROM ledger ORDER BY seq"))?;
    let mut head = Head::EMPTY;
    select.each((), |row| {
        stored_row(row, |stored| {
            head = head.advance(stored)?;
            let StoredRow { seq, at, kind, .. } = *stored;
            ensure!(
                head.hash == bytes(row, 8)?,
                "row {seq} ({kind}) was changed after it was written, or the one before it was"
            );
            let entry = stored.entry().with_context(|| format!("row {seq} cannot be read"))?;
            visit(&LedgerRow { seq, at, entry }, &head)
        })
    })?;
    Ok(head)
}
