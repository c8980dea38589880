//! The configurator funnel of visits as it is projected: sums and histograms, whatever the range.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use nest_haus_domain::analytics::funnel::{StepReport, StepTimes, TrendPoint};
use nest_haus_domain::analytics::{
    Bucket, FUNNEL_STEPS, Histogram, Interval, Period, Populations, Rate, Zone, buckets,
};
use sqlx::{PgConnection, PgTransaction};

use super::fold::{Folded, OVER_AFTER};
use super::store::{self, Next, UnderWay};
use crate::analytics::range::Range;
use crate::analytics::sums::{histograms, sums};

/// Visits that are looked at of those that came no further than a step.
const DROPPED_MAX: i64 = 50;

/// The metrics of how long visits took to each step, from the one before and from the first.
const TIMES: [(&str, &str); FUNNEL_STEPS.len()] = [
    ("", ""),
    ("step_2", "step_2"),
    ("step_3", "start_3"),
    ("step_4", "start_4"),
    ("step_5", "start_5"),
];

/// Counts a period.
pub(super) async fn count(
    tx: &mut PgTransaction<'_>,
    (period, zone, interval): (Period, Zone, Interval),
    populations: Populations,
    now: DateTime<Utc>,
) -> Result<Folded, sqlx::Error> {
    let buckets = buckets(period, interval, zone, now);
    let parts = buckets.iter().map(|bucket| bucket.period);
    let periods: Vec<Period> = std::iter::once(period).chain(parts).collect();
    let mut reached = sums(tx, &periods, populations).await?.into_iter().map(|sums| sums.reached);
    let entered = reached.next().unwrap_or_default();
    let metrics: Vec<&str> = TIMES.iter().flat_map(|(before, start)| [*before, *start]).collect();
    let times = histograms(tx, period, populations, &metrics).await?;
    let under_way = store::under_way(tx, period, now - OVER_AFTER, populations).await?;
    let point = |(bucket, entered): (&Bucket, Vec<i64>)| {
        let inside = |at: DateTime<Utc>| at >= bucket.period.from && at < bucket.period.to;
        let incomplete = under_way.iter().filter(|visit| inside(visit.started_at)).count();
        TrendPoint { bucket: *bucket, entered, incomplete: number(incomplete) }
    };
    let incomplete = |step: usize| {
        let level = |visit: &&UnderWay| usize::try_from(visit.level).unwrap_or(0);
        number(under_way.iter().filter(|visit| level(visit) > step).count())
    };
    Ok(Folded {
        steps: (0..entered.len()).map(|step| report(&entered, &times, step)).collect(),
        trend: buckets.iter().zip(reached).map(point).collect(),
        incomplete: (0..entered.len()).map(incomplete).collect(),
        breakdown: Vec::new(),
        excluded: 0,
        unattributed: 0,
        dropped: store::dropped(tx, period, populations, DROPPED_MAX).await?,
    })
}

/// What the latest visits did next that came no further than a step.
pub(super) async fn next_events(
    db: &mut PgConnection,
    range: &Range,
) -> Result<Vec<Next>, sqlx::Error> {
    store::next_events_of_visits(db, range.period, range.populations, DROPPED_MAX).await
}

fn report(entered: &[i64], times: &BTreeMap<String, Histogram>, step: usize) -> StepReport {
    let of = |metric: &str| times.get(metric).map(StepTimes::of_histogram).unwrap_or_default();
    let (here, before) = (entered[step], entered[step.saturating_sub(1)]);
    let (from_previous, from_start) = TIMES[step];
    StepReport {
        entered: here,
        conversion_rate: Rate::new(here, entered[0]),
        step_conversion_rate: Rate::new(here, before),
        dropped: before - here,
        from_previous: of(from_previous),
        from_start: of(from_start),
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
