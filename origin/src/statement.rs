//! A bank's or PayOS's export compared with the ledger, transfer by transfer.

use std::collections::BTreeMap;
use std::io::Read;

use anyhow::{Context, Result, bail};
use domain::{OrderCode, Timestamp};

/// One incoming transfer of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// In the file, counted from 1 with its header.
    pub(crate) number: u64,
    pub(crate) reference: String,
    pub(crate) amount: i64,
}

/// One transfer the ledger knows, whatever became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownTransfer {
    pub order: OrderCode,
    pub reference: String,
    pub amount: i64,
    pub paid_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    /// Money that arrived and that the ledger does not know: `dropgate payment record` enters it.
    NotInLedger(Line),
    AmountDiffers {
        line: Line,
        ledger: KnownTransfer,
    },
    /// Money the ledger counts and the file does not show.
    NotInFile(KnownTransfer),
    /// The same reference more than once in the file.
    TwiceInFile(Line),
}

impl Difference {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::NotInLedger(_) => "not in the ledger",
            Self::AmountDiffers { .. } => "amount differs",
            Self::NotInFile(_) => "not in the file",
            Self::TwiceInFile(_) => "twice in the file",
        }
    }
}

/// Reads the incoming transfers of a CSV file with a header line. Outgoing ones, negative or empty, are left out.
pub(crate) fn read(file: impl Read, reference_column: &str, amount_column: &str) -> Result<Vec<Line>> {
    let mut csv = csv::Reader::from_reader(file);
    let headers = csv.headers().context("the file has no header line")?.clone();
    let column = |name: &str| {
        headers.iter().position(|header| header.trim().eq_ignore_ascii_case(name)).with_context(|| {
            format!("there is no column {name:?}; the file has {}", headers.iter().collect::<Vec<_>>().join(", "))
        })
    };
    let (reference, amount) = (column(reference_column)?, column(amount_column)?);
    let mut lines = Vec::new();
    for (index, record) in csv.records().enumerate() {
        let number = index as u64 + 2;
        let record = record.with_context(|| format!("line {number} cannot be read"))?;
        let text = record.get(amount).unwrap_or_default();
        let amount = vnd(text).with_context(|| format!("line {number}: {text:?} is not an amount in whole đồng"))?;
        let reference = record.get(reference).unwrap_or_default().trim().to_owned();
        if amount <= 0 {
            continue;
        }
        if reference.is_empty() {
            bail!("line {number}: an incoming transfer has no reference");
        }
        lines.push(Line { number, reference, amount });
    }
    Ok(lines)
}

/// Whole đồng as banks print them: with or without separators between thousands, a sign, a currency.
fn vnd(text: &str) -> Option<i64> {
    let text = text.trim().trim_end_matches("VND").trim_end_matches(['đ', '₫']).trim();
    if text.is_empty() {
        return Some(0);
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let groups: Vec<&str> = digits.split(['.', ',', ' ']).collect();
    let grouped = groups.len() == 1 || groups.iter().skip(1).all(|group| group.len() == 3);
    let plain: String = groups.concat();
    let is_number = grouped && !plain.is_empty() && plain.bytes().all(|byte| byte.is_ascii_digit());
    plain.parse::<i64>().ok().filter(|_| is_number).map(|amount| sign * amount)
}

/// What either side has and the other has not, in the file's order and then the ledger's.
pub(crate) fn compare(lines: &[Line], known: &[KnownTransfer]) -> Vec<Difference> {
    let mut by_reference: BTreeMap<&str, &KnownTransfer> = BTreeMap::new();
    for transfer in known {
        // Money that moved to another order is in the ledger twice, and is one transfer.
        by_reference.entry(&transfer.reference).or_insert(transfer);
    }
    let mut seen: BTreeMap<&str, ()> = BTreeMap::new();
    let mut differences = Vec::new();
    for line in lines {
        if seen.insert(&line.reference, ()).is_some() {
            differences.push(Difference::TwiceInFile(line.clone()));
            continue;
        }
        match by_reference.get(line.reference.as_str()) {
            None => differences.push(Difference::NotInLedger(line.clone())),
            Some(ledger) if ledger.amount != line.amount => {
                differences.push(Difference::AmountDiffers { line: line.clone(), ledger: (*ledger).clone() });
            }
            Some(_) => {}
        }
    }
    let missing = by_reference.iter().filter(|(reference, _)| !seen.contains_key(**reference));
    differences.extend(missing.map(|(_, transfer)| Difference::NotInFile((*transfer).clone())));
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: u64, reference: &str, amount: i64) -> Line {
        Line { number, reference: reference.into(), amount }
    }

    fn known(reference: &str, amount: i64) -> KnownTransfer {
        KnownTransfer { order: OrderCode(1), reference: reference.into(), amount, paid_at: Timestamp(0) }
    }

    #[test]
    fn amounts_are_read_as_banks_print_them() {
        for (text, amount) in [
            ("1250000", 1_250_000),
            ("1.250.000", 1_250_000),
            ("1,250,000 VND", 1_250_000),
            ("+250.000đ", 250_000),
            ("-5000", -5_000),
            ("", 0),
        ] {
            assert_eq!(vnd(text), Some(amount), "{text}");
        }
        for text in ["1.5", "12,34", "abc", "1e6", "1..000", "--5", "9223372036854775808"] {
            assert_eq!(vnd(text), None, "{text}");
        }
    }

    #[test]
    fn a_file_is_read_by_its_columns_and_outgoing_transfers_are_left_out() {
        let file = "Date,Reference,Amount\n1/1, FT1 ,60\n1/1,FT2,-60\n1/1,,\n1/1,FT3,\"1.000\"\n";
        let lines = read(file.as_bytes(), "reference", "amount").unwrap();
        assert_eq!(lines, [line(2, "FT1", 60), line(5, "FT3", 1000)]);
    }

    #[test]
    fn a_file_that_cannot_be_read_says_where() {
        let fails = |file: &str| format!("{:#}", read(file.as_bytes(), "reference", "amount").unwrap_err());
        assert!(fails("a,b\n1,2\n").contains("no column \"reference\"; the file has a, b"));
        assert!(fails("reference,amount\nFT1,sixty\n").contains("line 2: \"sixty\""));
        assert!(fails("reference,amount\nFT1,1\n,5\n").contains("line 3: an incoming transfer has no reference"));
        assert!(fails("reference,amount\nFT1\n").contains("line 2"));
    }

    #[test]
    fn every_kind_of_difference_is_found_and_equal_transfers_are_not() {
        let lines = [line(2, "A", 60), line(3, "B", 50), line(4, "C", 40), line(5, "A", 60)];
        let ledger = [known("A", 60), known("C", 41), known("D", 30), known("A", 60)];
        assert_eq!(
            compare(&lines, &ledger),
            [
                Difference::NotInLedger(line(3, "B", 50)),
                Difference::AmountDiffers { line: line(4, "C", 40), ledger: known("C", 41) },
                Difference::TwiceInFile(line(5, "A", 60)),
                Difference::NotInFile(known("D", 30)),
            ]
        );
        assert_eq!(compare(&lines[..1], &ledger[..1]), []);
    }
}
