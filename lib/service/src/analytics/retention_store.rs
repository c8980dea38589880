//! What retention reads: visitors by cohort and return, and how long things took them.
//!
//! Only visitors count that are known, and of whom no visit since the day before the range is left out:
//! who is a robot once is none that comes back.

use chrono::{DateTime, Utc};
use nest_haus_domain::analytics::{Counting, Criterion, OTHER, Populations, Watched};
use sqlx::PgConnection;

use super::range::Range;

/// Values that visitors are told apart by, besides all others together.
const SEGMENTS_MAX: i64 = 6;

/// A question about cohorts.
#[derive(Debug, Clone, Copy)]
pub(super) struct CohortQuestion<'a> {
    pub(super) range: &'a Range,
    /// Beginnings of the periods, of cohorts and of those after them.
    pub(super) starts: &'a [DateTime<Utc>],
    pub(super) start: &'static str,
    pub(super) returning: &'static str,
    /// Whether a visitor is in the cohort of each period with a start, not only of the first.
    pub(super) recurring: bool,
    pub(super) criterion: Criterion,
    pub(super) counting: Counting,
    pub(super) breakdown: Option<&'static str>,
    /// Periods after the start.
    pub(super) offsets: usize,
}

impl CohortQuestion<'_> {
    /// Whether visits alone answer it, as they know which were before them.
    fn is_of_visits(&self) -> bool {
        (self.start, self.returning) == ("visit", "visit")
            && !self.recurring
            && (self.criterion, self.counting) == (Criterion::On, Counting::Calendar)
            && self.breakdown.is_none()
    }
}

/// Visitors of a cohort: all of them, or those who returned so many periods after.
pub(super) struct CohortCount {
    /// Position of the cohort among the periods, beginning with 1.
    pub(super) cohort: i32,
    /// What the visitors have in common.
    pub(super) value: String,
    /// Periods after the start; nothing for all visitors of the cohort.
    pub(super) after: Option<i32>,
    pub(super) visitors: i64,
}

/// Visitors by cohort and return.
pub(super) async fn cohort_counts(
    db: &mut PgConnection,
    question: CohortQuestion<'_>,
) -> Result<Vec<CohortCount>, sqlx::Error> {
    if question.is_of_visits() {
        counts_of_visits(db, question).await
    } else {
        counts_of_events(db, question).await
    }
}

/// A visit counts for its period if the one before it was in an earlier period, so no visitor is
/// counted twice in a period; the first visit counts for the cohort too.
async fn counts_of_visits(
    db: &mut PgConnection,
    question: CohortQuestion<'_>,
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
         SELECT cohort AS "cohort!", '' AS "value!", after AS "after?", visitors AS "visitors!"
         FROM counted WHERE after <= $5
         UNION ALL SELECT cohort, '', NULL, visitors FROM counted WHERE first"#,
        question.range.period.from as DateTime<Utc>,
        question.range.period.to as DateTime<Utc>,
        question.range.populations == Populations::All,
        question.starts as &[DateTime<Utc>],
        i32::try_from(question.offsets).unwrap_or(i32::MAX),
    )
    .fetch_all(db)
    .await
}

async fn counts_of_events(
    db: &mut PgConnection,
    question: CohortQuestion<'_>,
) -> Result<Vec<CohortCount>, sqlx::Error> {
    sqlx::query_as!(
        CohortCount,
        r#"WITH told AS MATERIALIZED (
            SELECT visitor_id, visit_event_at(visit, $5) AS start_at,
                visit_event_at(visit, $6) AS return_at, visit_value(visit, $7) AS value
            FROM visits AS visit
            WHERE started_at >= $1::timestamptz - interval '1 day' AND visitor_id IS NOT NULL
                AND ($3 OR left_out_at IS NULL OR left_out_at < $1::timestamptz - interval '1 day')
         ), starts AS (
            SELECT DISTINCT ON (visitor_id, CASE WHEN $8 THEN width_bucket(start_at, $4) END)
                visitor_id, start_at, value, width_bucket(start_at, $4) AS cohort
            FROM told WHERE start_at >= $1 AND start_at < $2
            ORDER BY visitor_id, CASE WHEN $8 THEN width_bucket(start_at, $4) END, start_at
         ), members AS MATERIALIZED (
            SELECT * FROM starts WHERE $8 OR NOT EXISTS (
                SELECT FROM visits AS earlier
                WHERE earlier.visitor_id = starts.visitor_id AND earlier.started_at < $1
                    AND visit_event_at(earlier, $5) < $1)
         ), listed AS (
            SELECT value FROM members GROUP BY value ORDER BY count(*) DESC, value LIMIT $9
         ), returns AS (
            SELECT cohort, members.value, members.visitor_id, CASE
                WHEN $10 THEN floor(extract(epoch FROM told.return_at - members.start_at) / 86400)::integer
                ELSE width_bucket(told.return_at, $4) - cohort END AS after
            FROM members JOIN told USING (visitor_id) WHERE told.return_at >= members.start_at
         ), visitors AS (
            SELECT cohort, value, max(after) AS after FROM returns
            GROUP BY cohort, value, visitor_id, CASE WHEN NOT $11 THEN after END
            UNION ALL SELECT cohort, value, NULL FROM members
         )
         SELECT cohort AS "cohort!",
            CASE WHEN value IN (SELECT value FROM listed) THEN value ELSE $12 END AS "value!",
            after AS "after?", count(*) AS "visitors!"
         FROM visitors WHERE after IS NULL OR $11 OR after <= $13
         GROUP BY 1, 2, 3"#,
        question.range.period.from as DateTime<Utc>,
        question.range.period.to as DateTime<Utc>,
        question.range.populations == Populations::All,
        question.starts as &[DateTime<Utc>],
        question.start,
        question.returning,
        question.breakdown,
        question.recurring,
        SEGMENTS_MAX,
        question.counting == Counting::Rolling,
        question.criterion == Criterion::OnOrAfter,
        OTHER,
        i32::try_from(question.offsets).unwrap_or(i32::MAX),
    )
    .fetch_all(db)
    .await
}

/// A question about how long something takes after something else.
#[derive(Debug, Clone, Copy)]
pub(super) struct CurveQuestion<'a> {
    pub(super) range: &'a Range,
    pub(super) origin: &'static str,
    pub(super) event: &'static str,
    /// Whether the event must be in a later visit than the origin.
    pub(super) again: bool,
    pub(super) breakdown: Option<&'static str>,
    /// When watching ended.
    pub(super) until: DateTime<Utc>,
}

/// For how many hours visitors were watched since their first origin of all, and whether the event came
/// by then, by what they have in common.
pub(super) async fn watched(
    db: &mut PgConnection,
    question: CurveQuestion<'_>,
) -> Result<Vec<(String, Watched)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"WITH told AS MATERIALIZED (
            SELECT visitor_id, started_at, visit_event_at(visit, $4) AS origin_at,
                visit_event_at(visit, $5) AS event_at, visit_value(visit, $6) AS value
            FROM visits AS visit
            WHERE started_at >= $1::timestamptz - interval '1 day' AND visitor_id IS NOT NULL
                AND ($3 OR left_out_at IS NULL OR left_out_at < $1::timestamptz - interval '1 day')
                AND (visit_event_at(visit, $4) IS NOT NULL OR visit_event_at(visit, $5) IS NOT NULL)
         ), origins AS (
            SELECT DISTINCT ON (visitor_id) visitor_id, started_at, origin_at, value
            FROM told WHERE origin_at >= $1 AND origin_at < $2
            ORDER BY visitor_id, origin_at
         ), members AS MATERIALIZED (
            SELECT * FROM origins WHERE NOT EXISTS (
                SELECT FROM visits AS earlier
                WHERE earlier.visitor_id = origins.visitor_id AND earlier.started_at < $1
                    AND visit_event_at(earlier, $4) < $1)
         ), listed AS (
            SELECT value FROM members GROUP BY value ORDER BY count(*) DESC, value LIMIT $7
         ), waited AS (
            SELECT members.visitor_id, members.value, members.origin_at, min(told.event_at) AS event_at
            FROM members LEFT JOIN told ON told.visitor_id = members.visitor_id
                AND told.event_at >= members.origin_at AND told.event_at < $8
                AND (NOT $9 OR told.started_at > members.started_at)
            GROUP BY 1, 2, 3
         )
         SELECT CASE WHEN value IN (SELECT value FROM listed) THEN value ELSE $10 END AS "value!",
            greatest(floor(extract(epoch FROM coalesce(event_at, $8) - origin_at) / 3600), 0)::bigint
                AS "hours!",
            event_at IS NOT NULL AS "happened!", count(*) AS "visitors!"
         FROM waited GROUP BY 1, 2, 3"#,
        question.range.period.from as DateTime<Utc>,
        question.range.period.to as DateTime<Utc>,
        question.range.populations == Populations::All,
        question.origin,
        question.event,
        question.breakdown,
        SEGMENTS_MAX,
        question.until,
        question.again,
        OTHER,
    )
    .fetch_all(db)
    .await?;
    let one = rows.into_iter().map(|row| {
        let (time, happened, subjects) = (row.hours, row.happened, row.visitors);
        (row.value, Watched { time, happened, subjects })
    });
    Ok(one.collect())
}
