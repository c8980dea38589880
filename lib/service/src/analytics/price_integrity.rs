//! Whether pages show the right prices: what browsers claimed against what the price lists say.

use chrono::{DateTime, Utc};
use nest_haus_domain::analytics::{Period, Rate};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::platform::{App, begin_bounded};

/// Most wrong prices that a report shows.
const EXAMPLES_MAX: i64 = 20;

/// Whether pages showed the right prices, by the snapshots of a period.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PriceIntegrity {
    /// First instant covered.
    from: DateTime<Utc>,
    /// First instant after the range.
    to: DateTime<Utc>,
    /// All snapshots.
    snapshots: i64,
    /// With the right price.
    matching: i64,
    /// With the price of a list that was succeeded less than a day before.
    outdated: i64,
    /// With a wrong price: each is an incident, but for those of the concept check.
    mismatched: i64,
    /// Of these, in a cart that holds the concept check alone: today's front end sends the bare
    /// house's price with it.
    mismatched_concept_check: i64,
    /// Without a claim.
    unclaimed: i64,
    /// Stored before there was a price list.
    unpriced: i64,
    /// Wrong prices, of all claims.
    mismatch_rate: Rate,
    /// The latest wrong prices.
    examples: Vec<WrongPrice>,
}

/// A wrong price on a page.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WrongPrice {
    /// The session; nothing where it is not known by name.
    session_id: Option<String>,
    /// When the page showed it.
    occurred_at: DateTime<Utc>,
    /// What made the client send it.
    trigger: String,
    /// What the page showed, in cents.
    claimed_cents: Option<i64>,
    /// What it costs, in cents.
    price_cents: Option<i64>,
    /// By which price list.
    price_list_version: Option<i32>,
}

/// Compares claims and prices of a period.
pub(super) async fn price_integrity(
    app: &App,
    period: Period,
) -> Result<PriceIntegrity, sqlx::Error> {
    let Period { from, to } = period;
    let mut tx = begin_bounded(&app.db, app.config.request_timeout).await?;
    let counts = sqlx::query!(
        r#"SELECT count(*) AS "snapshots!",
            count(*) FILTER (WHERE price_check = 'match') AS "matching!",
            count(*) FILTER (WHERE price_check = 'outdated') AS "outdated!",
            count(*) FILTER (WHERE price_check = 'mismatch') AS "mismatched!",
            count(*) FILTER (WHERE price_check = 'mismatch' AND ohne_nest_mode)
                AS "mismatched_concept_check!",
            count(*) FILTER (WHERE price_check = 'unclaimed') AS "unclaimed!",
            count(*) FILTER (WHERE price_check IS NULL) AS "unpriced!"
         FROM configuration_snapshots WHERE occurred_at >= $1 AND occurred_at < $2"#,
        from,
        to
    )
    .fetch_one(&mut *tx)
    .await?;
    let examples = sqlx::query_as!(
        WrongPrice,
        r#"SELECT session_id AS "session_id?", occurred_at, trigger::text AS "trigger!",
            wrong.claimed_price_cents AS claimed_cents, wrong.total_price_cents AS price_cents,
            wrong.price_list_version
         FROM configuration_snapshots AS wrong LEFT JOIN user_sessions USING (session_key)
         WHERE wrong.price_check = 'mismatch' AND occurred_at >= $1 AND occurred_at < $2
         ORDER BY occurred_at DESC, event_id LIMIT $3"#,
        from,
        to,
        EXAMPLES_MAX
    )
    .fetch_all(&mut *tx)
    .await?;
    let claims = counts.matching + counts.outdated + counts.mismatched;
    Ok(PriceIntegrity {
        from,
        to,
        snapshots: counts.snapshots,
        matching: counts.matching,
        outdated: counts.outdated,
        mismatched: counts.mismatched,
        mismatched_concept_check: counts.mismatched_concept_check,
        unclaimed: counts.unclaimed,
        unpriced: counts.unpriced,
        mismatch_rate: Rate::new(counts.mismatched, claims),
        examples,
    })
}

/// How many configurations of a period were shown with a wrong price: the incidents among them.
pub async fn wrong_prices(db: &mut PgConnection, period: Period) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "wrong!" FROM configuration_snapshots
         WHERE price_check = 'mismatch' AND ohne_nest_mode IS NOT TRUE AND occurred_at >= $1 AND occurred_at < $2"#,
        period.from,
        period.to
    )
    .fetch_one(db)
    .await
}
