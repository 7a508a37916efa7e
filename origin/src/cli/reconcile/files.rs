use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;
use domain::Timestamp;
use edge_protocol::rfc3339;

use crate::cli::file::bytes_of;
use crate::config;
use crate::statement::{
    self, Chosen, Column, Comparison, Difference, FILE_BYTES_MAX, KnownTransfer, Line, Period, Reading, day_of, shown,
};
use crate::store::ReadStore;

#[derive(Args)]
pub(super) struct Files {
    /// Compare the ledger with this export of a bank or of PayOS instead. Give it once for each file. Reads DROPGATE_DATA
    /// and changes nothing.
    #[arg(long, value_name = "FILE")]
    csv: Vec<PathBuf>,
    /// An account that the files are about. Give it once for each account. Payments to others are left out.
    #[arg(long, requires = "csv")]
    account: Vec<String>,
    /// The columns of the files, where their names do not say it: reference=…,amount=…,date=…, or credit=… and debit=…
    #[arg(long, requires = "csv")]
    columns: Option<String>,
    /// The same as --columns reference=…
    #[arg(long, requires = "csv")]
    reference_column: Option<String>,
    /// The same as --columns amount=…
    #[arg(long, requires = "csv")]
    amount_column: Option<String>,
    /// With --csv, compare payments until this time; now by default.
    #[arg(long, requires = "csv")]
    until: Option<String>,
}

impl Files {
    pub(super) fn is_empty(&self) -> bool {
        self.csv.is_empty()
    }

    /// Says what became of every line that is not simply in the ledger, and fails when something differs.
    pub(super) fn compare(&self, since: Timestamp, now: Timestamp) -> Result<()> {
        let period = Period { since, until: self.until.as_deref().map_or(Ok(now), rfc3339::parse)? };
        let report = Report { files: self.csv.iter().map(|file| file.display().to_string()).collect() };
        let chosen = self.chosen()?;
        let mut lines = Vec::new();
        let mut unreadable = 0;
        for (index, file) in self.csv.iter().enumerate() {
            let name = file.display();
            let bytes = bytes_of(file, FILE_BYTES_MAX)?;
            let statement = statement::read(index, &bytes, &chosen).with_context(|| format!("cannot read {name}"))?;
            println!("{name}: header found on line {}; {}", statement.header_line, statement.columns);
            for reading in statement.readings {
                unreadable += report.reading(index, &reading);
                if let Reading::Incoming(line) | Reading::WithoutReference(line) = reading {
                    lines.push(line);
                }
            }
        }
        let accounts: BTreeSet<String> = self.account.iter().map(|account| account.trim().to_owned()).collect();
        let known = ReadStore::open(&config::data_folder()?)?.known_transfers()?;
        let found = statement::compare(&lines, &known, period, Some(&accounts).filter(|accounts| !accounts.is_empty()));
        report.notes(&found, !accounts.is_empty());
        report.differences(&found);
        let (payments, differences) = (found.compared, found.differences.len());
        let unread = if unreadable == 0 { String::new() } else { format!(", {unreadable} lines not read") };
        println!("{} lines and {payments} payments compared, {differences} differences{unread}", lines.len());
        ensure!(unreadable == 0, "some lines could not be read");
        ensure!(differences == 0, "the file and the ledger differ");
        Ok(())
    }

    fn chosen(&self) -> Result<Chosen> {
        let mut chosen = self.columns.as_deref().map_or_else(|| Ok(Chosen::default()), Chosen::parse)?;
        let named = [(Column::Reference, &self.reference_column), (Column::Amount, &self.amount_column)];
        for (column, name) in named {
            if let Some(name) = name {
                chosen = chosen.with(column, name);
            }
        }
        Ok(chosen)
    }
}

/// Prints what was found. With several files each line is named with its own.
struct Report {
    files: Vec<String>,
}

impl Report {
    /// Returns how many lines of it a person must look at because they cannot be read.
    fn reading(&self, file: usize, reading: &Reading) -> usize {
        let at = |number: &u64| self.place(file, *number);
        match reading {
            Reading::Incoming(_) | Reading::WithoutReference(_) => 0,
            Reading::Skipped { number, reference, why } => {
                let reference = if reference.is_empty() { String::new() } else { format!(", {reference}") };
                println!("{}{reference}: skipped: {why}", at(number));
                0
            }
            Reading::Total { number, amount, sum: Some(sum) } if amount == sum => {
                println!("{} is a total and was left out (it equals the sum of the lines above)", at(number));
                0
            }
            Reading::Total { number, amount, sum: Some(sum) } => {
                println!("{} is a total of {amount} VND, and the lines above add up to {sum} VND", at(number));
                1
            }
            Reading::Total { number, sum: None, .. } => {
                println!("{} is a total and was left out (not all lines above could be read)", at(number));
                0
            }
            Reading::Unreadable { number, why } => {
                println!("{} cannot be read: {why}", at(number));
                1
            }
        }
    }

    fn notes(&self, found: &Comparison, accounts_given: bool) {
        for (line, ledger) in &found.spelled_otherwise {
            println!("{}, {} is {} in the ledger", self.of(line), line.reference, shown(&ledger.reference));
        }
        for (line, first) in &found.in_two_files {
            println!("{}, {}: skipped: it is {} too", self.of(line), line.reference, self.of(first));
        }
        for line in &found.outside_period {
            println!("{}, {}: skipped: its day is outside of the time compared", self.of(line), line.reference);
        }
        for (account, (payments, sum)) in &found.other_accounts {
            let (files, cover) = if self.files.len() > 1 { ("these files", "do") } else { ("this file", "does") };
            let why =
                if accounts_given { "and are left out".into() } else { format!("which {files} {cover} not cover") };
            println!("{payments} payments of {sum} VND arrived on account {}, {why}", shown(account));
        }
        for transfers in &found.known_more_than_once {
            let each: Vec<String> = transfers.iter().map(described).collect();
            let reference = transfers.first().map_or("", |transfer| &transfer.reference);
            println!("known more than once: {}: {}", shown(reference), each.join("; "));
        }
    }

    fn differences(&self, found: &Comparison) {
        for difference in &found.differences {
            let kind = difference.kind();
            match difference {
                Difference::NotInLedger { line, same_reference } => {
                    let other = same_reference.as_ref().map_or_else(String::new, |known| {
                        format!("; the ledger has this reference for {}", described(known))
                    });
                    println!("{kind}: {}, {} of {} VND{other}", self.of(line), line.reference, line.amount);
                }
                Difference::TwiceInFile { line, first } => {
                    let (line_at, first_at) = (self.of(line), self.of(first));
                    println!("{kind}: {line_at}, {} of {} VND; first on {first_at}", line.reference, line.amount);
                }
                Difference::WithoutReference(line) => {
                    println!("{}, {} VND came in without a reference", self.of(line), line.amount);
                }
                Difference::AmountDiffers { line, ledger } => {
                    let (at, in_ledger) = (self.of(line), described(ledger));
                    println!("{kind}: {at}, {} of {} VND, in the ledger {in_ledger}", line.reference, line.amount);
                }
                Difference::NotInFile(ledger) => {
                    let reference = if ledger.reference.is_empty() { "without a reference" } else { &ledger.reference };
                    println!("{kind}: {}, {}", shown(reference), described(ledger));
                }
            }
        }
    }

    fn of(&self, line: &Line) -> String {
        self.place(line.file, line.number)
    }

    fn place(&self, file: usize, number: u64) -> String {
        match self.files.get(file).filter(|_| self.files.len() > 1) {
            Some(file) => format!("{file} line {number}"),
            None => format!("line {number}"),
        }
    }
}

fn described(transfer: &KnownTransfer) -> String {
    let day = day_of(transfer.at).map_or_else(String::new, |day| day.to_string());
    let when = if transfer.has_own_time { "of" } else { "recorded on" };
    let whose = if transfer.order.0 == 0 { "without an order".into() } else { format!("for order {}", transfer.order) };
    format!("{} VND {when} {day} {whose}", transfer.amount)
}
