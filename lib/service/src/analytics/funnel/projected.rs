//! The configurator funnel of visits as it is projected: sums and histograms, whatever the range.

use chrono::{DateTime, Utc};
use nest_haus_domain::analytics::funnel::{StepReport, StepTimes, TrendPoint};
use nest_haus_domain::analytics::{
    Bucket, FUNNEL_STEPS, Interval, Period, Populations, Rate, Zone, buckets,
};
use sqlx::PgTransaction;

use super::fold::{Folded, OVER_AFTER};
use super::store;

/// Visits that are looked at of those that came no further than a step.
const DROPPED_MAX: i64 = 100;

/// Counts a period.
pub(super) async fn count(
    tx: &mut PgTransaction<'_>,
    (period, zone, interval): (Period, Zone, Interval),
    populations: Populations,
    now: DateTime<Utc>,
) -> Result<Folded, sqlx::Error> {
    let buckets = buckets(period, interval, zone, now);
    let series = store::series(tx, &buckets, populations).await?;
    let under_way = store::under_way(tx, period, now - OVER_AFTER, populations).await?;
    let level = |visit: &store::UnderWay| usize::try_from(visit.level).unwrap_or(0);
    let reached =
        |step: usize| number(under_way.iter().filter(|visit| level(visit) > step).count());
    let point = |(bucket, entered): (&Bucket, Vec<i64>)| {
        let inside = |at: DateTime<Utc>| at >= bucket.period.from && at < bucket.period.to;
        let incomplete = under_way.iter().filter(|visit| inside(visit.started_at)).count();
        TrendPoint { bucket: *bucket, entered, incomplete: number(incomplete) }
    };
    Ok(Folded {
        steps: steps(tx, period, populations).await?,
        trend: buckets.iter().zip(series).map(point).collect(),
        incomplete: (0..FUNNEL_STEPS.len()).map(reached).collect(),
        breakdown: Vec::new(),
        excluded: 0,
        unattributed: 0,
        dropped: store::dropped(tx, period, populations, DROPPED_MAX).await?,
    })
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The steps of a period.
pub(super) async fn steps(
    tx: &mut PgTransaction<'_>,
    period: Period,
    populations: Populations,
) -> Result<Vec<StepReport>, sqlx::Error> {
    let sums = store::sums(tx, period, populations).await?;
    let times = store::times(tx, period, populations).await?;
    let of = |metric: String| {
        let found = times.iter().find(|(name, _)| *name == metric);
        found.map_or_else(StepTimes::default, |(_, histogram)| StepTimes::of_histogram(histogram))
    };
    let step = |index: usize| {
        let (entered, before) = (sums[index], sums[index.saturating_sub(1)]);
        let place = index + 1;
        let from_start = if place == 2 { "step_2".to_owned() } else { format!("start_{place}") };
        StepReport {
            entered,
            conversion_rate: Rate::new(entered, sums[0]),
            step_conversion_rate: Rate::new(entered, before),
            dropped: before - entered,
            from_previous: of(format!("step_{place}")),
            from_start: of(from_start),
        }
    };
    Ok((0..sums.len()).map(step).collect())
}
