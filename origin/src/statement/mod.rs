//! A bank's or PayOS's export, and what it and the ledger have that the other has not. Pure: bytes in, findings out.
//!
//! Nothing is guessed silently: each line is an incoming transfer, skipped with a reason, or unreadable, with its number
//! in the file.

mod amount;
mod columns;
mod compare;
mod date;
mod encoding;
mod lines;
mod table;
#[cfg(test)]
mod tests;

use anyhow::{Result, anyhow, bail};

pub(crate) use amount::{is_shortened, vnd};
pub(crate) use columns::{Chosen, Column, folded};
pub(crate) use compare::{Comparison, Difference, KnownTransfer, Period, compare};
pub(crate) use date::day_of;
pub(crate) use encoding::decode;
pub(crate) use lines::{Line, Reading, shown, unwrapped};
pub(crate) use table::{DELIMITERS, Row, named_delimiter, rows};

use columns::{Header, NoHeader};

/// A bank's export of a year of a busy shop is a tenth of this.
pub(crate) const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// One file, read.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) header_line: u64,
    /// Which columns are read.
    pub(crate) columns: String,
    pub(crate) readings: Vec<Reading>,
}

/// `file` is its place among the run's files.
pub(crate) fn read(file: usize, bytes: &[u8], chosen: &Chosen) -> Result<Statement> {
    let text = decode(bytes)?;
    let (rows, header) = table_of(&text, |rows| columns::find(rows, chosen))?;
    Ok(Statement { header_line: header.line, columns: header.described(), readings: lines::read(file, &rows, &header) })
}

/// The delimiter is the one with which the file has a header.
fn table_of(text: &str, find: impl Fn(&[Row]) -> Result<Header, NoHeader>) -> Result<(Vec<Row>, Header)> {
    let named = named_delimiter(text);
    let delimiters = DELIMITERS.into_iter().filter(|delimiter| named.is_none_or(|named| named == *delimiter));
    let mut refused = Vec::new();
    for delimiter in delimiters {
        let rows = rows(text, delimiter);
        match find(&rows) {
            Ok(header) => return Ok((rows, header)),
            Err(why) => refused.push((why, rows)),
        }
    }
    let widest = |rows: &[Row]| rows.iter().filter_map(|row| row.cells.as_ref()).map(Vec::len).max().unwrap_or(0);
    let (why, rows) = refused
        .into_iter()
        .max_by_key(|(why, rows)| (matches!(why, NoHeader::Twice(_)), widest(rows)))
        .ok_or_else(|| anyhow!("the file names a delimiter that is none"))?;
    if rows.is_empty() {
        bail!("the file is empty");
    }
    let width = widest(&rows);
    let cells = rows.iter().filter_map(|row| row.cells.as_ref()).find(|cells| cells.len() == width);
    let names: Vec<String> = cells.into_iter().flatten().map(|cell| shown(cell)).collect();
    bail!("{why}; the file has {}: name them with --columns reference=…,amount=…", names.join(", "))
}
