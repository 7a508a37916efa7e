//! Medians, and the ratio of two servers over several rounds.

/// The rates of rounds, each of which measured a baseline and then the origin.
#[derive(Default)]
pub(crate) struct Rounds {
    baseline: Vec<f64>,
    origin: Vec<f64>,
}

pub(crate) struct Ratio {
    pub(crate) baseline: f64,
    pub(crate) origin: f64,
    /// The ratio of the medians.
    pub(crate) of_medians: f64,
    /// The lowest and the highest ratio of a single round.
    pub(crate) lowest: f64,
    pub(crate) highest: f64,
}

impl Rounds {
    pub(crate) fn push(&mut self, baseline: f64, origin: f64) {
        self.baseline.push(baseline);
        self.origin.push(origin);
    }

    pub(crate) fn ratio(&self) -> Ratio {
        let ratios: Vec<f64> =
            self.origin.iter().zip(&self.baseline).map(|(origin, baseline)| origin / baseline).collect();
        let (baseline, origin) = (median(&self.baseline), median(&self.origin));
        let lowest = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = ratios.iter().copied().fold(0.0, f64::max);
        Ratio { baseline, origin, of_medians: origin / baseline, lowest, highest }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_of_medians_and_its_spread_of_rounds() {
        let mut rounds = Rounds::default();
        for (baseline, origin) in [(100.0, 90.0), (200.0, 100.0), (110.0, 99.0)] {
            rounds.push(baseline, origin);
        }
        let ratio = rounds.ratio();
        assert_eq!((ratio.baseline, ratio.origin), (110.0, 99.0));
        assert!((ratio.of_medians - 0.9).abs() < 1e-9);
        assert!((ratio.lowest - 0.5).abs() < 1e-9 && (ratio.highest - 0.9).abs() < 1e-9);
    }

    #[test]
    fn the_median_of_an_even_count_lies_between_the_middle_two() {
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(median(&[]), 0.0);
    }
}
