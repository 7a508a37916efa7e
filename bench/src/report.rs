//! What a run says: a bar while it goes on, a table at its end, and the same as JSON beside it.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Map, Value, json};

use crate::machine;
use crate::stage::results_folder;

/// A bar for one measurement.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn new(what: &str) -> Self {
        let bar = ProgressBar::new(1_000);
        if let Ok(style) = ProgressStyle::with_template("{msg:32} [{bar:40}] {percent:>3} %") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what.to_owned());
        if !std::io::stderr().is_terminal() {
            eprintln!("{what} …");
        }
        Self(bar)
    }

    /// For what another bar shows.
    pub(crate) fn hidden() -> Self {
        Self(ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()))
    }

    pub(crate) fn at(&self, elapsed: Duration, of: Duration) {
        self.0.set_position((elapsed.as_secs_f64() / of.as_secs_f64() * 1_000.0) as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// What a figure has to be.
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

    /// Prints the table and writes the file.
    pub(crate) fn end(self, file: Option<PathBuf>) -> Result<()> {
        let names = self.rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        print!("{:names$}", "");
        for column in self.columns {
            print!("  {column:>11}");
        }
        println!();
        for (name, figures) in &self.rows {
            print!("{name:names$}");
            for figure in figures {
                print!("  {:>11}", short(*figure));
            }
            println!();
        }
        for note in &self.notes {
            println!("{note}");
        }
        for bar in &self.bars {
            let verdict = if bar.bound.is_met(bar.figure) { "met   " } else { "MISSED" };
            println!("{verdict}  {}: {} ({})", bar.what, short(bar.figure), bar.bound.text());
        }
        let file = match file {
            Some(file) => file,
            None => results_folder()?.join(format!("{}.json", self.scenario)),
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
            "machine": machine::facts(&results_folder()?)?,
            "options": self.options,
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
            "bars": self.bars.iter().map(bar).collect::<Vec<_>>(),
            "notes": self.notes,
        }))
    }
}

/// Rates of rounds in which a rival and the origin took turns.
#[derive(Default)]
pub(crate) struct Turns {
    rival: Vec<f64>,
    ours: Vec<f64>,
}

pub(crate) struct Ratio {
    pub(crate) rival: f64,
    pub(crate) ours: f64,
    /// Of the medians.
    pub(crate) ratio: f64,
    /// Of single rounds.
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Turns {
    pub(crate) fn push(&mut self, rival: f64, ours: f64) {
        self.rival.push(rival);
        self.ours.push(ours);
    }

    pub(crate) fn ratio(&self) -> Ratio {
        let ratios: Vec<f64> = self.ours.iter().zip(&self.rival).map(|(ours, rival)| ours / rival).collect();
        let (rival, ours) = (median(&self.rival), median(&self.ours));
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ratios.iter().copied().fold(0.0, f64::max);
        Ratio { rival, ours, ratio: ours / rival, least, most }
    }
}

pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// Three digits that matter, or all of a whole number; a dash for a figure that was not measured.
fn short(figure: f64) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_of_medians_and_its_spread_of_rounds() {
        let mut turns = Turns::default();
        for (rival, ours) in [(100.0, 90.0), (200.0, 100.0), (110.0, 99.0)] {
            turns.push(rival, ours);
        }
        let ratio = turns.ratio();
        assert_eq!((ratio.rival, ratio.ours), (110.0, 99.0));
        assert!((ratio.ratio - 0.9).abs() < 1e-9);
        assert!((ratio.least - 0.5).abs() < 1e-9 && (ratio.most - 0.9).abs() < 1e-9);
    }

    #[test]
    fn the_median_of_an_even_count_lies_between_the_middle_two() {
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(median(&[]), 0.0);
    }
}
