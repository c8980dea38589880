//! What can be added up of visits, and the rates that follow: the one place where these numbers are
//! made, for every report, export and mail.

use std::collections::BTreeMap;

use nest_haus_domain::analytics::{Histogram, Period, Populations, Rate, RateChange};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::range::Range;

/// Up to so many visits, quantiles are exact.
const EXACT_MAX: i64 = 20_000;

/// Sums over the visits of a period. A visit counts in the period that it began in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sums {
    /// Visits: runs of activity without a pause of more than 30 minutes.
    pub visits: i64,
    /// Pages looked at.
    pub page_views: i64,
    /// Interactions.
    pub interactions: i64,
    /// Selections of options.
    pub selections: i64,
    /// Configurations that were saved.
    pub snapshots: i64,
    /// Visits of one page, without deed and with less than ten seconds of attention.
    pub bounces: i64,
    /// Time from first to last activity and the attention after it, in milliseconds.
    pub duration_ms: i64,
    /// Time of attention, in milliseconds.
    pub engaged_ms: i64,
    /// Visits of visitors who agreed to be known again.
    pub identified: i64,
    /// Visits with a selection.
    pub configuring: i64,
    /// Visits that put something into the cart.
    pub carts: i64,
    /// Visits that completed a configuration.
    pub completions: i64,
    /// Visits with one of the two.
    pub micro: i64,
    /// Of those, with a selection.
    pub micro_configuring: i64,
    /// Visits that asked the maker something.
    pub leads: i64,
    /// Of those, with a selection.
    pub leads_configuring: i64,
    /// Visits whose order was paid.
    pub orders: i64,
    /// Of those, with a selection.
    pub orders_configuring: i64,
    /// Visits whose browser says that it paid. No order is confirmed by that.
    pub claims: i64,
    /// Events that tabs numbered, of the sessions that began.
    pub emitted: i64,
    /// Of those, events of which it is known what became.
    pub captured: i64,
    /// Visits that came to each step of the configurator funnel, from the first.
    pub reached: Vec<i64>,
}

/// One conversion rate by what counts as converted (definitions b3).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Conversions {
    /// Something in the cart, or a completed configuration.
    pub micro: Rate,
    /// A question to the maker.
    pub lead: Rate,
    /// A paid order.
    #[serde(rename = "macro")]
    pub order: Rate,
}

/// How conversion rates changed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConversionChanges {
    /// Of `micro`.
    pub micro: RateChange,
    /// Of `lead`.
    pub lead: RateChange,
    /// Of `macro`.
    #[serde(rename = "macro")]
    pub order: RateChange,
}

impl Conversions {
    /// What changed from earlier rates to these.
    pub(super) fn changes_since(&self, before: &Self) -> ConversionChanges {
        ConversionChanges {
            micro: RateChange::between(before.micro, self.micro),
            lead: RateChange::between(before.lead, self.lead),
            order: RateChange::between(before.order, self.order),
        }
    }
}

impl Sums {
    /// Visits that converted, of all visits.
    pub(super) fn session_conversion(&self) -> Conversions {
        Conversions {
            micro: Rate::new(self.micro, self.visits),
            lead: Rate::new(self.leads, self.visits),
            order: Rate::new(self.orders, self.visits),
        }
    }

    /// Visits that converted, of those with a selection.
    pub(super) fn configurator_conversion(&self) -> Conversions {
        Conversions {
            micro: Rate::new(self.micro_configuring, self.configuring),
            lead: Rate::new(self.leads_configuring, self.configuring),
            order: Rate::new(self.orders_configuring, self.configuring),
        }
    }

    /// Visits that bounced, of all visits.
    pub(super) fn bounce_rate(&self) -> Rate {
        Rate::new(self.bounces, self.visits)
    }

    /// Visits that did not bounce, of all visits.
    pub(super) fn engaged_rate(&self) -> Rate {
        Rate::new(self.visits - self.bounces, self.visits)
    }

    /// Visits of visitors who agreed to be known again, of all visits.
    pub(super) fn consent_coverage(&self) -> Rate {
        Rate::new(self.identified, self.visits)
    }

    /// Numbered events of which it is known what became, of all numbered events.
    pub(super) fn capture_rate(&self) -> Rate {
        Rate::new(self.captured, self.emitted)
    }
}

/// The sums of some periods, one for each.
pub(super) async fn sums(
    db: &mut PgConnection,
    periods: &[Period],
    populations: Populations,
) -> Result<Vec<Sums>, sqlx::Error> {
    let (from, to): (Vec<_>, Vec<_>) =
        periods.iter().map(|period| (period.from, period.to)).unzip();
    let rows = sqlx::query!(
        r#"SELECT coalesce(sum(visits), 0)::bigint AS "visits!",
            coalesce(sum(page_views), 0)::bigint AS "page_views!",
            coalesce(sum(interactions), 0)::bigint AS "interactions!",
            coalesce(sum(selections), 0)::bigint AS "selections!",
            coalesce(sum(snapshots), 0)::bigint AS "snapshots!",
            coalesce(sum(bounces), 0)::bigint AS "bounces!",
            coalesce(sum(duration_ms), 0)::bigint AS "duration_ms!",
            coalesce(sum(engaged_ms), 0)::bigint AS "engaged_ms!",
            coalesce(sum(identified), 0)::bigint AS "identified!",
            coalesce(sum(configuring), 0)::bigint AS "configuring!",
            coalesce(sum(carts), 0)::bigint AS "carts!",
            coalesce(sum(completions), 0)::bigint AS "completions!",
            coalesce(sum(micro), 0)::bigint AS "micro!",
            coalesce(sum(micro_configuring), 0)::bigint AS "micro_configuring!",
            coalesce(sum(leads), 0)::bigint AS "leads!",
            coalesce(sum(leads_configuring), 0)::bigint AS "leads_configuring!",
            coalesce(sum(orders), 0)::bigint AS "orders!",
            coalesce(sum(orders_configuring), 0)::bigint AS "orders_configuring!",
            coalesce(sum(claims), 0)::bigint AS "claims!",
            coalesce(sum(emitted), 0)::bigint AS "emitted!",
            coalesce(sum(captured), 0)::bigint AS "captured!",
            coalesce(sum(reached_2), 0)::bigint AS "reached_2!",
            coalesce(sum(reached_3), 0)::bigint AS "reached_3!",
            coalesce(sum(reached_4), 0)::bigint AS "reached_4!",
            coalesce(sum(reached_5), 0)::bigint AS "reached_5!"
         FROM unnest($1::timestamptz[], $2::timestamptz[]) WITH ORDINALITY AS asked (since, until, place)
         LEFT JOIN LATERAL (
            SELECT * FROM visit_sums(since, until) WHERE population = ANY($3::text[]::population[])
         ) AS part ON true
         GROUP BY place ORDER BY place"#,
        &from,
        &to,
        &populations.names()
    )
    .fetch_all(db)
    .await?;
    let sums = rows.into_iter().map(|row| Sums {
        visits: row.visits,
        page_views: row.page_views,
        interactions: row.interactions,
        selections: row.selections,
        snapshots: row.snapshots,
        bounces: row.bounces,
        duration_ms: row.duration_ms,
        engaged_ms: row.engaged_ms,
        identified: row.identified,
        configuring: row.configuring,
        carts: row.carts,
        completions: row.completions,
        micro: row.micro,
        micro_configuring: row.micro_configuring,
        leads: row.leads,
        leads_configuring: row.leads_configuring,
        orders: row.orders,
        orders_configuring: row.orders_configuring,
        claims: row.claims,
        emitted: row.emitted,
        captured: row.captured,
        reached: vec![row.visits, row.reached_2, row.reached_3, row.reached_4, row.reached_5],
    });
    Ok(sums.collect())
}

/// How times are spread.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Times {
    /// Mean, in milliseconds.
    pub mean_ms: Option<f64>,
    /// Half take at most this long, in milliseconds.
    pub p50_ms: Option<f64>,
    /// Nine tenths take at most this long, in milliseconds.
    pub p90_ms: Option<f64>,
    /// Whether the two are from a histogram, within 2.2 %; otherwise they are exact (linear
    /// interpolation, type 7).
    pub approx: bool,
}

/// A time of each visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VisitTime {
    /// From first to last activity, and the attention after it.
    Duration,
    /// Time of attention.
    Engaged,
}

impl VisitTime {
    const fn metric(self) -> &'static str {
        match self {
            Self::Duration => "duration",
            Self::Engaged => "engaged",
        }
    }
}

/// How a time is spread over the visits of a range whose sums are known: exactly where they are few and
/// none of them went by age.
pub(super) async fn times(
    db: &mut PgConnection,
    range: &Range,
    sums: &Sums,
    time: VisitTime,
) -> Result<Times, sqlx::Error> {
    let total = if time == VisitTime::Duration { sums.duration_ms } else { sums.engaged_ms };
    #[expect(clippy::cast_precision_loss, reason = "a mean of milliseconds")]
    let mean_ms = (sums.visits > 0).then(|| total as f64 / sums.visits as f64);
    let approx = sums.visits > EXACT_MAX || !visits_are_kept(db, range.period).await?;
    let (p50_ms, p90_ms) = if approx {
        let (period, metric) = (range.period, time.metric());
        let mut found = histograms(db, period, range.populations, &[metric]).await?;
        let histogram = found.remove(metric).unwrap_or_default();
        (histogram.quantile(0.5), histogram.quantile(0.9))
    } else {
        exact(db, range, time).await?
    };
    Ok(Times { mean_ms, p50_ms, p90_ms, approx })
}

/// Whether the single visits of a period are there, and not roll-ups of them alone.
async fn visits_are_kept(db: &mut PgConnection, period: Period) -> Result<bool, sqlx::Error> {
    let kept = sqlx::query_scalar!(r#"SELECT $1 >= kept_since('raw') AS "kept!""#, period.from);
    kept.fetch_one(db).await
}

async fn exact(
    db: &mut PgConnection,
    range: &Range,
    time: VisitTime,
) -> Result<(Option<f64>, Option<f64>), sqlx::Error> {
    let found = sqlx::query_scalar!(
        "SELECT percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY
            CASE WHEN $4 THEN duration_ms ELSE engaged_ms END)
         FROM visits WHERE started_at >= $1 AND started_at < $2
            AND population = ANY($3::text[]::population[])",
        range.period.from,
        range.period.to,
        &range.populations.names(),
        time == VisitTime::Duration
    )
    .fetch_one(db)
    .await?;
    let found = found.unwrap_or_default();
    Ok((found.first().copied(), found.get(1).copied()))
}

/// The histograms of some times of visits, each by its metric.
pub(super) async fn histograms(
    db: &mut PgConnection,
    period: Period,
    populations: Populations,
    metrics: &[&str],
) -> Result<BTreeMap<String, Histogram>, sqlx::Error> {
    let metrics: Vec<String> = metrics.iter().map(|metric| (*metric).to_owned()).collect();
    let rows = sqlx::query!(
        r#"SELECT metric AS "metric!", indexes AS "indexes!", counts AS "counts!"
         FROM visit_time_counts($1, $2)
         WHERE metric = ANY($3) AND population = ANY($4::text[]::population[])"#,
        period.from,
        period.to,
        &metrics,
        &populations.names()
    )
    .fetch_all(db)
    .await?;
    let mut histograms: BTreeMap<String, Histogram> = BTreeMap::new();
    for row in rows {
        let histogram = histograms.entry(row.metric).or_default();
        for (index, count) in row.indexes.into_iter().zip(row.counts) {
            histogram.add(index, count);
        }
    }
    Ok(histograms)
}
