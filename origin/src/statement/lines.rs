//! What each line of a statement says: money that came in, or why it is none.

use std::fmt;

use time::Date;

use super::amount::{AmountError, is_shortened, vnd};
use super::columns::{Header, Layout, Money, folded};
use super::date::{day, day_within};
use super::table::Row;
use domain::reference_key;

/// One incoming transfer of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// In which of the run's files.
    pub(crate) file: usize,
    /// In the file, counted from 1.
    pub(crate) number: u64,
    /// As the bank spells it.
    pub(crate) reference: String,
    pub(crate) amount: i64,
    pub(crate) day: Option<Date>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Incoming(Line),
    /// Its reference is empty.
    WithoutReference(Line),
    Skipped {
        number: u64,
        reference: String,
        why: Skipped,
    },
    /// A total with what the lines above add up to, if they could all be read.
    Total {
        number: u64,
        amount: i64,
        sum: Option<i64>,
    },
    Unreadable {
        number: u64,
        why: String,
    },
}

/// Why a line is no incoming transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Skipped {
    NoMoney,
    Outgoing(i64),
    Balance,
    TotalOfNothing,
    HeaderAgain,
    NoTransfer,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMoney => f.write_str("no money"),
            Self::Outgoing(amount) => write!(f, "outgoing {amount} VND"),
            Self::Balance => f.write_str("a balance"),
            Self::TotalOfNothing => f.write_str("a total of other columns"),
            Self::HeaderAgain => f.write_str("the header again"),
            Self::NoTransfer => f.write_str("no transfer"),
        }
    }
}

/// The labels of lines that sum up, without marks. "Tổng" also begins the names of companies, so only whole labels count.
const TOTALS: [&str; 24] = [
    "tong",
    "tong cong",
    "tong so",
    "tong tien",
    "tong so tien",
    "cong",
    "cong phat sinh",
    "tong phat sinh",
    "cong ps",
    "tong ps",
    "tong ghi co",
    "tong ghi no",
    "tong phat sinh co",
    "tong phat sinh no",
    "total",
    "totals",
    "grand total",
    "sub total",
    "subtotal",
    "sum",
    "total amount",
    "total credit",
    "total debit",
    "tong cong total",
];
const BALANCES: [&str; 10] = [
    "so du",
    "so du dau ky",
    "so du cuoi ky",
    "so du dau",
    "so du cuoi",
    "balance",
    "opening balance",
    "closing balance",
    "beginning balance",
    "ending balance",
];

/// Every line below the header.
pub(crate) fn read(file: usize, rows: &[Row], header: &Header) -> Vec<Reading> {
    let mut readings = Vec::new();
    let mut sums = Sums::default();
    for row in rows.iter().skip(header.rows) {
        let reading = match &row.cells {
            None => Reading::Unreadable { number: row.line, why: "a quotation mark is not closed".into() },
            Some(cells) => Cells { cells, layout: &header.layout }.read(file, row.line, header, &sums),
        };
        sums.add(&reading);
        readings.push(reading);
    }
    readings
}

/// What the lines so far add up to, in the ways that statements add.
#[derive(Default)]
struct Sums {
    is_incomplete: bool,
    incoming: i64,
    net: i64,
    incoming_since_total: i64,
    net_since_total: i64,
}

impl Sums {
    fn add(&mut self, reading: &Reading) {
        let (incoming, net) = match reading {
            Reading::Incoming(line) | Reading::WithoutReference(line) => (line.amount, line.amount),
            Reading::Skipped { why: Skipped::Outgoing(amount), .. } => (0, -amount),
            Reading::Skipped { .. } => (0, 0),
            Reading::Total { .. } => {
                (self.incoming_since_total, self.net_since_total) = (0, 0);
                (0, 0)
            }
            Reading::Unreadable { .. } => {
                self.is_incomplete = true;
                (0, 0)
            }
        };
        for (sum, amount) in [
            (&mut self.incoming, incoming),
            (&mut self.incoming_since_total, incoming),
            (&mut self.net, net),
            (&mut self.net_since_total, net),
        ] {
            *sum = sum.saturating_add(amount);
        }
    }

    /// The sum that a total names, or the one of all incoming lines.
    fn nearest(&self, total: i64) -> Option<i64> {
        let sums = [self.incoming, self.net, self.incoming_since_total, self.net_since_total];
        (!self.is_incomplete).then(|| sums.into_iter().find(|sum| *sum == total).unwrap_or(self.incoming))
    }
}

struct Cells<'a> {
    cells: &'a [String],
    layout: &'a Layout,
}

/// What the cells of money say: nothing, or what came in and is negative when it went out.
type Amount = Result<Option<i64>, String>;

impl Cells<'_> {
    fn read(&self, file: usize, number: u64, header: &Header, sums: &Sums) -> Reading {
        let reference = self.cell(Some(self.layout.reference));
        let day_cell = self.cell(self.layout.date);
        let amount = self.amount();
        let skipped = |why: Skipped| Reading::Skipped { number, reference: shown(&reference), why };
        if let Some(why) = self.label(&reference, &day_cell) {
            return match (why, amount) {
                (Skipped::Balance, _) => skipped(Skipped::Balance),
                (_, Ok(Some(amount))) => Reading::Total { number, amount, sum: sums.nearest(amount) },
                (_, Ok(None)) => skipped(Skipped::TotalOfNothing),
                (_, Err(why)) => Reading::Unreadable { number, why },
            };
        }
        if self.is_header(header) {
            return skipped(Skipped::HeaderAgain);
        }
        let unreadable = |why: String| Reading::Unreadable { number, why };
        if self.is_text(&reference, &day_cell) {
            return skipped(Skipped::NoTransfer);
        }
        if let Some(why) = self.misfit() {
            return unreadable(why);
        }
        let amount = match amount {
            Ok(Some(amount)) if amount > 0 => amount,
            Ok(Some(0) | None) => return skipped(Skipped::NoMoney),
            Ok(Some(amount)) => return skipped(Skipped::Outgoing(amount.saturating_neg())),
            Err(why) => return unreadable(why),
        };
        let Ok(day) = day_of_line(&day_cell, &reference) else {
            return unreadable(format!("{:?} is not a day like 01/12/2026 or 2026-12-01", shown(&day_cell)));
        };
        if is_shortened(&reference) {
            return unreadable(format!("{:?}: {}", shown(&reference), AmountError::Shortened));
        }
        if reference.contains('\u{fffd}') {
            return unreadable(format!("the reference {:?} has damaged letters", shown(&reference)));
        }
        let line = Line { file, number, reference: shown(&reference), amount, day };
        if reference_key(&reference).is_empty() { Reading::WithoutReference(line) } else { Reading::Incoming(line) }
    }

    /// A cell that is not there is empty.
    fn cell(&self, index: Option<usize>) -> String {
        index.and_then(|index| self.cells.get(index)).map(|cell| unwrapped(cell).to_owned()).unwrap_or_default()
    }

    fn amount(&self) -> Amount {
        let number = |index: usize| {
            let text = self.cell(Some(index));
            vnd(&text).map_err(|error| format!("{:?}: {error}", shown(&text)))
        };
        match self.layout.money {
            Money::Signed { amount } => number(amount),
            Money::Directed { amount, direction } => {
                let Some(amount) = number(amount)?.filter(|amount| *amount != 0) else {
                    return Ok(None);
                };
                let word = self.cell(Some(direction));
                match is_incoming(&word) {
                    Some(true) => Ok(Some(amount)),
                    Some(false) => Ok(Some(-amount.abs())),
                    None => Err(format!("{:?} does not say whether {amount} came in or went out", shown(&word))),
                }
            }
            Money::Split { credit, debit } => {
                let (credit, debit) = (number(credit)?, debit.map_or(Ok(None), number)?);
                match (credit.unwrap_or(0), debit.unwrap_or(0)) {
                    (0, 0) => Ok(credit.or(debit)),
                    (credit, 0) => Ok(Some(credit)),
                    (0, debit) => Ok(Some(-debit.abs())),
                    (credit, debit) => Err(format!("{credit} came in and {debit} went out on one line")),
                }
            }
        }
    }

    fn money_cells(&self) -> impl Iterator<Item = usize> {
        let (first, second) = match self.layout.money {
            Money::Signed { amount } => (amount, None),
            Money::Directed { amount, direction } => (amount, Some(direction)),
            Money::Split { credit, debit } => (credit, debit),
        };
        std::iter::once(first).chain(second)
    }

    /// Whether the line sums up others: it has a label, and no day and no reference of its own.
    fn label(&self, reference: &str, day: &str) -> Option<Skipped> {
        let label_of = |text: &str| {
            let is = |labels: &[&str], text: &str| labels.contains(&folded(text).as_str());
            let whole_or_part = |labels: &[&str]| is(labels, text) || text.split('/').all(|part| is(labels, part));
            if whole_or_part(&TOTALS) {
                Some(Skipped::TotalOfNothing)
            } else {
                whole_or_part(&BALANCES).then_some(Skipped::Balance)
            }
        };
        let is_free = |text: &str| text.is_empty() || label_of(text).is_some();
        if !is_free(reference) || !is_free(day) {
            return None;
        }
        let money: Vec<usize> = self.money_cells().collect();
        let others = self.cells.iter().enumerate().filter(|(index, _)| !money.contains(index));
        others.filter(|(_, cell)| !cell.trim().is_empty()).find_map(|(_, cell)| label_of(unwrapped(cell)))
    }

    fn is_header(&self, header: &Header) -> bool {
        let is_name = |index: usize| {
            let cell = folded(&self.cell(Some(index)));
            !cell.is_empty() && header.names.get(index).is_some_and(|name| folded(name).contains(&cell))
        };
        is_name(self.layout.reference) && self.money_cells().all(is_name)
    }

    /// Words around a table: no reference, no day, and no number where the money would be.
    fn is_text(&self, reference: &str, day_cell: &str) -> bool {
        let has_digit = |text: &str| text.contains(|letter: char| letter.is_ascii_digit());
        let no_number = self.money_cells().all(|index| !has_digit(&self.cell(Some(index))));
        let no_transfer = reference.is_empty() && day(day_cell).is_none();
        let filled = self.cells.iter().filter(|cell| !cell.trim().is_empty()).count();
        let sentence = filled == 1 && self.cells.iter().any(|cell| cell.split_whitespace().count() >= 3);
        let ends_early = self.money_cells().all(|index| index >= self.cells.len());
        no_number && (no_transfer || sentence && (ends_early || !has_digit(reference)))
    }

    /// A line with other cells than the header's has a comma that separates nothing, or was cut off.
    fn misfit(&self) -> Option<String> {
        let filled = self.cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |last| last + 1);
        let Layout { width, .. } = self.layout;
        let ends_early = self.money_cells().all(|index| index >= self.cells.len());
        (filled > *width || ends_early)
            .then(|| format!("it has {} cells and the header {width}", filled.max(self.cells.len())))
    }
}

/// The line's day, if it says one at all.
fn day_of_line(day_cell: &str, reference: &str) -> Result<Option<Date>, ()> {
    if day_cell.is_empty() {
        return Ok(day_within(reference));
    }
    day(day_cell).or_else(|| day_within(day_cell)).map(Some).ok_or(())
}

fn is_incoming(word: &str) -> Option<bool> {
    Some(match folded(word).as_str() {
        "c" | "cr" | "credit" | "co" | "ghi co" | "in" | "vao" | "tien vao" => true,
        "d" | "dr" | "db" | "debit" | "no" | "ghi no" | "out" | "ra" | "tien ra" => false,
        _ => match word {
            "+" => true,
            "-" => false,
            _ => return None,
        },
    })
}

/// The text of a cell that a program has kept a spreadsheet from reading as a number: `="0123"`, `'0123`.
pub(crate) fn unwrapped(cell: &str) -> &str {
    let cell = cell.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
    match cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        Some(inside) => inside.trim(),
        None => cell.strip_prefix('\'').unwrap_or(cell),
    }
}

/// On one line, and without what a terminal would obey.
pub(crate) fn shown(text: &str) -> String {
    let plain: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let is_unseen = |letter: &char| matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let plain: String = plain.chars().filter(|letter| !is_unseen(letter)).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
