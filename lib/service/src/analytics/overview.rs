//! Headline numbers over a period, compared with the period before.

use axum::Json;
use chrono::{DateTime, Utc};
use nest_haus_domain::analytics::{Period, Rate};
use serde::Serialize;
use utoipa::ToSchema;

use super::meta::{Excluded, Meta};
use super::range::{Asked, RangeQuery};
use crate::accounts::{May, ReadAnalytics};
use crate::http::{Context, Problem, ProblemDocument};
use crate::platform::{App, begin_bounded};
use crate::queue;

/// Headline numbers over a period.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// The period asked for.
    current: Headline,
    /// The period of the same length before it.
    previous: Headline,
    /// What the report says about itself.
    meta: Meta,
}

/// Headline numbers. A session counts in the period that it began in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Headline {
    /// Sessions, by session id.
    sessions: i64,
    /// Interactions of these sessions.
    interactions: i64,
    /// Snapshots of these sessions.
    snapshots: i64,
    /// Sessions by status.
    statuses: Statuses,
    /// Sessions that put something into the cart or completed a configuration, of all sessions.
    #[schema(value_type = Object)]
    session_conversion_rate: Rate,
    /// The same, of sessions with a choice or a snapshot.
    #[schema(value_type = Object)]
    configurator_conversion_rate: Rate,
    /// Sessions whose browser says that it paid. No order is confirmed by that.
    unconfirmed_conversions: i64,
    /// Median price of the latest configurations of which everything has a price, in cents.
    median_price_cents: Option<i64>,
}

/// Sessions by status.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub struct Statuses {
    active: i64,
    abandoned: i64,
    in_cart: i64,
    completed: i64,
    converted: i64,
}

/// Headline numbers over a period, compared with the period before.
#[utoipa::path(
    get, path = "/api/admin/analytics/overview", tag = "analytics", params(RangeQuery),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The numbers.", body = Overview),
        (status = 401, description = "No or wrong key.", body = ProblemDocument),
        (status = 422, description = "Unknown range.", body = ProblemDocument),
        (status = 503, description = "Try again later.", body = ProblemDocument),
    )
)]
pub async fn overview(
    cx: Context,
    _: May<ReadAnalytics>,
    Asked { range, .. }: Asked,
) -> Result<Json<Overview>, Problem> {
    let period = range.period;
    let queues = queue::status(&cx.app).await.ok();
    let mut meta = Meta::of_range("overview", &range, queues.as_deref(), cx.now);
    let (current, excluded) = headline(&cx.app, period).await?;
    let (previous, _) = headline(&cx.app, period.previous()).await?;
    meta.excluded = excluded;
    meta.warnings
        .push("sessions are counted by session id; a visitor of today's front end has two");
    Ok(Json(Overview { current, previous, meta }))
}

async fn headline(app: &App, period: Period) -> Result<(Headline, Excluded), sqlx::Error> {
    let Period { from, to } = period;
    let mut tx = begin_bounded(&app.db, app.config.request_timeout).await?;
    let row = sqlx::query!(
        r#"WITH period AS (
            SELECT * FROM user_sessions WHERE started_at >= $1 AND started_at < $2
         ), kept AS (SELECT * FROM period WHERE analytics_consent IS NOT FALSE)
         SELECT count(*) AS "sessions!",
            coalesce(sum(interaction_count), 0)::bigint AS "interactions!",
            coalesce(sum(snapshot_count), 0)::bigint AS "snapshots!",
            count(*) FILTER (WHERE status = 'ACTIVE') AS "active!",
            count(*) FILTER (WHERE status = 'ABANDONED') AS "abandoned!",
            count(*) FILTER (WHERE status = 'IN_CART') AS "in_cart!",
            count(*) FILTER (WHERE status = 'COMPLETED') AS "completed!",
            count(*) FILTER (WHERE status = 'CONVERTED') AS "converted!",
            count(*) FILTER (WHERE converted_at IS NOT NULL) AS "unconfirmed!",
            count(*) FILTER (WHERE first_cart_at IS NOT NULL OR completed_at IS NOT NULL)
                AS "micro!",
            count(*) FILTER (WHERE first_selection_at IS NOT NULL OR first_snapshot_at IS NOT NULL)
                AS "configuring!",
            count(*) FILTER (WHERE
                (first_cart_at IS NOT NULL OR completed_at IS NOT NULL)
                AND (first_selection_at IS NOT NULL OR first_snapshot_at IS NOT NULL))
                AS "micro_configuring!",
            (percentile_disc(0.5) WITHIN GROUP (ORDER BY total_price_cents)
                FILTER (WHERE total_price_cents IS NOT NULL
                    AND coalesce(cardinality(on_request), 0) = 0)) AS median_price,
            (SELECT count(*) FROM period WHERE analytics_consent IS FALSE) AS "no_consent!"
         FROM kept"#,
        from as DateTime<Utc>,
        to as DateTime<Utc>,
    )
    .fetch_one(&mut *tx)
    .await?;
    let headline = Headline {
        sessions: row.sessions,
        interactions: row.interactions,
        snapshots: row.snapshots,
        statuses: Statuses {
            active: row.active,
            abandoned: row.abandoned,
            in_cart: row.in_cart,
            completed: row.completed,
            converted: row.converted,
        },
        session_conversion_rate: Rate::new(row.micro, row.sessions),
        configurator_conversion_rate: Rate::new(row.micro_configuring, row.configuring),
        unconfirmed_conversions: row.unconfirmed,
        median_price_cents: row.median_price,
    };
    Ok((headline, Excluded { no_consent: row.no_consent, ..Excluded::default() }))
}
