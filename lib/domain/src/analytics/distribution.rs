//! The distribution of prices: percentiles that were really seen and bins with round edges.

use std::collections::BTreeMap;
use std::ops::Bound;

use serde::Serialize;

/// Most bins of a distribution, the two open ones included.
const BINS_MAX: i64 = 50;

/// The bins that are always there: what lies below the first edge and above the last.
const OPEN_BINS: i64 = 2;

/// The largest width of a bin, in cents.
const WIDTH_CENTS_MAX: i64 = 5_000_000_000_000_000_000;

/// How many sessions ended with a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PriceCount {
    /// The price in cents.
    pub price_cents: i64,
    /// Sessions that ended with it; one that is not positive counts for nothing.
    pub sessions: i64,
}

/// Prices in cents below or at which a percentage of the sessions lies.
///
/// Each is the smallest price whose cumulative share of the sessions reaches the percentage, as
/// `percentile_disc` of PostgreSQL: a price that occurs, never one between two that do
/// (definitions b5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Percentiles {
    /// The 5th percentile.
    pub p5: i64,
    /// The 10th percentile.
    pub p10: i64,
    /// The lower quartile.
    pub p25: i64,
    /// The median.
    pub p50: i64,
    /// The upper quartile.
    pub p75: i64,
    /// The 90th percentile.
    pub p90: i64,
    /// The 95th percentile.
    pub p95: i64,
}

/// The sessions whose price lies in the half-open range `[from, to)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Bin {
    /// Lowest price inside, in cents; nothing in the bin below all edges.
    pub from_cents: Option<i64>,
    /// Lowest price above, in cents; nothing in the bin above all edges.
    pub to_cents: Option<i64>,
    /// Sessions in the range.
    pub sessions: i64,
}

/// How the prices of sessions are distributed (definitions b5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Distribution {
    /// Sessions with a price; the bins add up to it.
    pub sessions: i64,
    /// Lowest price in cents; nothing without sessions.
    pub min_cents: Option<i64>,
    /// Highest price in cents; nothing without sessions.
    pub max_cents: Option<i64>,
    /// Percentiles in cents; nothing without sessions.
    pub percentiles: Option<Percentiles>,
    /// Width in cents of each bin that has two edges: 1, 2 or 5 times a power of ten; nothing
    /// without sessions.
    pub bin_width_cents: Option<i64>,
    /// At most 50 bins, each beginning where the one before ends; none without sessions.
    ///
    /// The edges are multiples of the width. The first bin is open below and the last above; they
    /// hold what lies outside the bins of the 1st and the 99th percentile, and may be empty.
    pub bins: Vec<Bin>,
}

impl Distribution {
    /// The distribution of the prices, in whatever order they come; a price may come repeatedly.
    #[must_use]
    pub fn of(counts: &[PriceCount]) -> Self {
        let prices = Prices::of(counts);
        let grid = Grid::of(&prices);
        Self {
            sessions: prices.sessions,
            min_cents: prices.counts.keys().next().copied(),
            max_cents: prices.counts.keys().next_back().copied(),
            percentiles: prices.percentiles(),
            bin_width_cents: grid.map(|grid| grid.width_cents),
            bins: grid.map(|grid| grid.bins(&prices)).unwrap_or_default(),
        }
    }
}

/// The sessions of each price, by ascending price.
struct Prices {
    counts: BTreeMap<i64, i64>,
    sessions: i64,
}

impl Prices {
    fn of(counts: &[PriceCount]) -> Self {
        let mut merged = BTreeMap::new();
        for count in counts.iter().filter(|count| count.sessions > 0) {
            *merged.entry(count.price_cents).or_default() += count.sessions;
        }
        Self { sessions: merged.values().sum(), counts: merged }
    }

    /// The smallest price whose cumulative share reaches `percent`; nothing without sessions.
    fn percentile(&self, percent: i64) -> Option<i64> {
        let mut cumulative = 0;
        self.counts
            .iter()
            .find(|(_, sessions)| {
                cumulative += **sessions;
                cumulative * 100 >= self.sessions * percent
            })
            .map(|(price_cents, _)| *price_cents)
    }

    fn percentiles(&self) -> Option<Percentiles> {
        Some(Percentiles {
            p5: self.percentile(5)?,
            p10: self.percentile(10)?,
            p25: self.percentile(25)?,
            p50: self.percentile(50)?,
            p75: self.percentile(75)?,
            p90: self.percentile(90)?,
            p95: self.percentile(95)?,
        })
    }

    /// The bin `[from, to)`; without an edge it is open on that side.
    fn bin(&self, from_cents: Option<i64>, to_cents: Option<i64>) -> Bin {
        let from = from_cents.map_or(Bound::Unbounded, Bound::Included);
        let to = to_cents.map_or(Bound::Unbounded, Bound::Excluded);
        let sessions = self.counts.range((from, to)).map(|(_, sessions)| sessions).sum();
        Bin { from_cents, to_cents, sessions }
    }
}

/// Where the edges of the bins are: at the multiples of the width from `first` to `last`.
///
/// Prices come from clients: sums and products that leave the range of an `i64` stay at its end.
#[derive(Clone, Copy)]
struct Grid {
    width_cents: i64,
    first: i64,
    last: i64,
}

impl Grid {
    /// The grid whose width is the round one nearest to [`width_cents`], or the next that needs
    /// no more than [`BINS_MAX`] bins; nothing without sessions.
    fn of(prices: &Prices) -> Option<Self> {
        let (low, high) = (prices.percentile(1)?, prices.percentile(99)?);
        let wanted = width_cents(prices)?;
        let grid = round_widths()
            .zip(round_widths().skip(1))
            .filter(|(width, next)| is_nearer(wanted, *width, *next))
            .map(|(width, _)| Self::around(low, high, width))
            .find(|grid| grid.last.saturating_sub(grid.first) <= BINS_MAX - OPEN_BINS);
        Some(grid.unwrap_or_else(|| Self::around(low, high, WIDTH_CENTS_MAX)))
    }

    /// The grid whose bins of that width just hold both prices.
    fn around(low_cents: i64, high_cents: i64, width_cents: i64) -> Self {
        let first = low_cents.div_euclid(width_cents);
        let last = high_cents.div_euclid(width_cents).saturating_add(1);
        Self { width_cents, first, last }
    }

    fn edge(self, multiple: i64) -> i64 {
        multiple.saturating_mul(self.width_cents)
    }

    fn bins(self, prices: &Prices) -> Vec<Bin> {
        let below = prices.bin(None, Some(self.edge(self.first)));
        let between = (self.first..self.last)
            .map(|multiple| prices.bin(Some(self.edge(multiple)), Some(self.edge(multiple + 1))));
        let above = prices.bin(Some(self.edge(self.last)), None);
        std::iter::once(below).chain(between).chain([above]).collect()
    }
}

/// The width in cents that suits the prices, not yet round; nothing without sessions.
///
/// Freedman and Diaconis (1981): `2 IQR n^(−1/3)`. Where half of the sessions share one price the
/// interquartile range says nothing: then the range from the 1st to the 99th percentile in
/// Sturges' (1926) `1 + log2 n` parts, and where that is empty too, a hundredth of the price.
#[expect(clippy::cast_precision_loss, reason = "a width is rounded to one digit anyway")]
fn width_cents(prices: &Prices) -> Option<f64> {
    let n = prices.sessions as f64;
    let iqr = prices.percentile(75)?.saturating_sub(prices.percentile(25)?);
    let (low, high) = (prices.percentile(1)?, prices.percentile(99)?);
    Some(if iqr > 0 {
        2.0 * iqr as f64 / n.cbrt()
    } else if high > low {
        high.saturating_sub(low) as f64 / (1.0 + n.log2())
    } else {
        (low as f64).abs() / 100.0
    })
}

/// 1, 2 and 5 times each power of ten, ascending, up to [`WIDTH_CENTS_MAX`].
fn round_widths() -> impl Iterator<Item = i64> {
    (0..=18).flat_map(|exponent| [1, 2, 5].map(|digit| digit * 10_i64.pow(exponent)))
}

/// Whether, by ratio, `wanted` is at least as near to `width` as to `next`, which is larger.
#[expect(clippy::cast_precision_loss, reason = "a width is rounded to one digit anyway")]
fn is_nearer(wanted: f64, width: i64, next: i64) -> bool {
    wanted * wanted <= width as f64 * next as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn distribution(counts: &[(i64, i64)]) -> Distribution {
        let counts: Vec<PriceCount> = counts
            .iter()
            .map(|&(price_cents, sessions)| PriceCount { price_cents, sessions })
            .collect();
        Distribution::of(&counts)
    }

    /// The bins that are not empty, as (from, to, sessions).
    fn filled(distribution: &Distribution) -> Vec<(Option<i64>, Option<i64>, i64)> {
        let bins = distribution.bins.iter().filter(|bin| bin.sessions > 0);
        bins.map(|bin| (bin.from_cents, bin.to_cents, bin.sessions)).collect()
    }

    #[test]
    fn no_sessions_have_no_distribution() {
        for counts in [&[][..], &[(100, 0), (200, -3)]] {
            let none = Distribution {
                sessions: 0,
                min_cents: None,
                max_cents: None,
                percentiles: None,
                bin_width_cents: None,
                bins: Vec::new(),
            };
            assert_eq!(distribution(counts), none);
        }
    }

    #[test]
    fn percentiles_are_the_first_price_that_reaches_the_share() {
        // Twenty prices, one session each: 5 % are reached by exactly the first.
        let prices: Vec<(i64, i64)> = (1..=20).map(|price| (price * 1000, 1)).collect();
        let expected = Percentiles {
            p5: 1000,
            p10: 2000,
            p25: 5000,
            p50: 10_000,
            p75: 15_000,
            p90: 18_000,
            p95: 19_000,
        };
        assert_eq!(distribution(&prices).percentiles, Some(expected));
        // One more, and the share of the first falls short of 5 %.
        let longer: Vec<(i64, i64)> = (1..=21).map(|price| (price * 1000, 1)).collect();
        assert_eq!(distribution(&longer).percentiles.map(|all| all.p5), Some(2000));
    }

    #[test]
    fn the_median_of_two_prices_is_the_lower() {
        let of_two = distribution(&[(300, 1), (100, 1)]);
        assert_eq!(of_two.percentiles.map(|all| (all.p50, all.p75)), Some((100, 300)));
    }

    #[test]
    fn the_width_is_that_of_freedman_and_diaconis_made_round() {
        // n = 8 and the quartiles are 2000 and 6000, so 2 · 4000 / 2 = 4000: nearest is 5000.
        let eight: Vec<(i64, i64)> = (1..=8).map(|price| (price * 1000, 1)).collect();
        let eight = distribution(&eight);
        assert_eq!(eight.bin_width_cents, Some(5000));
        let bins = [
            (None, Some(0), 0),
            (Some(0), Some(5000), 4),
            (Some(5000), Some(10_000), 4),
            (Some(10_000), None, 0),
        ];
        let bins =
            bins.map(|(from_cents, to_cents, sessions)| Bin { from_cents, to_cents, sessions });
        assert_eq!(eight.bins, bins);
    }

    #[test]
    fn the_nearest_round_width_is_nearest_by_ratio() {
        for (wanted, nearest) in [(0.0, 1), (1.41, 1), (1.42, 2), (3.16, 2), (3.17, 5), (7.08, 10)]
        {
            let mut widths = round_widths().zip(round_widths().skip(1));
            let found = widths.find(|(width, next)| is_nearer(wanted, *width, *next));
            assert_eq!(found.map(|(width, _)| width), Some(nearest), "{wanted}");
        }
    }

    #[test]
    fn prices_outside_the_middle_98_percent_are_in_the_open_bins() {
        // n = 1000, IQR = 10 000: 2 · 10 000 / 10 = 2000.
        let spread = [(1, 5), (100_000, 495), (110_000, 495), (9_000_000, 5)];
        let spread = distribution(&spread);
        assert_eq!(spread.bin_width_cents, Some(2000));
        let filled = filled(&spread);
        assert_eq!(
            filled,
            [
                (None, Some(100_000), 5),
                (Some(100_000), Some(102_000), 495),
                (Some(110_000), Some(112_000), 495),
                (Some(112_000), None, 5),
            ]
        );
    }

    #[test]
    fn one_price_is_one_bin_of_about_a_hundredth() {
        let one = distribution(&[(18_500_000, 3)]);
        assert_eq!(one.bin_width_cents, Some(200_000));
        assert_eq!(filled(&one), [(Some(18_400_000), Some(18_600_000), 3)]);
        assert_eq!(one.bins.len(), 3);
        assert_eq!(distribution(&[(0, 1)]).bin_width_cents, Some(1));
    }

    #[test]
    fn a_price_that_most_share_does_not_hide_the_others() {
        // IQR = 0, n = 16: the range of 50 000 in 1 + 4 parts.
        let shared = distribution(&[(100_000, 2), (120_000, 12), (150_000, 2)]);
        assert_eq!(shared.bin_width_cents, Some(10_000));
        assert_eq!(filled(&shared).len(), 3);
    }

    #[test]
    fn a_narrow_middle_with_long_tails_gets_wider_bins_not_more() {
        // n = 1090, IQR = 100 000: 2 · 100 000 / 10.3 ≈ 20 000 would need 477 bins.
        let tails: Vec<(i64, i64)> = (0..100)
            .map(|step| (step * 100_000, if [49, 50].contains(&step) { 300 } else { 5 }))
            .collect();
        let tails = distribution(&tails);
        assert_eq!((tails.bin_width_cents, tails.bins.len()), (Some(200_000), 50));
    }

    #[test]
    fn negative_prices_lie_in_bins_too() {
        let below = distribution(&[(-1000, 4), (1000, 4)]);
        assert_eq!(below.bin_width_cents, Some(2000));
        assert_eq!(filled(&below), [(Some(-2000), Some(0), 4), (Some(0), Some(2000), 4)]);
    }

    #[test]
    fn the_largest_and_smallest_prices_are_counted() {
        let extremes = distribution(&[(i64::MIN, 1), (0, 2), (i64::MAX, 1)]);
        assert_eq!(extremes.bins.iter().map(|bin| bin.sessions).sum::<i64>(), 4);
        assert_eq!((extremes.min_cents, extremes.max_cents), (Some(i64::MIN), Some(i64::MAX)));
        for price in [i64::MIN, i64::MAX] {
            assert_eq!(filled(&distribution(&[(price, 1)])).len(), 1);
        }
    }

    #[test]
    fn the_wire_names_are_camel_case() {
        let value = serde_json::to_value(distribution(&[(5, 1)])).unwrap();
        assert_eq!(value["minCents"], 5);
        assert_eq!(value["binWidthCents"], 1);
        assert_eq!(value["percentiles"]["p50"], 5);
        assert_eq!(value["bins"][1]["fromCents"], 5);
        assert!(value["bins"][0]["fromCents"].is_null());
    }

    /// Prices of several shapes: anywhere, on few points, and mostly one with far outliers.
    fn counts() -> impl Strategy<Value = Vec<(i64, i64)>> {
        let price = prop_oneof![
            5_000_000_i64..50_000_000,
            (0_i64..8).prop_map(|step| step * 1_250_000),
            Just(18_888_800_i64),
            -1_000_i64..1_000_000_000_000,
        ];
        prop::collection::vec((price, 0_i64..500), 0..120)
    }

    fn is_round(width: i64) -> bool {
        let mut digit = width;
        while digit % 10 == 0 {
            digit /= 10;
        }
        [1, 2, 5].contains(&digit)
    }

    fn holds(bin: &Bin, price: i64) -> bool {
        bin.from_cents.is_none_or(|from| from <= price) && bin.to_cents.is_none_or(|to| price < to)
    }

    proptest! {
        #[test]
        fn the_bins_add_up_to_the_sessions(counts in counts()) {
            let distribution = distribution(&counts);
            let sessions: i64 = counts.iter().map(|(_, sessions)| sessions).sum();
            prop_assert_eq!(distribution.sessions, sessions);
            let binned: i64 = distribution.bins.iter().map(|bin| bin.sessions).sum();
            prop_assert_eq!(binned, sessions);
        }

        #[test]
        fn every_price_is_counted_in_exactly_one_bin(counts in counts()) {
            let distribution = distribution(&counts);
            for (price, _) in counts.iter().filter(|(_, sessions)| *sessions > 0) {
                let found = distribution.bins.iter().filter(|bin| holds(bin, *price)).count();
                prop_assert_eq!(found, 1, "{}", price);
            }
            for bin in &distribution.bins {
                let inside = counts.iter().filter(|(price, _)| holds(bin, *price));
                prop_assert_eq!(inside.map(|(_, sessions)| sessions).sum::<i64>(), bin.sessions);
            }
        }

        #[test]
        fn bins_are_contiguous_few_and_on_multiples_of_a_round_width(counts in counts()) {
            let distribution = distribution(&counts);
            let Some(width) = distribution.bin_width_cents else {
                prop_assert!(distribution.bins.is_empty() && distribution.sessions == 0);
                return Ok(());
            };
            prop_assert!(is_round(width), "{}", width);
            let bins = &distribution.bins;
            prop_assert!((3..=50).contains(&bins.len()), "{}", bins.len());
            prop_assert_eq!(bins.first().and_then(|bin| bin.from_cents), None);
            prop_assert_eq!(bins.last().and_then(|bin| bin.to_cents), None);
            for (bin, next) in bins.iter().zip(bins.iter().skip(1)) {
                let edge = bin.to_cents.unwrap();
                prop_assert_eq!(next.from_cents, Some(edge));
                prop_assert_eq!(edge % width, 0);
                prop_assert!(bin.from_cents.is_none_or(|from| edge - from == width));
            }
        }

        #[test]
        fn the_open_bins_hold_at_most_a_hundredth_each(counts in counts()) {
            let distribution = distribution(&counts);
            for bin in distribution.bins.first().iter().chain(&distribution.bins.last()) {
                prop_assert!(bin.sessions * 100 <= distribution.sessions);
            }
        }

        #[test]
        fn percentiles_are_prices_that_occur_and_never_decrease(counts in counts()) {
            let distribution = distribution(&counts);
            if let Some(all) = distribution.percentiles {
                let ladder = [
                    distribution.min_cents.unwrap(),
                    all.p5, all.p10, all.p25, all.p50, all.p75, all.p90, all.p95,
                    distribution.max_cents.unwrap(),
                ];
                prop_assert!(ladder.is_sorted(), "{:?}", ladder);
                for price in ladder {
                    prop_assert!(counts.iter().any(|count| count.0 == price && count.1 > 0));
                }
            }
        }

        #[test]
        fn a_percentile_reaches_its_share_and_the_price_before_does_not(counts in counts()) {
            if let Some(all) = distribution(&counts).percentiles {
                let n: i64 = counts.iter().map(|(_, sessions)| sessions).sum();
                for (percent, found) in [(5, all.p5), (25, all.p25), (50, all.p50), (95, all.p95)] {
                    let share = |below: &dyn Fn(i64) -> bool| -> i64 {
                        counts.iter().filter(|count| below(count.0)).map(|count| count.1).sum()
                    };
                    prop_assert!(share(&|price| price <= found) * 100 >= n * percent);
                    prop_assert!(share(&|price| price < found) * 100 < n * percent);
                }
            }
        }

        #[test]
        fn neither_order_nor_splitting_a_count_matters(
            (counts, shuffled) in counts()
                .prop_flat_map(|counts| (Just(counts.clone()), Just(counts).prop_shuffle())),
            part in 0_i64..500,
        ) {
            let mut split = shuffled;
            if let Some((price, sessions)) = split.pop() {
                let part = part.min(sessions);
                split.insert(0, (price, part));
                split.push((price, sessions - part));
            }
            prop_assert_eq!(distribution(&split), distribution(&counts));
        }
    }
}
