//! Whether a number is far from what is usual at its hour or weekday (definitions b15).
//!
//! The robust z-score is |x - median| / (1.4826 MAD), MAD being the median absolute deviation. Where that
//! is zero, more than half of the values being the same, the mean absolute deviation takes its place:
//! |x - median| / (1.253314 `MeanAD`) (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993).

/// A smaller median says nothing.
const MEDIAN_MIN: f64 = 20.0;

/// A smaller relative move is none.
const MOVE_MIN: f64 = 0.5;

/// Makes the MAD of a normal distribution its standard deviation.
const MAD_SCALE: f64 = 1.4826;

/// Makes the mean absolute deviation of a normal distribution its standard deviation.
const MEAN_SCALE: f64 = 1.253_314;

/// The score of what moved where nothing ever did.
const SCORE_MAX: f64 = 99.0;

/// What a number is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// An hour, compared with the same hour of the days of four weeks.
    Hour,
    /// A day, compared with the same weekday of eight weeks.
    Day,
}

impl Grain {
    /// The name in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// Numbers that it is compared with.
    #[must_use]
    pub const fn points(self) -> usize {
        match self {
            Self::Hour => 28,
            Self::Day => 8,
        }
    }

    /// Fewer say nothing.
    const fn points_min(self) -> usize {
        match self {
            Self::Hour => 12,
            Self::Day => 6,
        }
    }
}

/// How unusual a number is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// The robust z-score; zero where the move is less than half of the usual.
    pub z: f64,
    /// What is usual.
    pub median: f64,
    /// The move, as a share of the usual.
    pub relative: f64,
    /// Whether there is nothing where there always is something.
    pub is_drop_to_zero: bool,
}

/// How unusual a number is, given those that it is compared with; nothing where they say nothing.
#[must_use]
pub fn score(value: f64, baseline: &[f64], grain: Grain) -> Option<Score> {
    let median = median(baseline)?;
    if baseline.len() < grain.points_min() || median < MEDIAN_MIN {
        return None;
    }
    let relative = (value - median) / median;
    let z = if relative.abs() < MOVE_MIN { 0.0 } else { robust_z(value, median, baseline) };
    Some(Score { z, median, relative, is_drop_to_zero: value <= 0.0 })
}

fn robust_z(value: f64, median: f64, baseline: &[f64]) -> f64 {
    let deviations: Vec<f64> = baseline.iter().map(|point| (point - median).abs()).collect();
    let mad = self::median(&deviations).unwrap_or(0.0) * MAD_SCALE;
    #[expect(clippy::cast_precision_loss, reason = "few values")]
    let mean = deviations.iter().sum::<f64>() / deviations.len().max(1) as f64 * MEAN_SCALE;
    let spread = if mad > 0.0 { mad } else { mean };
    let z = (value - median).abs() / spread;
    // Where all values are the same there is no spread, and the quotient no number.
    if z.is_finite() { z.min(SCORE_MAX) } else { SCORE_MAX }
}

/// The middle of some numbers; nothing where there are none.
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len().is_multiple_of(2) {
        let lower = sorted.get(middle.checked_sub(1)?)?;
        Some(f64::midpoint(*lower, upper))
    } else {
        Some(upper)
    }
}

/// A part of a number: visits by one device, for example.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// What the part has in common.
    pub name: String,
    /// The part now.
    pub value: f64,
    /// The part at the times that the whole is compared with.
    pub baseline: Vec<f64>,
}

impl Segment {
    /// What is usual.
    #[must_use]
    pub fn median(&self) -> f64 {
        median(&self.baseline).unwrap_or(0.0)
    }
}

/// The part that moved most in the direction in which the whole moved; of equal ones the first by name.
/// Nothing where none did.
#[must_use]
pub fn largest_move(segments: &[Segment], relative: f64) -> Option<&Segment> {
    let moved = |segment: &Segment| (segment.value - segment.median()) * relative.signum();
    let mut sorted: Vec<&Segment> = segments.iter().filter(|part| moved(part) > 0.0).collect();
    sorted.sort_by(|a, b| moved(b).total_cmp(&moved(a)).then_with(|| a.name.cmp(&b.name)));
    sorted.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A worked example: median 100, MAD 10, so that 200 scores 100 / 14.826.
    const USUAL: [f64; 12] =
        [100.0, 110.0, 90.0, 100.0, 120.0, 80.0, 110.0, 90.0, 100.0, 105.0, 95.0, 100.0];

    #[test]
    fn a_score_is_the_distance_in_robust_deviations() {
        let found = score(200.0, &USUAL, Grain::Hour).unwrap();
        assert_eq!((found.median, found.relative), (100.0, 1.0));
        assert!((found.z - 100.0 / (1.4826 * 7.5)).abs() < 1e-9, "{found:?}");
        assert!(!found.is_drop_to_zero);
    }

    #[test]
    fn a_move_of_less_than_half_scores_nothing() {
        assert!(score(149.0, &USUAL, Grain::Hour).unwrap().z < 1e-9);
        assert!(score(150.0, &USUAL, Grain::Hour).unwrap().z > 3.5);
        assert!(score(50.0, &USUAL, Grain::Hour).unwrap().z > 3.5);
    }

    #[test]
    fn few_points_and_small_numbers_say_nothing() {
        assert_eq!(score(500.0, &USUAL[..11], Grain::Hour), None);
        assert!(score(500.0, &USUAL[..6], Grain::Day).is_some());
        assert_eq!(score(500.0, &USUAL[..5], Grain::Day), None);
        assert_eq!(score(500.0, &[19.9; 30], Grain::Hour), None);
        assert!(score(500.0, &[20.0; 30], Grain::Hour).is_some());
        assert_eq!(score(1.0, &[], Grain::Day), None);
    }

    #[test]
    fn where_most_values_are_the_same_the_mean_deviation_counts() {
        let mut same = [100.0; 12];
        assert!(score(160.0, &same, Grain::Hour).unwrap().z >= SCORE_MAX);
        assert!(score(100.0, &same, Grain::Hour).unwrap().z < 1e-9);
        same[0] = 220.0;
        let found = score(160.0, &same, Grain::Hour).unwrap();
        assert!((found.z - 60.0 / (1.253_314 * 10.0)).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn zero_is_a_drop_to_zero() {
        assert!(score(0.0, &USUAL, Grain::Hour).unwrap().is_drop_to_zero);
    }

    fn segment(name: &str, value: f64, usual: f64) -> Segment {
        Segment { name: name.to_owned(), value, baseline: vec![usual; 3] }
    }

    #[test]
    fn a_move_is_owed_to_the_part_that_moved_most_its_way() {
        let parts = [
            segment("mobile", 10.0, 80.0),
            segment("desktop", 90.0, 20.0),
            segment("tablet", 1.0, 9.0),
        ];
        assert_eq!(largest_move(&parts, -0.5).unwrap().name, "mobile");
        assert_eq!(largest_move(&parts, 0.5).unwrap().name, "desktop");
        assert_eq!(largest_move(&parts[..1], 0.5), None);
    }

    proptest! {
        #[test]
        fn the_order_of_the_past_does_not_matter(
            mut points in proptest::collection::vec(20.0_f64..500.0, 12..40), value in 0.0_f64..2000.0
        ) {
            let before = score(value, &points, Grain::Hour);
            points.reverse();
            prop_assert_eq!(before, score(value, &points, Grain::Hour));
        }

        #[test]
        fn a_score_is_a_number_and_grows_with_the_distance(
            points in proptest::collection::vec(20.0_f64..500.0, 12..40), value in 0.0_f64..2000.0
        ) {
            let found = score(value, &points, Grain::Hour).unwrap();
            prop_assert!((0.0..=SCORE_MAX).contains(&found.z));
            let further = found.median + (value - found.median) * 2.0;
            prop_assert!(score(further, &points, Grain::Hour).unwrap().z >= found.z);
        }
    }
}
