//! What each value is worth to conversions by what would be lost without it: a Markov chain of visits
//! (Anderl, Becker, von Wangenheim, Schumann 2016, "Mapping the customer journey").

use std::collections::BTreeMap;

use nalgebra::{DMatrix, DVector};

/// Where a journey goes after a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// To a visit with this value.
    Visit(String),
    /// To a conversion, which ends it.
    Conversion,
    /// Nowhere.
    Loss,
}

/// How many journeys went from one state to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// The value of the visit that they came from; nothing where the journey begins.
    pub from: Option<String>,
    /// Where they went.
    pub to: Destination,
    /// How many.
    pub journeys: i64,
}

/// The share of conversions that each value is worth: its removal effect, relative to the sum of all.
/// Nothing where no journey converts, or where a journey has no end.
///
/// Without a value, all journeys that come to it are lost. With `N = (I - Q)^-1` (Kemeny, Snell 1960,
/// theorem 3.2.4) a journey comes to `j` with probability `N[0,j] / N[j,j]`, and converts from there with
/// `(N r)[j]`; the product, of all conversions, is the effect of removing `j`.
#[must_use]
pub fn removal_shares(passages: &[Passage]) -> BTreeMap<String, f64> {
    let chain = Chain::of(passages);
    let effects = chain.removal_effects().unwrap_or_default();
    let sum: f64 = effects.iter().skip(1).sum();
    if sum <= 0.0 {
        return BTreeMap::new();
    }
    chain.values.into_iter().map(|(value, state)| (value, effects[state] / sum)).collect()
}

/// The states of journeys: 0 is the beginning.
struct Chain {
    values: BTreeMap<String, usize>,
    onward: DMatrix<f64>,
    converting: DVector<f64>,
}

impl Chain {
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    fn of(passages: &[Passage]) -> Self {
        let values = states(passages);
        let state = |value: &Option<String>| value.as_ref().map_or(0, |value| values[value]);
        let size = values.len() + 1;
        let (mut onward, mut converting) = (DMatrix::zeros(size, size), DVector::zeros(size));
        let mut leaving = DVector::<f64>::zeros(size);
        for passage in passages {
            let (from, journeys) = (state(&passage.from), passage.journeys as f64);
            leaving[from] += journeys;
            match &passage.to {
                Destination::Visit(value) => onward[(from, values[value])] += journeys,
                Destination::Conversion => converting[from] += journeys,
                Destination::Loss => {}
            }
        }
        for (state, leaving) in leaving.iter().enumerate().filter(|(_, leaving)| **leaving > 0.0) {
            onward.row_mut(state).unscale_mut(*leaving);
            converting[state] /= leaving;
        }
        Self { values, onward, converting }
    }

    fn removal_effects(&self) -> Option<Vec<f64>> {
        let size = self.values.len() + 1;
        let visits = (DMatrix::identity(size, size) - &self.onward).try_inverse()?;
        let converts = &visits * &self.converting;
        let effect = |state: usize| {
            let comes = visits[(0, state)] / visits[(state, state)];
            comes * converts[state] / converts[0]
        };
        (converts[0] > 0.0).then(|| (0..size).map(effect).collect())
    }
}

fn states(passages: &[Passage]) -> BTreeMap<String, usize> {
    let mut values = BTreeMap::new();
    for passage in passages {
        let to = match &passage.to {
            Destination::Visit(value) => Some(value),
            Destination::Conversion | Destination::Loss => None,
        };
        for value in passage.from.iter().chain(to) {
            let next = values.len() + 1;
            values.entry(value.clone()).or_insert(next);
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn passage(from: &str, to: &str, journeys: i64) -> Passage {
        let to = match to {
            "conversion" => Destination::Conversion,
            "loss" => Destination::Loss,
            value => Destination::Visit(value.to_owned()),
        };
        Passage { from: (from != "start").then(|| from.to_owned()), to, journeys }
    }

    #[test]
    fn shares_are_those_of_the_worked_example() {
        // Three journeys: a, b, c, conversion; a, loss; b, c, loss. Without a, half of the conversions
        // remain; without b or c none do.
        let shares = removal_shares(&[
            passage("start", "a", 2),
            passage("start", "b", 1),
            passage("a", "b", 1),
            passage("a", "loss", 1),
            passage("b", "c", 2),
            passage("c", "conversion", 1),
            passage("c", "loss", 1),
        ]);
        for (value, share) in [("a", 0.2), ("b", 0.4), ("c", 0.4)] {
            assert!((shares[value] - share).abs() < 1e-12, "{value}: {shares:?}");
        }
    }

    #[test]
    fn nothing_that_converts_has_no_shares() {
        assert!(removal_shares(&[]).is_empty());
        assert!(removal_shares(&[passage("start", "a", 1), passage("a", "loss", 1)]).is_empty());
        assert!(removal_shares(&[passage("start", "a", 1), passage("a", "a", 1)]).is_empty());
    }

    /// How likely a journey converts, walked step by step, if all that come to `removed` are lost.
    fn converts(chain: &Chain, removed: Option<usize>) -> f64 {
        let size = chain.converting.len();
        let mut here = vec![0.0; size];
        here[0] = 1.0;
        let mut converted = 0.0;
        for _ in 0..1_500 {
            let mut next = vec![0.0; size];
            for from in (0..size).filter(|from| Some(*from) != removed) {
                converted += here[from] * chain.converting[from];
                for (to, next) in next.iter_mut().enumerate() {
                    *next += here[from] * chain.onward[(from, to)];
                }
            }
            here = next;
        }
        converted
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20))]
        #[test]
        fn effects_are_what_is_lost_when_a_value_is_taken_out(
            counts in proptest::collection::vec(1_i64..20, 20)
        ) {
            let names = ["start", "a", "b", "c"];
            let mut all = Vec::new();
            let mut counts = counts.into_iter();
            for from in names {
                for to in ["a", "b", "c", "conversion", "loss"] {
                    all.push(passage(from, to, counts.next().unwrap()));
                }
            }
            let chain = Chain::of(&all);
            let effects = chain.removal_effects().unwrap();
            let total = converts(&chain, None);
            for (state, effect) in effects.iter().enumerate().take(4).skip(1) {
                let lost = 1.0 - converts(&chain, Some(state)) / total;
                prop_assert!((effect - lost).abs() < 1e-9);
            }
            let shares = removal_shares(&all);
            prop_assert!((shares.values().sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }
}
