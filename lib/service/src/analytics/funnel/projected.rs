//! The configurator funnel of visits as it is projected: sums and histograms, whatever the range.

use chrono::{DateTime, Utc};
use nest_haus_domain::analytics::funnel::{StepReport, StepTimes, TrendPoint};
use nest_haus_domain::analytics::{
    Bucket, FUNNEL_STEPS, Histogram, Interval, Period, Populations, Rate, Zone, buckets,
};
use sqlx::PgTransaction;

use super::fold::{Folded, OVER_AFTER};
use super::store::{self, UnderWay};

/// Visits that are looked at of those that came no further than a step.
const DROPPED_MAX: i64 = 50;

/// Counts a period.
pub(super) async fn count(
    tx: &mut PgTransaction<'_>,
    (period, zone, interval): (Period, Zone, Interval),
    populations: Populations,
    now: DateTime<Utc>,
) -> Result<Folded, sqlx::Error> {
    let buckets = buckets(period, interval, zone, now);
    let series = store::series(tx, &buckets, populations).await?;
    let entered = sums(tx, &series, (period, &buckets), populations).await?;
    let times = store::times(tx, period, populations).await?;
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
        trend: buckets.iter().zip(series).map(point).collect(),
        incomplete: (0..entered.len()).map(incomplete).collect(),
        breakdown: Vec::new(),
        excluded: 0,
        unattributed: 0,
        dropped: store::dropped(tx, period, populations, DROPPED_MAX).await?,
    })
}

/// The sums of a period: those of its series, where that covers it.
async fn sums(
    tx: &mut PgTransaction<'_>,
    series: &[Vec<i64>],
    (period, buckets): (Period, &[Bucket]),
    populations: Populations,
) -> Result<Vec<i64>, sqlx::Error> {
    if buckets.last().is_none_or(|last| last.period.to < period.to) {
        return store::sums(tx, period, populations).await;
    }
    let sum = |step: usize| series.iter().map(|entered| entered[step]).sum();
    Ok((0..FUNNEL_STEPS.len()).map(sum).collect())
}

fn report(entered: &[i64], times: &[(String, Histogram)], step: usize) -> StepReport {
    let of = |metric: String| {
        let found = times.iter().find(|(name, _)| *name == metric);
        found.map_or_else(StepTimes::default, |(_, histogram)| StepTimes::of_histogram(histogram))
    };
    let (here, before) = (entered[step], entered[step.saturating_sub(1)]);
    let place = step + 1;
    StepReport {
        entered: here,
        conversion_rate: Rate::new(here, entered[0]),
        step_conversion_rate: Rate::new(here, before),
        dropped: before - here,
        from_previous: of(format!("step_{place}")),
        from_start: of(if place == 2 { "step_2".to_owned() } else { format!("start_{place}") }),
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
