//! What retention reads: visitors by cohort and return, and the visits of each visitor.
//!
//! Only visitors count that are known, and of whom no visit since the day before the range is left out:
//! who is a robot once is none that comes back.

use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use nest_haus_domain::analytics::{KnownVisit, Populations};
use sqlx::PgConnection;

use super::range::Range;

/// Visitors of a cohort: all of them, or those who returned so many periods after.
pub(super) struct CohortCount {
    /// Position of the cohort among the periods, beginning with 1.
    pub(super) cohort: i32,
    /// Periods after the start; nothing for all visitors of the cohort.
    pub(super) after: Option<i32>,
    pub(super) visitors: i64,
}

/// Visitors by cohort and return, both by visits, which know what was before them: by the calendar, in
/// each period by its own returns. `starts` are the beginnings of the periods.
///
/// A visit counts for its period if the one before it was in an earlier period, so no visitor is
/// counted twice in a period; the first visit counts for the cohort too.
pub(super) async fn counts_of_visits(
    db: &mut PgConnection,
    range: &Range,
    starts: &[DateTime<Utc>],
    offsets: usize,
) -> Result<Vec<CohortCount>, sqlx::Error> {
    sqlx::query_as!(
        CohortCount,
        r#"WITH placed AS (
            SELECT width_bucket(first_visit_at, $4) AS cohort, width_bucket(started_at, $4) AS period,
                width_bucket(previous_visit_at, $4) AS before
            FROM visits AS visit
            WHERE started_at >= $1 AND first_visit_at >= $1 AND first_visit_at < $2
                AND ($3 OR left_out_at IS NULL OR left_out_at < $1::timestamptz - interval '1 day')
         ), counted AS (
            SELECT cohort, period - cohort AS after, before IS NULL AS first, count(*) AS visitors
            FROM placed WHERE before IS NULL OR before < period GROUP BY 1, 2, 3
         )
         SELECT cohort AS "cohort!", after AS "after?", visitors AS "visitors!"
         FROM counted WHERE after <= $5
         UNION ALL SELECT cohort, NULL, visitors FROM counted WHERE first"#,
        range.period.from as DateTime<Utc>,
        range.period.to as DateTime<Utc>,
        range.populations == Populations::All,
        starts as &[DateTime<Utc>],
        i32::try_from(offsets).unwrap_or(i32::MAX),
    )
    .fetch_all(db)
    .await
}

/// Hands on the visits of each visitor who was seen since the day before the range, in their order.
/// All that were before that day are handed on as one. Visitors are told apart by `dimension`.
///
/// All visits of a visitor name the same first one, and only those of a known visitor name any: it sorts
/// faster than names.
pub(super) async fn each_visitor(
    db: &mut PgConnection,
    range: &Range,
    dimension: Option<&str>,
    mut note: impl FnMut(&[KnownVisit]) + Send,
) -> Result<(), sqlx::Error> {
    let mut rows = sqlx::query!(
        r#"SELECT visitor_id AS "visitor_id!", started_at, step_at[2] AS configuration_at, cart_at,
            completed_at, lead_at, ordered_at, visit_value(visit, $4) AS "value!",
            CASE WHEN previous_visit_at < $1::timestamptz - interval '1 day' THEN (
                SELECT ARRAY[min(started_at), min(step_at[2]), min(cart_at), min(completed_at)]
                FROM visits AS earlier
                WHERE earlier.visitor_id = visit.visitor_id
                    AND earlier.started_at < $1::timestamptz - interval '1 day'
            ) END AS "earlier: Vec<Option<DateTime<Utc>>>"
         FROM visits AS visit
         WHERE started_at >= $1::timestamptz - interval '1 day' AND first_visit_at < $2
            AND ($3 OR left_out_at IS NULL OR left_out_at < $1::timestamptz - interval '1 day')
         ORDER BY first_visit_at, visitor_id, started_at, session_key, number"#,
        range.period.from as DateTime<Utc>,
        range.period.to as DateTime<Utc>,
        range.populations == Populations::All,
        dimension,
    )
    .fetch(db);
    let mut visitor = String::new();
    let mut visits = Vec::new();
    while let Some(row) = rows.try_next().await? {
        if row.visitor_id != visitor {
            note(&visits);
            visits.clear();
            visits.extend(row.earlier.as_deref().and_then(all_before));
            visitor = row.visitor_id;
        }
        visits.push(KnownVisit {
            started_at: row.started_at,
            configuration_at: row.configuration_at,
            cart_at: row.cart_at,
            completed_at: row.completed_at,
            lead_at: row.lead_at,
            ordered_at: row.ordered_at,
            value: row.value,
        });
    }
    note(&visits);
    Ok(())
}

/// All visits before the day before the range as one: only what may start a cohort matters of them.
fn all_before(first: &[Option<DateTime<Utc>>]) -> Option<KnownVisit> {
    let &[Some(started_at), configuration_at, cart_at, completed_at] = first else { return None };
    Some(KnownVisit {
        started_at,
        configuration_at,
        cart_at,
        completed_at,
        lead_at: None,
        ordered_at: None,
        value: String::new(),
    })
}
