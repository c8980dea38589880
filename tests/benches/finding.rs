//! What was found: figures beside those of their baselines, targets, and the comparison with what was
//! found before.
//!
//! Only ratios are ever compared with an earlier run, since both of their sides come from the same
//! minutes of the same machine. How far a ratio may get worse is stored beside it: twice the spread
//! that its rounds had, and at least what such a figure is known to vary by.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Throughput varies by so much between runs of the same program.
pub(crate) const THROUGHPUT_VARIES: f64 = 0.10;

/// Medians of short times vary by so much.
pub(crate) const MEDIAN_VARIES: f64 = 0.25;

/// Tails, which few requests decide, vary by so much.
pub(crate) const TAIL_VARIES: f64 = 0.60;

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Better {
    Higher,
    Lower,
}

/// A figure of the system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Figure {
    /// What was measured, unique in its scenario.
    pub(crate) name: String,
    /// Its unit; nothing for a count.
    pub(crate) unit: String,
    /// The median of all rounds.
    pub(crate) value: f64,
    /// What it is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) against: Option<Against>,
    /// What it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<Target>,
}

/// The same figure of a baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Against {
    /// What the baseline is.
    pub(crate) baseline: String,
    /// Its median.
    pub(crate) value: f64,
    /// The median of the rounds' ratios.
    pub(crate) ratio: f64,
    /// Which way is better.
    pub(crate) better: Better,
    /// The greatest of the rounds' ratios less the smallest, as a share of their median.
    pub(crate) spread: f64,
    /// By what share the ratio may get worse before that counts as a change.
    pub(crate) tolerance: f64,
}

/// What a figure should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) text: String,
    pub(crate) met: bool,
}

impl Figure {
    /// The median of what the rounds found.
    pub(crate) fn new(name: &str, unit: &str, rounds: &[f64]) -> Self {
        let (name, unit) = (name.to_owned(), unit.to_owned());
        Self { name, unit, value: median(rounds), against: None, target: None }
    }

    /// Compares it, round by round, with what a baseline had.
    pub(crate) fn against(
        mut self,
        baseline: &str,
        (rounds, baselines): (&[f64], &[f64]),
        better: Better,
        varies: f64,
    ) -> Self {
        let pairs = rounds.iter().zip(baselines).filter(|(_, of_baseline)| **of_baseline > 0.0);
        let mut ratios: Vec<f64> = pairs.map(|(value, of_baseline)| value / of_baseline).collect();
        ratios.sort_by(f64::total_cmp);
        let ratio = median(&ratios);
        let range = ratios.last().zip(ratios.first()).map_or(0.0, |(most, least)| most - least);
        let spread = if ratio > 0.0 { range / ratio } else { 0.0 };
        self.against = Some(Against {
            baseline: baseline.to_owned(),
            value: median(baselines),
            ratio,
            better,
            spread,
            tolerance: (2.0 * spread).max(varies),
        });
        self
    }

    /// Sets a bound on the ratio.
    pub(crate) fn ratio_target(self, bound: f64) -> Self {
        let Some(against) = &self.against else { return self };
        let (text, met) = match against.better {
            Better::Higher => (format!("ratio at least {bound}"), against.ratio >= bound),
            Better::Lower => (format!("ratio below {bound}"), against.ratio < bound),
        };
        self.target(&text, met)
    }

    /// Sets an upper bound.
    pub(crate) fn below(self, bound: f64) -> Self {
        let (text, met) = (format!("below {bound} {}", self.unit), self.value < bound);
        self.target(text.trim_end(), met)
    }

    /// Sets what it should be.
    pub(crate) fn target(mut self, text: &str, met: bool) -> Self {
        self.target = Some(Target { text: text.to_owned(), met });
        self
    }
}

/// What a scenario found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Measured {
    /// When, as RFC 3339.
    pub(crate) date: String,
    /// Of which commit.
    pub(crate) commit: String,
    /// On which machine.
    pub(crate) machine: String,
    /// How long the scenario took, in seconds.
    pub(crate) took_s: u64,
    /// How it was measured, in a few sentences.
    pub(crate) method: String,
    pub(crate) figures: Vec<Figure>,
    /// What a reader must know beside the figures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<String>,
    /// Where the time went, as lines of text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) profile: Vec<String>,
}

impl Measured {
    /// Targets that were missed.
    pub(crate) fn missed(&self) -> impl Iterator<Item = &Figure> {
        self.figures.iter().filter(|one| one.target.as_ref().is_some_and(|target| !target.met))
    }
}

/// Scenarios by their names.
pub(crate) type Results = BTreeMap<String, Measured>;

/// What got worse than it was by more than its tolerance, and what is no longer measured, of the
/// scenarios that ran: one line each, which names the scenario.
pub(crate) fn worse(before: &Results, now: &Results) -> Vec<String> {
    let mut found = Vec::new();
    for (scenario, measured) in now {
        let Some(committed) = before.get(scenario) else { continue };
        for figure in &committed.figures {
            let Some(old) = &figure.against else { continue };
            let same = measured.figures.iter().find(|one| one.name == figure.name);
            match same.and_then(|one| one.against.as_ref()) {
                None => found.push(format!("{scenario}: {} was not measured", figure.name)),
                Some(new) if is_worse(old, new.ratio) => found.push(format!(
                    "{scenario}: {} is {:.3} of {}, was {:.3}; {:.0} % are tolerated",
                    figure.name,
                    new.ratio,
                    old.baseline,
                    old.ratio,
                    old.tolerance * 100.0
                )),
                Some(_) => {}
            }
        }
    }
    found
}

fn is_worse(old: &Against, ratio: f64) -> bool {
    let factor = 1.0 + old.tolerance;
    match old.better {
        Better::Higher => ratio < old.ratio / factor,
        Better::Lower => ratio > old.ratio * factor,
    }
}

/// The middle of some numbers, 0 of none.
pub(crate) fn median(numbers: &[f64]) -> f64 {
    quantile(numbers, 0.5)
}

/// A quantile of some numbers, between the two next to it; 0 of none.
pub(crate) fn quantile(numbers: &[f64], q: f64) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = q * float(last as u64);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to `last`")]
    let below = place.floor() as usize;
    let share = place - place.floor();
    sorted[below] + share * (sorted[(below + 1).min(last)] - sorted[below])
}

/// A count as a number to calculate with.
#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are far below 2^53")]
pub(crate) const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(name: &str, values: &[f64], better: Better) -> Results {
        let figure = Figure::new(name, "ms", values).against(
            "nothing",
            (values, &vec![10.0; values.len()]),
            better,
            0.1,
        );
        let measured = Measured {
            date: String::new(),
            commit: String::new(),
            machine: String::new(),
            took_s: 0,
            method: String::new(),
            figures: vec![figure],
            notes: Vec::new(),
            profile: Vec::new(),
        };
        Results::from([("accept".to_owned(), measured)])
    }

    #[test]
    fn an_equal_ratio_passes_and_a_worse_one_fails_and_names_its_scenario() {
        let before = results("p99", &[20.0, 20.0, 20.0], Better::Lower);
        assert_eq!(worse(&before, &before), Vec::<String>::new());
        assert!(worse(&before, &results("p99", &[21.9], Better::Lower)).is_empty());
        assert!(worse(&before, &results("p99", &[1.0], Better::Lower)).is_empty());
        let found = worse(&before, &results("p99", &[22.1], Better::Lower));
        assert_eq!(found, ["accept: p99 is 2.210 of nothing, was 2.000; 10 % are tolerated"]);
    }

    #[test]
    fn of_throughput_less_is_worse() {
        let before = results("throughput", &[8.0], Better::Higher);
        assert!(worse(&before, &results("throughput", &[7.3], Better::Higher)).is_empty());
        assert_eq!(worse(&before, &results("throughput", &[7.2], Better::Higher)).len(), 1);
    }

    #[test]
    fn what_varied_between_rounds_is_tolerated_later() {
        let before = results("p99", &[18.0, 20.0, 22.0], Better::Lower);
        let against = before["accept"].figures[0].against.as_ref().unwrap();
        assert!((against.spread - 0.2).abs() < 1e-9 && (against.tolerance - 0.4).abs() < 1e-9);
        assert!(worse(&before, &results("p99", &[27.9], Better::Lower)).is_empty());
        assert_eq!(worse(&before, &results("p99", &[28.1], Better::Lower)).len(), 1);
    }

    #[test]
    fn a_scenario_that_did_not_run_is_not_compared_but_a_figure_that_is_gone_is_missed() {
        let before = results("p99", &[20.0], Better::Lower);
        assert!(worse(&before, &Results::new()).is_empty());
        assert_eq!(
            worse(&before, &results("p50", &[1.0], Better::Lower)),
            ["accept: p99 was not measured"]
        );
    }

    #[test]
    fn absolute_figures_are_never_compared() {
        let before = results("p99", &[20.0], Better::Lower);
        let mut slow_machine = before.clone();
        let figure = &mut slow_machine.get_mut("accept").unwrap().figures[0];
        figure.value *= 50.0;
        figure.against.as_mut().unwrap().value *= 50.0;
        assert!(worse(&before, &slow_machine).is_empty());
    }

    #[test]
    fn targets_are_met_or_missed_by_the_ratio() {
        let figure = |ratio: f64, better| {
            let figure = Figure::new("x", "", &[ratio]);
            figure.against("one", (&[ratio], &[1.0]), better, 0.1).ratio_target(0.6).target.unwrap()
        };
        assert!(figure(0.6, Better::Higher).met && !figure(0.59, Better::Higher).met);
        assert!(figure(0.59, Better::Lower).met && !figure(0.6, Better::Lower).met);
    }

    #[test]
    fn quantiles_lie_between_numbers() {
        assert!((median(&[1.0, 4.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(&[1.0, 2.0]) - 1.5).abs() < 1e-9);
        assert!((quantile(&[1.0, 2.0, 3.0], 1.0) - 3.0).abs() < 1e-9);
        assert!(median(&[]).abs() < 1e-9);
    }
}
