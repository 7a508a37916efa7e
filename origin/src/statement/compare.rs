//! The lines of a run's files against the transfers of the ledger, one to one.

use std::collections::{BTreeMap, BTreeSet};

use domain::{OrderCode, TRANSFER_DAYS_APART_MAX, Timestamp, reference_key};
use time::Date;

use super::date::day_of;
use super::lines::Line;

/// One transfer that the ledger counts, whatever became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownTransfer {
    pub order: OrderCode,
    /// Empty when the bank gave none.
    pub reference: String,
    pub amount: i64,
    /// When it was made; when it was recorded, if its own time could not be read.
    pub at: Timestamp,
    pub has_own_time: bool,
    /// That received it, where it is known.
    pub account: Option<String>,
}

/// What of the ledger is compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Period {
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    /// Money that arrived and that the ledger does not know: `dropgate payment record` enters it.
    NotInLedger {
        line: Line,
        same_reference: Option<KnownTransfer>,
    },
    AmountDiffers {
        line: Line,
        ledger: KnownTransfer,
    },
    /// Money that arrived and that nothing names.
    WithoutReference(Line),
    /// Money the ledger counts and no file shows.
    NotInFile(KnownTransfer),
    /// The same transfer more than once in a file.
    TwiceInFile {
        line: Line,
        first: Line,
    },
}

impl Difference {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::NotInLedger { .. } => "not in the ledger",
            Self::AmountDiffers { .. } => "amount differs",
            Self::WithoutReference(_) => "without a reference",
            Self::NotInFile(_) => "not in the file",
            Self::TwiceInFile { .. } => "twice in the file",
        }
    }
}

/// What a comparison found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// Lines whose transfer the ledger has.
    pub(crate) matched: usize,
    /// Those of them that spell the reference otherwise.
    pub(crate) spelled_otherwise: Vec<(Line, KnownTransfer)>,
    pub(crate) differences: Vec<Difference>,
    /// Lines that another file of the run has too.
    pub(crate) in_two_files: Vec<(Line, Line)>,
    /// Lines of days that are not compared.
    pub(crate) outside_period: Vec<Line>,
    /// Payments that arrived on accounts that no file is about: how many and how much, by account.
    pub(crate) other_accounts: BTreeMap<String, (usize, i64)>,
    /// Payments of the period.
    pub(crate) compared: usize,
    /// Transfers of one reference that the ledger counts apart.
    pub(crate) known_more_than_once: Vec<Vec<KnownTransfer>>,
}

/// `known` is all that the ledger counts, so that a line is not new only because its day is outside of the period.
/// `accounts` are those the files are about; without any, those of the payments that were found in them.
pub(crate) fn compare(
    lines: &[Line],
    known: &[KnownTransfer],
    period: Period,
    accounts: Option<&BTreeSet<String>>,
) -> Comparison {
    let mut found = Comparison::default();
    let mut by_key: BTreeMap<String, Group> = BTreeMap::new();
    for line in lines {
        by_key.entry(reference_key(&line.reference)).or_default().lines.push(line);
    }
    for transfer in known {
        let key = reference_key(&transfer.reference);
        // Of other references only those of the period are compared.
        if period.has(transfer.at) || by_key.contains_key(&key) {
            by_key.entry(key).or_default().known.push(transfer);
        }
    }
    let mut covered = BTreeSet::new();
    let mut missing = Vec::new();
    for (key, group) in &mut by_key {
        group.is_unnamed = key.is_empty();
        group.compare(period, &mut found, &mut covered, &mut missing);
    }
    let covered = accounts.unwrap_or(&covered);
    let is_elsewhere = |transfer: &KnownTransfer| {
        transfer.account.clone().filter(|account| !covered.is_empty() && !covered.contains(account))
    };
    for transfer in missing {
        match is_elsewhere(transfer) {
            Some(account) => {
                let (payments, sum) = found.other_accounts.entry(account).or_default();
                *payments += 1;
                *sum = sum.saturating_add(transfer.amount);
            }
            None => found.differences.push(Difference::NotInFile(transfer.clone())),
        }
    }
    found.sort();
    found
}

impl Period {
    fn has(self, at: Timestamp) -> bool {
        self.since <= at && at <= self.until
    }

    /// A line says its day at most, so the first and the last day belong to it whole.
    fn has_day(self, day: Option<Date>) -> bool {
        let Some(day) = day else {
            return true;
        };
        day_of(self.since).is_none_or(|first| first <= day) && day_of(self.until).is_none_or(|last| day <= last)
    }
}

/// Everything under one reference, or without any.
#[derive(Default)]
struct Group<'a> {
    is_unnamed: bool,
    lines: Vec<&'a Line>,
    known: Vec<&'a KnownTransfer>,
}

impl<'a> Group<'a> {
    fn compare(
        &self,
        period: Period,
        found: &mut Comparison,
        covered: &mut BTreeSet<String>,
        missing: &mut Vec<&'a KnownTransfer>,
    ) {
        let in_period = self.known.iter().filter(|transfer| period.has(transfer.at)).count();
        found.compared += in_period;
        let is_met = in_period > 0 || !self.lines.is_empty();
        if self.known.len() > 1 && is_met && !self.is_unnamed {
            let known = self.known.iter().map(|transfer| (*transfer).clone());
            found.known_more_than_once.push(known.collect());
        }
        let mut pairs = Pairs::of(self);
        for (line, transfer) in &pairs.matched {
            found.matched += 1;
            covered.extend(transfer.account.clone());
            if line.reference != transfer.reference && !self.is_unnamed {
                found.spelled_otherwise.push(((*line).clone(), (*transfer).clone()));
            }
        }
        for line in std::mem::take(&mut pairs.lines) {
            if self.is_unnamed && period.has_day(line.day) {
                found.differences.push(Difference::WithoutReference(line.clone()));
            } else {
                pairs.explain(line, period, found);
            }
        }
        missing.extend(pairs.known.iter().copied().filter(|transfer| period.has(transfer.at)));
    }
}

/// Lines and transfers of one reference: those that belong together, and the rest of either.
struct Pairs<'a> {
    matched: Vec<(&'a Line, &'a KnownTransfer)>,
    lines: Vec<&'a Line>,
    known: Vec<&'a KnownTransfer>,
}

impl<'a> Pairs<'a> {
    /// Equal amounts, nearest days first.
    fn of(group: &Group<'a>) -> Self {
        let mut pairs = Self { matched: Vec::new(), lines: group.lines.clone(), known: group.known.clone() };
        let mut candidates = Vec::new();
        for (line_index, line) in group.lines.iter().enumerate() {
            for (known_index, transfer) in group.known.iter().enumerate() {
                // Without a reference only the very day tells transfers of one amount apart.
                let days =
                    days_apart(line, transfer).filter(|days| !group.is_unnamed || line.day.is_some() && *days == 0);
                if let Some(days) = days.filter(|_| line.amount == transfer.amount) {
                    candidates.push((days, line.reference != transfer.reference, line_index, known_index));
                }
            }
        }
        candidates.sort_unstable();
        let (mut lines_taken, mut known_taken) = (BTreeSet::new(), BTreeSet::new());
        for (_, _, line, known) in candidates {
            if !lines_taken.contains(&line) && !known_taken.contains(&known) {
                lines_taken.insert(line);
                known_taken.insert(known);
                pairs.matched.push((group.lines[line], group.known[known]));
            }
        }
        pairs.lines = left(&group.lines, &lines_taken);
        pairs.known = left(&group.known, &known_taken);
        pairs
    }

    /// What a line is that no transfer of the ledger belongs to.
    fn explain(&mut self, line: &'a Line, period: Period, found: &mut Comparison) {
        let same = |other: &Line| other.amount == line.amount && (other.day == line.day || other.day.is_none());
        if let Some((first, _)) = self.matched.iter().find(|(matched, _)| same(matched)) {
            let (line, first) = (line.clone(), (*first).clone());
            if line.file == first.file {
                found.differences.push(Difference::TwiceInFile { line, first });
            } else {
                found.in_two_files.push((line, first));
            }
            return;
        }
        if let Some(index) = self.known.iter().position(|transfer| days_apart(line, transfer).is_some()) {
            let ledger = self.known.remove(index).clone();
            found.differences.push(Difference::AmountDiffers { line: line.clone(), ledger });
            return;
        }
        if !period.has_day(line.day) {
            found.outside_period.push(line.clone());
            return;
        }
        let known = self.matched.iter().map(|(_, transfer)| *transfer).chain(self.known.iter().copied()).next();
        let line = line.clone();
        found.differences.push(Difference::NotInLedger { line, same_reference: known.cloned() });
    }
}

impl Comparison {
    /// In the files' order, and then the ledger's.
    fn sort(&mut self) {
        let place = |line: &Line| (line.file, line.number);
        self.differences.sort_by_key(|difference| match difference {
            Difference::NotInLedger { line, .. }
            | Difference::AmountDiffers { line, .. }
            | Difference::WithoutReference(line)
            | Difference::TwiceInFile { line, .. } => (0, place(line), Timestamp(0), String::new()),
            Difference::NotInFile(transfer) => (1, (0, 0), transfer.at, transfer.reference.clone()),
        });
        self.spelled_otherwise.sort_by_key(|(line, _)| place(line));
        self.in_two_files.sort_by_key(|(line, _)| place(line));
        self.outside_period.sort_by_key(place);
    }
}

/// `None` when they are too far apart to be one transfer.
fn days_apart(line: &Line, transfer: &KnownTransfer) -> Option<i32> {
    let days = match (line.day, day_of(transfer.at)) {
        (Some(line), Some(known)) => (line.to_julian_day() - known.to_julian_day()).abs(),
        _ => 0,
    };
    (i64::from(days) <= TRANSFER_DAYS_APART_MAX).then_some(days)
}

fn left<T: Copy>(all: &[T], taken: &BTreeSet<usize>) -> Vec<T> {
    all.iter().enumerate().filter(|(index, _)| !taken.contains(index)).map(|(_, item)| *item).collect()
}
