//! Which visits a conversion is owed to (definitions b8).

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

/// The value that all values beyond those listed count for.
pub const OTHER: &str = "(other)";

/// Most values that credits are kept for.
pub const VALUES_MAX: usize = 1000;

/// A touch half as old counts twice as much.
const HALF_LIFE: TimeDelta = TimeDelta::days(7);

/// What the first and the last of several touches get by position.
const POSITION_END: f64 = 0.4;

/// What counts as a conversion (definitions b3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Conversion {
    /// Something was put into the cart, or a configuration was completed.
    #[default]
    Micro,
    /// An inquiry or an appointment.
    Lead,
    /// A payment that the provider confirmed.
    Macro,
}

impl Conversion {
    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Micro => "micro",
            Self::Lead => "lead",
            Self::Macro => "macro",
        }
    }

    /// The event of a visit that says that it converted.
    #[must_use]
    pub const fn visit_event(self) -> &'static str {
        match self {
            Self::Micro => "micro",
            Self::Lead => "lead",
            Self::Macro => "order",
        }
    }
}

/// How a conversion is divided among the touches before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// All to the first touch.
    First,
    /// All to the last touch.
    Last,
    /// All to the last touch that was not direct; to the last where all were direct.
    LastNonDirect,
    /// The same to every touch.
    Linear,
    /// 40 % each to the first and the last, the rest to those between; two touches get half each.
    Position,
    /// By `2^(-age / 7 days)`.
    TimeDecay,
}

impl Model {
    /// Every model.
    pub const ALL: [Self; 6] = [
        Self::First,
        Self::Last,
        Self::LastNonDirect,
        Self::Linear,
        Self::Position,
        Self::TimeDecay,
    ];

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Last => "last",
            Self::LastNonDirect => "lastNonDirect",
            Self::Linear => "linear",
            Self::Position => "position",
            Self::TimeDecay => "timeDecay",
        }
    }
}

/// A visit before a conversion.
#[derive(Debug, Clone, PartialEq)]
pub struct VisitTouch {
    /// When the visit began.
    pub at: DateTime<Utc>,
    /// Whether nothing is known of where it came from.
    pub direct: bool,
    /// The channel, source, medium or campaign that is credited.
    pub value: String,
}

/// What share of a conversion each touch gets, given the touches from the oldest to the latest.
/// Shares add up to 1 where there is a touch.
#[must_use]
pub fn shares(model: Model, touches: &[VisitTouch], converted_at: DateTime<Utc>) -> Vec<f64> {
    let Some(last) = touches.len().checked_sub(1) else { return Vec::new() };
    let only = |index: usize| (0..=last).map(|i| if i == index { 1.0 } else { 0.0 }).collect();
    match model {
        Model::First => only(0),
        Model::Last => only(last),
        Model::LastNonDirect => only(touches.iter().rposition(|t| !t.direct).unwrap_or(last)),
        Model::Linear => in_proportion(&vec![1.0; touches.len()]),
        Model::Position => in_proportion(&positions(touches.len())),
        Model::TimeDecay => in_proportion(&decayed(touches, converted_at)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "few touches")]
fn positions(touches: usize) -> Vec<f64> {
    let between = (1.0 - 2.0 * POSITION_END) / touches.saturating_sub(2).max(1) as f64;
    let end = |index| index == 0 || index + 1 == touches;
    (0..touches).map(|index| if end(index) { POSITION_END } else { between }).collect()
}

/// Weights by age, relative to the latest touch, so that old touches do not all vanish.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of a few years")]
fn decayed(touches: &[VisitTouch], converted_at: DateTime<Utc>) -> Vec<f64> {
    let latest = touches.last().map_or(converted_at, |touch| touch.at);
    let half_lives = |touch: &VisitTouch| {
        (latest - touch.at).num_milliseconds() as f64 / HALF_LIFE.num_milliseconds() as f64
    };
    touches.iter().map(|touch| (-half_lives(touch)).exp2()).collect()
}

fn in_proportion(weights: &[f64]) -> Vec<f64> {
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

/// Divides an amount by shares that add up to 1, by largest remainder: the parts add up to the
/// amount exactly, and each is less than a cent from its share. Of equal remainders the first wins.
#[must_use]
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "cents < 2^52")]
pub fn divide_cents(cents: i64, shares: &[f64]) -> Vec<i64> {
    let quotas: Vec<f64> = shares.iter().map(|share| cents as f64 * share).collect();
    let mut parts: Vec<i64> = quotas.iter().map(|quota| quota.floor() as i64).collect();
    let left = if parts.is_empty() { 0 } else { cents - parts.iter().sum::<i64>() };
    let mut order: Vec<usize> = (0..parts.len()).collect();
    let remainder = |index: usize| quotas.get(index).map_or(0.0, |quota| quota - quota.floor());
    order.sort_by(|a, b| remainder(*b).total_cmp(&remainder(*a)));
    // Rounding of the quotas may have given a cent too many: it is taken from the least remainder.
    if left < 0 {
        order.reverse();
    }
    for index in order.into_iter().cycle().take(usize::try_from(left.abs()).unwrap_or(0)) {
        if let Some(part) = parts.get_mut(index) {
            *part += left.signum();
        }
    }
    parts
}

/// What one value is credited with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Credit {
    /// Conversions, in parts of one.
    pub conversions: f64,
    /// Revenue, in cents.
    pub revenue_cents: i64,
}

impl Credit {
    /// Adds to it.
    pub fn add(&mut self, other: Self) {
        self.conversions += other.conversions;
        self.revenue_cents += other.revenue_cents;
    }
}

/// Credits of each value, in the order of [`Model::ALL`].
pub type Credited = [Credit; Model::ALL.len()];

/// Conversions and what they are owed to. Its size depends on the number of values alone.
#[derive(Debug, Default)]
pub struct Attribution {
    /// Conversions with a touch.
    pub attributed: Total,
    /// Conversions without any.
    pub unattributable: Total,
    values: HashMap<String, Credited>,
}

/// A number of conversions and their revenue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = ConversionTotal))]
#[serde(rename_all = "camelCase")]
pub struct Total {
    /// Conversions.
    pub conversions: i64,
    /// Revenue, in cents.
    pub revenue_cents: i64,
}

impl Total {
    fn add(&mut self, other: Self) {
        self.conversions += other.conversions;
        self.revenue_cents += other.revenue_cents;
    }
}

impl Attribution {
    /// Notes conversions that have the same touches, from the oldest to the latest.
    pub fn note(&mut self, touches: &[VisitTouch], converted_at: DateTime<Utc>, total: Total) {
        if touches.is_empty() {
            return self.unattributable.add(total);
        }
        self.attributed.add(total);
        for (touch, credits) in touches.iter().zip(divide(touches, converted_at, total)) {
            add(self.credited(&touch.value), &credits);
        }
    }

    fn credited(&mut self, value: &str) -> &mut Credited {
        let full = self.values.len() >= VALUES_MAX && !self.values.contains_key(value);
        let value = if full { OTHER } else { value };
        self.values.entry(value.to_owned()).or_default()
    }

    /// Takes out what a value is credited with.
    pub fn take(&mut self, value: &str) -> Credited {
        self.values.remove(value).unwrap_or_default()
    }

    /// Takes out what all remaining values are credited with, together.
    pub fn take_rest(&mut self) -> Credited {
        let mut rest = Credited::default();
        for (_, credited) in self.values.drain() {
            add(&mut rest, &credited);
        }
        rest
    }

    /// The values that are credited, most credited by the linear model first.
    #[must_use]
    pub fn ranked(&self) -> Vec<String> {
        let linear = |value: &String| {
            let credited = self.values.get(value);
            credited
                .and_then(|credited| credited.get(Model::Linear as usize))
                .map_or(0.0, |c| c.conversions)
        };
        let mut values: Vec<String> = self.values.keys().cloned().collect();
        values.sort_by(|a, b| linear(b).total_cmp(&linear(a)).then_with(|| a.cmp(b)));
        values
    }
}

/// What each touch is credited with.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn divide(touches: &[VisitTouch], converted_at: DateTime<Utc>, total: Total) -> Vec<Credited> {
    let mut credited = vec![Credited::default(); touches.len()];
    for (model, of_model) in Model::ALL.into_iter().enumerate() {
        let shares = shares(of_model, touches, converted_at);
        let parts = divide_cents(total.revenue_cents, &shares);
        for ((credited, share), revenue_cents) in credited.iter_mut().zip(shares).zip(parts) {
            if let Some(credit) = credited.get_mut(model) {
                *credit = Credit { conversions: share * total.conversions as f64, revenue_cents };
            }
        }
    }
    credited
}

/// Adds credits model by model.
fn add(sum: &mut Credited, credited: &Credited) {
    for (sum, credit) in sum.iter_mut().zip(credited) {
        sum.add(*credit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(days: f64) -> DateTime<Utc> {
        #[expect(clippy::cast_possible_truncation, reason = "few days")]
        let seconds = (days * 86_400.0) as i64;
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    fn touches(values: &[(f64, &str)]) -> Vec<VisitTouch> {
        let touch = |(days, value): &(f64, &str)| VisitTouch {
            at: at(*days),
            direct: *value == "direct",
            value: (*value).to_owned(),
        };
        values.iter().map(touch).collect()
    }

    fn one(revenue_cents: i64) -> Total {
        Total { conversions: 1, revenue_cents }
    }

    fn close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
        }
    }

    #[test]
    fn models_divide_as_their_names_say() {
        let path = touches(&[(0.0, "search"), (7.0, "mail"), (14.0, "direct")]);
        let of = |model| shares(model, &path, at(14.0));
        close(&of(Model::First), &[1.0, 0.0, 0.0]);
        close(&of(Model::Last), &[0.0, 0.0, 1.0]);
        close(&of(Model::LastNonDirect), &[0.0, 1.0, 0.0]);
        close(&of(Model::Linear), &[1.0 / 3.0; 3]);
        close(&of(Model::Position), &[0.4, 0.2, 0.4]);
        close(&of(Model::TimeDecay), &[1.0 / 7.0, 2.0 / 7.0, 4.0 / 7.0]);
    }

    #[test]
    fn one_touch_gets_all_and_two_share_by_position() {
        let path = touches(&[(0.0, "direct"), (1.0, "direct"), (2.0, "a"), (3.0, "b"), (4.0, "c")]);
        close(&shares(Model::Position, &path[..1], at(9.0)), &[1.0]);
        close(&shares(Model::Position, &path[..2], at(9.0)), &[0.5, 0.5]);
        close(
            &shares(Model::Position, &path, at(9.0)),
            &[0.4, 0.2 / 3.0, 0.2 / 3.0, 0.2 / 3.0, 0.4],
        );
        close(&shares(Model::LastNonDirect, &path[..2], at(9.0)), &[0.0, 1.0]);
    }

    #[test]
    fn touches_of_long_ago_still_share_a_conversion() {
        let path = touches(&[(0.0, "a"), (0.0, "b")]);
        close(&shares(Model::TimeDecay, &path, at(90_000.0)), &[0.5, 0.5]);
    }

    #[test]
    fn cents_that_cannot_be_divided_go_to_the_largest_remainders() {
        assert_eq!(divide_cents(100, &[1.0 / 3.0; 3]), [34, 33, 33]);
        assert_eq!(divide_cents(10, &[0.45, 0.33, 0.22]), [5, 3, 2]);
        assert_eq!(divide_cents(-100, &[1.0 / 3.0; 3]).iter().sum::<i64>(), -100);
        assert_eq!(divide_cents(5, &[]), [0; 0]);
    }

    #[test]
    fn conversions_without_touches_are_shown_as_such() {
        let mut all = Attribution::default();
        all.note(&[], at(1.0), one(500));
        all.note(&touches(&[(0.0, "mail")]), at(1.0), one(300));
        assert_eq!(all.unattributable, Total { conversions: 1, revenue_cents: 500 });
        assert_eq!(all.attributed, Total { conversions: 1, revenue_cents: 300 });
        let mail = all.take("mail");
        assert!(mail.iter().all(|c| *c == Credit { conversions: 1.0, revenue_cents: 300 }));
    }

    #[test]
    fn conversions_that_are_alike_are_credited_together() {
        let (mut each, mut together) = (Attribution::default(), Attribution::default());
        let path = touches(&[(0.0, "mail"), (7.0, "direct")]);
        for _ in 0..4 {
            each.note(&path, at(8.0), one(600));
        }
        together.note(&path, at(8.0), Total { conversions: 4, revenue_cents: 2400 });
        assert_eq!(each.attributed, together.attributed);
        assert_eq!(each.take("mail"), together.take("mail"));
        assert_eq!(each.take_rest(), together.take_rest());
    }

    #[test]
    fn values_beyond_the_bound_count_together() {
        let mut all = Attribution::default();
        for campaign in 0..VALUES_MAX + 5 {
            all.note(&touches(&[(0.0, &campaign.to_string())]), at(1.0), one(1));
        }
        assert_eq!(all.take(OTHER)[0].revenue_cents, 5);
        assert_eq!(all.take_rest()[0].revenue_cents, i64::try_from(VALUES_MAX).unwrap());
    }

    fn any_path() -> impl Strategy<Value = Vec<VisitTouch>> {
        let touch = (0.0_f64..90.0, 0_usize..4);
        proptest::collection::vec(touch, 1..12).prop_map(|mut path| {
            path.sort_by(|a, b| a.0.total_cmp(&b.0));
            let named: Vec<(f64, &str)> =
                path.iter().map(|(day, n)| (*day, ["direct", "a", "b", "c"][*n])).collect();
            touches(&named)
        })
    }

    proptest! {
        #[test]
        fn a_conversion_is_credited_once(path in any_path()) {
            for model in Model::ALL {
                let shares = shares(model, &path, at(90.0));
                prop_assert_eq!(shares.len(), path.len());
                prop_assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)));
                prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            }
        }

        #[test]
        fn parts_add_up_and_are_near_their_shares(
            cents in -10_000_000_000_i64..10_000_000_000,
            weights in proptest::collection::vec(0.001_f64..1.0, 1..30)
        ) {
            let shares = in_proportion(&weights);
            let parts = divide_cents(cents, &shares);
            prop_assert_eq!(parts.iter().sum::<i64>(), cents);
            for (part, share) in parts.iter().zip(shares) {
                #[expect(clippy::cast_precision_loss, reason = "cents < 2^52")]
                let off = (*part as f64 - cents as f64 * share).abs();
                prop_assert!(off < 1.0 + 1e-5, "{}", off);
            }
        }

        #[test]
        fn no_cent_is_lost_or_made(
            conversions in proptest::collection::vec((any_path(), 0_i64..100_000_000), 0..20)
        ) {
            let mut all = Attribution::default();
            for (path, cents) in &conversions {
                all.note(path, at(90.0), one(*cents));
            }
            let revenue: i64 = conversions.iter().map(|(_, cents)| cents).sum();
            let rest = all.take_rest();
            for credit in rest {
                prop_assert_eq!(credit.revenue_cents, revenue);
                #[expect(clippy::cast_precision_loss, reason = "few")]
                let expected = conversions.len() as f64;
                prop_assert!((credit.conversions - expected).abs() < 1e-9);
            }
        }

        #[test]
        fn recent_touches_never_get_less_by_time(path in any_path()) {
            let shares = shares(Model::TimeDecay, &path, at(90.0));
            prop_assert!(shares.windows(2).all(|pair| pair[0] <= pair[1]));
        }
    }
}
