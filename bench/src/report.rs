//! The result of a scenario: a table with its bars on the terminal, and the same as JSON in a file.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::machine;
use crate::results;

/// The bound of a figure.
#[derive(Clone, Copy)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
    Below(f64),
}

impl Bound {
    fn is_met(self, figure: f64) -> bool {
        match self {
            Self::AtLeast(bound) => figure >= bound,
            Self::AtMost(bound) => figure <= bound,
            Self::Below(bound) => figure < bound,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtLeast(bound) => format!(">= {bound}"),
            Self::AtMost(bound) => format!("<= {bound}"),
            Self::Below(bound) => format!("< {bound}"),
        }
    }
}

/// A bound that a figure has to meet.
struct Bar {
    what: String,
    figure: f64,
    bound: Bound,
}

pub(crate) struct Report {
    scenario: &'static str,
    options: Value,
    columns: &'static [&'static str],
    rows: Vec<(String, Vec<f64>)>,
    bars: Vec<Bar>,
    notes: Vec<String>,
}

impl Report {
    pub(crate) fn new(scenario: &'static str, options: Value, columns: &'static [&'static str]) -> Self {
        Self { scenario, options, columns, rows: Vec::new(), bars: Vec::new(), notes: Vec::new() }
    }

    pub(crate) fn row(&mut self, name: impl Into<String>, figures: &[f64]) {
        self.rows.push((name.into(), figures.to_vec()));
    }

    pub(crate) fn bar(&mut self, what: impl Into<String>, figure: f64, bound: Bound) {
        self.bars.push(Bar { what: what.into(), figure, bound });
    }

    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Prints the table and the bars, and writes the file.
    pub(crate) fn finish(self, file: Option<PathBuf>) -> Result<()> {
        let names = self.rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        print!("{:names$}", "");
        for column in self.columns {
            print!("  {column:>11}");
        }
        println!();
        for (name, figures) in &self.rows {
            print!("{name:names$}");
            for figure in figures {
                print!("  {:>11}", rounded(*figure));
            }
            println!();
        }
        for note in &self.notes {
            println!("{note}");
        }
        for bar in &self.bars {
            let verdict = if bar.bound.is_met(bar.figure) { "met   " } else { "MISSED" };
            println!("{verdict}  {}: {} ({})", bar.what, rounded(bar.figure), bar.bound.text());
        }
        let file = match file {
            Some(file) => file,
            None => results::folder()?.join(format!("{}.json", self.scenario)),
        };
        std::fs::write(&file, serde_json::to_string_pretty(&self.json()?)? + "\n")
            .with_context(|| format!("cannot write {}", file.display()))?;
        println!("{}", file.display());
        Ok(())
    }

    fn json(&self) -> Result<Value> {
        let row = |(name, figures): &(String, Vec<f64>)| {
            let mut row: Map<String, Value> = self
                .columns
                .iter()
                .map(|column| (*column).to_owned())
                .zip(figures.iter().map(|figure| json!(figure)))
                .collect();
            row.insert("row".to_owned(), json!(name));
            Value::Object(row)
        };
        let bar = |bar: &Bar| json!({ "what": bar.what, "figure": bar.figure, "bound": bar.bound.text(), "met": bar.bound.is_met(bar.figure) });
        Ok(json!({
            "scenario": self.scenario,
            "machine": machine::facts(&results::folder()?)?,
            "options": self.options,
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
            "bars": self.bars.iter().map(bar).collect::<Vec<_>>(),
            "notes": self.notes,
        }))
    }
}

/// Three significant digits, or all digits of a large number; a dash for a figure that was not measured.
fn rounded(figure: f64) -> String {
    if figure.is_nan() {
        "–".to_owned()
    } else if figure >= 100.0 || figure == 0.0 {
        format!("{figure:.0}")
    } else if figure >= 10.0 {
        format!("{figure:.1}")
    } else {
        format!("{figure:.2}")
    }
}
