//! Reading what was recorded: for reports and alerts.

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use nest_haus_domain::analytics::Period;
use nest_haus_domain::monitoring::{Metric, Timings};
use sqlx::PgConnection;

/// Periods up to this are read by slots, longer ones by hours.
const SLOTS_UP_TO: TimeDelta = TimeDelta::days(2);

/// Durations of one slot, endpoint and status class.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The beginning of the slot of five minutes; of the hour, where hours were asked for.
    pub slot: DateTime<Utc>,
    /// Method and path pattern of the endpoint, `POST /api/sessions/track` for example;
    /// `nest_haus_domain::monitoring::is_job` tells jobs and work after answers.
    pub endpoint: String,
    /// The first digit of the answer's status; 5 is a failure.
    pub status_class: i16,
    /// The durations, in milliseconds.
    pub timings: Timings,
}

impl Recorded {
    fn of(
        (slot, endpoint, status_class): (DateTime<Utc>, String, i16),
        (indexes, counts, sum_ms): (&[i32], &[i64], f64),
    ) -> Self {
        let mut timings = Timings { sum_ms, ..Timings::default() };
        for (index, count) in indexes.iter().zip(counts) {
            timings.histogram.add(*index, *count);
        }
        Self { slot, endpoint, status_class, timings }
    }

    fn is_of(&self, other: &Self) -> bool {
        (self.slot, &self.endpoint, self.status_class)
            == (other.slot, &other.endpoint, other.status_class)
    }
}

/// All of some recordings together.
pub fn overall<'a>(recorded: impl IntoIterator<Item = &'a Recorded>) -> Timings {
    let mut timings = Timings::default();
    for of in recorded {
        timings.merge(&of.timings);
    }
    timings
}

/// What was recorded of a metric in the slots of five minutes that begin in a period, by slot, endpoint
/// and status class. Slots without requests are not among them. Kept for 90 days.
pub async fn recorded(
    db: &mut PgConnection,
    period: Period,
    metric: Metric,
) -> Result<Vec<Recorded>, sqlx::Error> {
    let mut found = Vec::new();
    each_slot(db, period, metric, |recorded| found.push(recorded)).await?;
    Ok(found)
}

/// The same by hour in UTC, for long periods: from roll-ups, and from the slots of hours that the period
/// cuts, that are not over, or that changed since. Kept for five years.
pub async fn recorded_by_hour(
    db: &mut PgConnection,
    period: Period,
    metric: Metric,
) -> Result<Vec<Recorded>, sqlx::Error> {
    let mut hours: Vec<Recorded> = Vec::new();
    each_hour(db, period, metric, |recorded| match hours.last_mut() {
        Some(last) if last.is_of(&recorded) => last.timings.merge(&recorded.timings),
        _ => hours.push(recorded),
    })
    .await?;
    Ok(hours)
}

/// Tells what was recorded of a metric one by one: the slots of periods up to two days, else the hours,
/// of which one may come in several parts.
pub async fn each_recorded(
    db: &mut PgConnection,
    period: Period,
    metric: Metric,
    note: impl FnMut(Recorded) + Send,
) -> Result<(), sqlx::Error> {
    if period.to - period.from <= SLOTS_UP_TO {
        each_slot(db, period, metric, note).await
    } else {
        each_hour(db, period, metric, note).await
    }
}

async fn each_slot(
    db: &mut PgConnection,
    period: Period,
    metric: Metric,
    mut note: impl FnMut(Recorded) + Send,
) -> Result<(), sqlx::Error> {
    let mut rows = sqlx::query!(
        "SELECT slot, endpoint, status_class, indexes, counts, sum_ms FROM recordings
         WHERE metric = $3 AND slot >= $1 AND slot < $2
         ORDER BY slot, endpoint, status_class",
        period.from,
        period.to,
        metric.as_str()
    )
    .fetch(db);
    while let Some(row) = rows.try_next().await? {
        let timings = (&row.indexes[..], &row.counts[..], row.sum_ms);
        note(Recorded::of((row.slot, row.endpoint, row.status_class), timings));
    }
    Ok(())
}

async fn each_hour(
    db: &mut PgConnection,
    period: Period,
    metric: Metric,
    mut note: impl FnMut(Recorded) + Send,
) -> Result<(), sqlx::Error> {
    let mut rows = sqlx::query!(
        r#"WITH cut AS (
            SELECT hour FROM stale_recording_hours
            WHERE hour >= date_bin('1 hour', $1, 'epoch') AND hour < $2
            UNION SELECT date_bin('1 hour', $1, 'epoch') UNION SELECT date_bin('1 hour', $2, 'epoch'))
         SELECT hour AS "hour!", endpoint AS "endpoint!", status_class AS "status_class!",
            indexes AS "indexes!", counts AS "counts!", sum_ms AS "sum_ms!"
         FROM recordings_hourly
         WHERE metric = $3 AND hour >= $1 AND hour < $2 AND hour NOT IN (SELECT hour FROM cut)
         UNION ALL
         SELECT hour, endpoint, status_class, indexes, counts, sum_ms
         FROM cut JOIN recordings ON slot >= hour AND slot < hour + interval '1 hour'
         WHERE metric = $3 AND slot >= $1 AND slot < $2
         ORDER BY 1, 2, 3"#,
        period.from,
        period.to,
        metric.as_str()
    )
    .fetch(db);
    while let Some(row) = rows.try_next().await? {
        let timings = (&row.indexes[..], &row.counts[..], row.sum_ms);
        note(Recorded::of((row.hour, row.endpoint, row.status_class), timings));
    }
    Ok(())
}

/// Slow operations of one name.
#[derive(Debug, Clone, PartialEq)]
pub struct SlowGroup {
    /// `database_query_time` or `redis_operation_time`.
    pub metric: String,
    /// The first words of the statement; the command or script.
    pub name: String,
    /// The statement as it is written.
    pub statement: Option<String>,
    /// How often it was slow.
    pub n: i64,
    /// How long it took when slow, in milliseconds, at the 95th percentile.
    pub p95_ms: f64,
    /// The longest time, in milliseconds.
    pub max_ms: f64,
    /// When it was slow last.
    pub last_at: DateTime<Utc>,
    /// For which endpoint then.
    pub last_endpoint: String,
    /// For which request then.
    pub last_request_id: String,
}

/// Slow operations of a period by name, those that took the most time together first.
pub async fn slow_operations(
    db: &mut PgConnection,
    period: Period,
    limit: i64,
) -> Result<Vec<SlowGroup>, sqlx::Error> {
    sqlx::query_as!(
        SlowGroup,
        r#"SELECT metric, name, statement, count(*) AS "n!",
            percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms) AS "p95_ms!",
            max(duration_ms) AS "max_ms!", max(at) AS "last_at!",
            (array_agg(endpoint ORDER BY at DESC, id DESC))[1] AS "last_endpoint!",
            (array_agg(request_id ORDER BY at DESC, id DESC))[1] AS "last_request_id!"
         FROM slow_operations WHERE at >= $1 AND at < $2
         GROUP BY metric, name, statement ORDER BY sum(duration_ms) DESC, name LIMIT $3"#,
        period.from,
        period.to,
        limit
    )
    .fetch_all(db)
    .await
}
