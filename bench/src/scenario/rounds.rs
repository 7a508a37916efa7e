//! Rounds, each of which measures a baseline and then the origin.

use crate::load::measured::Measured;
use crate::report::Report;
use crate::statistics::Rounds;

pub(super) const COLUMNS: &[&str] = &["bare/s", "origin/s", "ratio", "p50 ms", "p99 ms", "p99.9 ms"];

/// Reports one round.
pub(super) fn add_round(
    report: &mut Report,
    rounds: &mut Rounds,
    round: usize,
    baseline: &Measured,
    origin: &Measured,
) {
    let (baseline, rate) = (baseline.rate(), origin.rate());
    let quantile = |at| origin.total.quantile_ms(at);
    report.row(
        format!("round {round}"),
        &[baseline, rate, rate / baseline, quantile(0.5), quantile(0.99), quantile(0.999)],
    );
    rounds.push(baseline, rate);
}

/// Reports the ratio and its spread, and returns the ratio for the bar.
pub(super) fn report_ratio(report: &mut Report, rounds: &Rounds) -> f64 {
    let ratio = rounds.ratio();
    report.note(format!(
        "medians: {:.0}/s and {:.0}/s, ratio {:.3} (single rounds {:.3} to {:.3})",
        ratio.baseline, ratio.origin, ratio.of_medians, ratio.lowest, ratio.highest
    ));
    ratio.of_medians
}
