//! Measurements by histogram: roll-ups by hour and day, and what a report reads of them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use nest_haus_domain::analytics::{Bucket, Histogram, Period};
use sqlx::PgConnection;

/// Hours that are made anew at a time.
const HOURS_PER_BATCH: i64 = 24;

/// Makes the histograms of hours that changed, but for those whose measurements went by age; answers how
/// many hours. Inside the caller's transaction, of which there must not be two at once.
pub(super) async fn refresh_stale_metric_hours(db: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let taken = sqlx::query!(
        r#"WITH taken AS (
            DELETE FROM stale_metric_hours WHERE hour IN (
                SELECT DISTINCT hour FROM stale_metric_hours ORDER BY hour LIMIT $1)
            RETURNING hour)
         SELECT DISTINCT hour AS "hour!", hour >= kept_since('raw') AS "kept!" FROM taken"#,
        HOURS_PER_BATCH
    )
    .fetch_all(&mut *db)
    .await?;
    let kept = taken.iter().filter(|taken| taken.kept);
    let hours: Vec<DateTime<Utc>> = kept.map(|taken| taken.hour).collect();
    if !hours.is_empty() {
        refresh_metric_histograms(db, &hours).await?;
    }
    Ok(u64::try_from(taken.len()).unwrap_or(u64::MAX))
}

/// Makes the histograms of some hours anew from the measurements, and those of their days from their
/// hours.
async fn refresh_metric_histograms(
    db: &mut PgConnection,
    hours: &[DateTime<Utc>],
) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM metric_histograms WHERE grain = 'hour' AND bucket = ANY($1)", hours)
        .execute(&mut *db)
        .await?;
    sqlx::query!(
        "INSERT INTO metric_histograms
         SELECT 'hour', hour, measured.*
         FROM unnest($1::timestamptz[]) AS hour CROSS JOIN LATERAL (
            SELECT metric, device, page_group, histogram_bucket(value), count(*) FROM metric_values
            WHERE occurred_at >= hour AND occurred_at < hour + interval '1 hour'
            GROUP BY 1, 2, 3, 4) AS measured",
        hours
    )
    .execute(&mut *db)
    .await?;
    let days = sqlx::query_scalar!(
        r#"SELECT DISTINCT date_bin('1 day', hour, 'epoch') AS "day!"
         FROM unnest($1::timestamptz[]) AS hour"#,
        hours
    )
    .fetch_all(&mut *db)
    .await?;
    sqlx::query!("DELETE FROM metric_histograms WHERE grain = 'day' AND bucket = ANY($1)", &days)
        .execute(&mut *db)
        .await?;
    sqlx::query!(
        "INSERT INTO metric_histograms
         SELECT 'day', day, metric, device, page_group, index, sum(count)
         FROM unnest($1::timestamptz[]) AS day
         JOIN metric_histograms ON grain = 'hour' AND bucket >= day AND bucket < day + interval '1 day'
         GROUP BY 2, 3, 4, 5, 6",
        &days
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The measurements of a metric: all of them, and by device and page.
#[derive(Debug, Default)]
pub(super) struct MetricHistograms {
    pub(super) all: Histogram,
    pub(super) by_device: BTreeMap<String, Histogram>,
    pub(super) by_page_group: BTreeMap<String, Histogram>,
}

/// The measurements of a period by metric: of one, or of all.
pub(super) async fn histograms(
    db: &mut PgConnection,
    period: Period,
    metric: Option<&str>,
) -> Result<BTreeMap<String, MetricHistograms>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT metric AS "metric!", device, page_group, index AS "index!",
            sum(count)::bigint AS "count!"
         FROM metric_counts($1, $2, $3)
         GROUP BY GROUPING SETS ((metric, index), (metric, device, index), (metric, page_group, index))"#,
        period.from,
        period.to,
        metric
    )
    .fetch_all(db)
    .await?;
    let mut metrics: BTreeMap<String, MetricHistograms> = BTreeMap::new();
    for row in rows {
        let of = metrics.entry(row.metric).or_default();
        let histogram = match (row.device, row.page_group) {
            (Some(device), _) => of.by_device.entry(device).or_default(),
            (None, Some(page_group)) => of.by_page_group.entry(page_group).or_default(),
            (None, None) => &mut of.all,
        };
        histogram.add(row.index, row.count);
    }
    Ok(metrics)
}

/// The measurements of each of some buckets of time, by metric; in the order of the buckets.
pub(super) async fn histograms_by_time(
    db: &mut PgConnection,
    buckets: &[Bucket],
    metric: Option<&str>,
) -> Result<BTreeMap<String, Vec<Histogram>>, sqlx::Error> {
    let from: Vec<_> = buckets.iter().map(|bucket| bucket.period.from).collect();
    let to: Vec<_> = buckets.iter().map(|bucket| bucket.period.to).collect();
    let rows = sqlx::query!(
        r#"SELECT place AS "place!", metric AS "metric!", index AS "index!",
            sum(count)::bigint AS "count!"
         FROM unnest($1::timestamptz[], $2::timestamptz[]) WITH ORDINALITY AS t (since, until, place)
         CROSS JOIN LATERAL metric_counts(since, until, $3) GROUP BY 1, 2, 3"#,
        &from,
        &to,
        metric
    )
    .fetch_all(db)
    .await?;
    let mut metrics: BTreeMap<String, Vec<Histogram>> = BTreeMap::new();
    for row in rows {
        let series = metrics.entry(row.metric).or_default();
        series.resize(buckets.len(), Histogram::default());
        let place = usize::try_from(row.place - 1).unwrap_or(usize::MAX);
        if let Some(histogram) = series.get_mut(place) {
            histogram.add(row.index, row.count);
        }
    }
    Ok(metrics)
}

/// All measurements of a metric in a period.
pub async fn measured_histogram(
    db: &mut PgConnection,
    period: Period,
    metric: &str,
) -> Result<Histogram, sqlx::Error> {
    let mut found = histograms(db, period, Some(metric)).await?;
    Ok(found.remove(metric).map(|histograms| histograms.all).unwrap_or_default())
}

/// All measurements of a metric in each hour in UTC that begins in a period, from roll-ups. One without
/// measurements is not among them.
pub async fn measured_by_hour(
    db: &mut PgConnection,
    period: Period,
    metric: &str,
) -> Result<BTreeMap<DateTime<Utc>, Histogram>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT bucket, index, sum(count)::bigint AS "count!" FROM metric_histograms
         WHERE grain = 'hour' AND bucket >= $1 AND bucket < $2 AND metric = $3 GROUP BY 1, 2"#,
        period.from,
        period.to,
        metric
    )
    .fetch_all(db)
    .await?;
    let mut hours: BTreeMap<DateTime<Utc>, Histogram> = BTreeMap::new();
    for row in rows {
        hours.entry(row.bucket).or_default().add(row.index, row.count);
    }
    Ok(hours)
}
