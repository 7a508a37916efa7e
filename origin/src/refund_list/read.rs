use anyhow::{Context, Result, ensure};

use crate::statement::{DELIMITERS, Row, decode, folded, is_shortened, named_delimiter, rows, shown, unwrapped, vnd};

/// What a line says of one transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SentLine {
    /// In the file, counted from 1.
    pub(crate) number: u64,
    pub(crate) memo: String,
    /// Empty when the bank has not sent it.
    pub(crate) bank_reference: String,
    /// Where the file has the columns.
    pub(crate) account_number: Option<String>,
    pub(crate) amount: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReadLine {
    Sent(SentLine),
    Unreadable { number: u64, why: String },
}

struct Columns {
    memo: usize,
    bank_reference: usize,
    account_number: Option<usize>,
    amount: Option<usize>,
    width: usize,
}

/// Reads what a bank or a spreadsheet made of a list: with the columns `memo` and `bank_reference`, in any order and
/// with any others.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<ReadLine>> {
    let text = decode(bytes)?;
    let named = named_delimiter(&text);
    let mut missing = None;
    for delimiter in DELIMITERS.into_iter().filter(|delimiter| named.is_none_or(|named| named == *delimiter)) {
        let all = rows(&text, delimiter);
        let start = usize::from(named.is_some());
        let header = all.get(start).and_then(|row| row.cells.as_deref()).unwrap_or_default();
        match Columns::of(header) {
            Ok(columns) => return Ok(all.iter().skip(start + 1).map(|row| columns.read(row)).collect()),
            // The delimiter that finds more columns is the file's.
            Err(why) => missing = missing.filter(|_| header.len() < 2).or(Some(why)),
        }
    }
    Err(missing.context("the file names a delimiter that is none")?)
}

impl Columns {
    fn of(header: &[String]) -> Result<Self> {
        let place = |name: &str| -> Result<Option<usize>> {
            let mut places = header.iter().enumerate().filter(|(_, cell)| folded(cell) == folded(name));
            let first = places.next().map(|(index, _)| index);
            ensure!(places.next().is_none(), "there are two columns {name}");
            Ok(first)
        };
        let needed = |name: &str| place(name)?.with_context(|| format!("there is no column {name}"));
        Ok(Self {
            memo: needed("memo")?,
            bank_reference: needed("bank_reference")?,
            account_number: place("account_number")?,
            amount: place("amount")?,
            width: header.len(),
        })
    }

    fn read(&self, row: &Row) -> ReadLine {
        let number = row.line;
        match self.sent(row) {
            Ok(line) => ReadLine::Sent(line),
            Err(error) => ReadLine::Unreadable { number, why: format!("{error:#}") },
        }
    }

    fn sent(&self, row: &Row) -> Result<SentLine> {
        let cells = row.cells.as_ref().context("a quotation mark is not closed")?;
        let filled = cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |last| last + 1);
        ensure!(filled <= self.width, "it has {filled} cells and the header {}", self.width);
        let cell = |index: usize| cells.get(index).map(|cell| unwrapped(cell)).unwrap_or_default();
        let whole = |index: usize| {
            let text = cell(index);
            ensure!(!is_shortened(text), "a spreadsheet has shortened {:?}", shown(text));
            Ok(text.to_owned())
        };
        let amount = |index: usize| {
            let text = cell(index);
            let amount = vnd(text).map_err(|error| anyhow::anyhow!("{:?}: {error}", shown(text)))?;
            amount.context("its amount is missing")
        };
        Ok(SentLine {
            number: row.line,
            memo: shown(cell(self.memo)).to_uppercase(),
            bank_reference: whole(self.bank_reference)?,
            account_number: self.account_number.map(whole).transpose()?,
            amount: self.amount.map(amount).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_a_spreadsheet_has_damaged_is_named() {
        let file = "memo,amount,account_number,bank_reference\nRF1,5,0012,FT1\nRF2,5,9.70423E+18,FT2\n\
                    RF3,5,0012,1.23E+12\nRF4,1234.567,0012,FT4\nRF5,,0012,FT5\nRF6,5,0012,FT6,x\nRF7,\"5,0012,FT7\n\
                    rf8,\"450,000\",'0012,\n";
        let lines = read(file.as_bytes()).unwrap();
        let why: Vec<(u64, &str)> = lines
            .iter()
            .filter_map(|line| match line {
                ReadLine::Unreadable { number, why } => Some((*number, why.as_str())),
                ReadLine::Sent(_) => None,
            })
            .collect();
        for ((number, said), (expected, words)) in why.iter().zip([
            (3, "a spreadsheet has shortened \"9.70423E+18\""),
            (4, "a spreadsheet has shortened \"1.23E+12\""),
            (5, "\"1234.567\": this could be two amounts"),
            (6, "its amount is missing"),
            (7, "it has 5 cells and the header 4"),
            (8, "a quotation mark is not closed"),
        ]) {
            assert!(*number == expected && said.contains(words), "{number}: {said}");
        }
        assert_eq!((why.len(), lines.len()), (6, 8));
        let last = SentLine {
            number: 9,
            memo: "RF8".into(),
            bank_reference: String::new(),
            account_number: Some("0012".into()),
            amount: Some(450_000),
        };
        assert_eq!(lines[7], ReadLine::Sent(last));
    }

    #[test]
    fn a_file_without_its_columns_says_which() {
        for (file, why) in [
            ("", "there is no column memo"),
            ("memo,amount\nRF1,1\n", "there is no column bank_reference"),
            ("memo;amount\nRF1;1\n", "there is no column bank_reference"),
            ("memo,memo,bank_reference\n", "there are two columns memo"),
        ] {
            assert!(format!("{:#}", read(file.as_bytes()).unwrap_err()).contains(why), "{file}");
        }
    }
}
