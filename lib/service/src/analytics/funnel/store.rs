//! The funnel's queries.

use std::pin::Pin;

use chrono::{DateTime, TimeDelta, Utc};
use futures::stream::{self, BoxStream, Peekable, StreamExt, TryStreamExt};
use nest_haus_domain::analytics::{Period, Populations};
use sqlx::{PgConnection, PgTransaction};
use uuid::Uuid;

use super::query::{AskedFunnel, Unit};
use crate::platform::{App, begin_report, begin_report_beside};

/// Memory that a step of a plan may take. Grouping a day takes a fraction, but the planner counts 8 kB for each
/// array of each session.
const WORK_MEM: &str = "256MB";

/// The events of a visit on one day, with all of its session.
#[derive(Debug)]
pub(super) struct VisitDay {
    pub(super) day: DateTime<Utc>,
    /// Names the visitor, only where visitors are counted.
    pub(super) visitor: Option<Uuid>,
    pub(super) session_key: Uuid,
    pub(super) at: Vec<DateTime<Utc>>,
    /// The number of each event, and in the last five bits what it is.
    pub(super) mark: Vec<i64>,
    pub(super) event_id: Vec<Option<Uuid>>,
    /// The configuration that each event carries, only where configurations are counted.
    pub(super) configuration: Option<Vec<Option<String>>>,
    /// What events are broken down by, only where that is asked for.
    pub(super) value: Option<Vec<Option<String>>>,
    pub(super) number: i32,
    pub(super) started_at: DateTime<Utc>,
    pub(super) ended_at: DateTime<Utc>,
    pub(super) visit_value: Option<String>,
}

/// The connections that a funnel is read by. All of them see the database at one instant.
pub(super) struct Readers {
    /// The one that reads everything but days of events, too.
    pub(super) main: PgTransaction<'static>,
    beside: Option<PgTransaction<'static>>,
}

impl Readers {
    /// Begins to read; the days of events by two connections, if the pool has another.
    pub(super) async fn begin(app: &App, asked: &AskedFunnel) -> Result<Self, sqlx::Error> {
        let limit = app.config.request_timeout;
        let mut main = begin_report(&app.db, limit).await?;
        let mut beside = if asked.projected || asked.unit == Unit::Visitor {
            None
        } else {
            begin_report_beside(&app.db, &mut main, limit).await?
        };
        give_memory(&mut main).await?;
        if let Some(beside) = &mut beside {
            give_memory(beside).await?;
        }
        Ok(Self { main, beside })
    }

    fn all(&mut self) -> impl Iterator<Item = &mut PgTransaction<'static>> {
        std::iter::once(&mut self.main).chain(&mut self.beside)
    }
}

/// Gives plans memory to group a day.
async fn give_memory(tx: &mut PgTransaction<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT set_config('work_mem', $1, true)", WORK_MEM).fetch_one(&mut **tx).await?;
    Ok(())
}

/// Events of visits as they stream out of the database.
type VisitDays<'a> = BoxStream<'a, Result<VisitDay, sqlx::Error>>;

/// What the events of a range are asked.
struct Question {
    asked: serde_json::Value,
    plain: Vec<String>,
    known: Vec<String>,
    own: Vec<String>,
    facts: Vec<String>,
    relevant: bool,
    property: Option<String>,
    configurations: bool,
    of_visits: Option<String>,
    until: DateTime<Utc>,
    populations: Vec<String>,
}

impl Question {
    fn new(
        asked: &AskedFunnel,
        period: Period,
        populations: Populations,
    ) -> Result<Self, serde_json::Error> {
        let (patterns, breakdown) = (&asked.patterns, asked.breakdown.as_ref());
        Ok(Self {
            asked: patterns.rows()?,
            plain: patterns.plain(),
            known: patterns.known(),
            own: patterns.own(),
            facts: patterns.facts(),
            relevant: asked.is_strict(),
            property: breakdown.and_then(|breakdown| breakdown.of_events.clone()),
            configurations: asked.unit == Unit::Configuration,
            of_visits: breakdown.and_then(|breakdown| breakdown.of_visits.clone()),
            until: period.to + asked.reach(),
            populations: populations.names(),
        })
    }
}

/// Streams the events of visits, day by day. While the days of one connection are taken, the others read
/// theirs.
pub(super) fn by_day<'a>(
    readers: &'a mut Readers,
    asked: &AskedFunnel,
    period: Period,
    populations: Populations,
) -> Result<VisitDays<'a>, serde_json::Error> {
    let every = readers.all().count();
    let of_reader = |(first, tx): (usize, &'a mut PgTransaction<'static>)| {
        some_days(tx, asked, period, populations, (first, every)).map(StreamExt::peekable)
    };
    let streams = readers.all().enumerate().map(of_reader).collect::<Result<Vec<_>, _>>()?;
    let next = |mut streams: Vec<_>| async move {
        Ok(next_of_day(&mut streams).await?.map(|row| (row, streams)))
    };
    Ok(stream::try_unfold(streams, next).boxed())
}

/// The next row of the stream whose next day is the earliest.
async fn next_of_day(
    streams: &mut [Peekable<VisitDays<'_>>],
) -> Result<Option<VisitDay>, sqlx::Error> {
    let mut earliest: Option<(DateTime<Utc>, usize)> = None;
    for (index, stream) in streams.iter_mut().enumerate() {
        let Some(peeked) = Pin::new(stream).peek().await else { continue };
        // A failure is taken first.
        let day = peeked.as_ref().map_or(DateTime::<Utc>::MIN_UTC, |row| row.day);
        if earliest.is_none_or(|(earliest, _)| day < earliest) {
            earliest = Some((day, index));
        }
    }
    match earliest.and_then(|(_, index)| streams.get_mut(index)) {
        Some(stream) => stream.try_next().await,
        None => Ok(None),
    }
}

/// Streams the events of every so many days, from the first, second or later day of the period.
fn some_days<'a>(
    db: &'a mut PgConnection,
    asked: &AskedFunnel,
    period: Period,
    populations: Populations,
    (first, every): (usize, usize),
) -> Result<VisitDays<'a>, serde_json::Error> {
    let days = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let since = period.from + TimeDelta::days(days(first).into());
    let question = Question::new(asked, period, populations)?;
    let rows = sqlx::query_as!(
        VisitDay,
        r#"SELECT day AS "day!", session_key AS "session_key!", at AS "at!", mark AS "mark!",
            event_id AS "event_id!: Vec<Option<Uuid>>", configuration AS "configuration: Vec<Option<String>>",
            value AS "value: Vec<Option<String>>", number AS "number!", started_at AS "started_at!",
            ended_at AS "ended_at!", visitor, visit_value
         FROM funnel_events($1, $2, $3, $4, $5::text[]::session_fact[], $6, $7, $8, $9, false,
            $10::text[]::population[], $11, $12, $13)"#,
        question.asked,
        &question.plain,
        &question.known,
        &question.own,
        &question.facts,
        question.relevant,
        question.configurations,
        question.property,
        question.of_visits,
        &question.populations,
        since,
        question.until,
        days(every),
    )
    .fetch(db);
    Ok(rows)
}

/// Streams the events of visits, visitor by visitor. Visitors are ordered by a hash, not by their names.
pub(super) fn by_visitor<'a>(
    db: &'a mut PgConnection,
    asked: &AskedFunnel,
    period: Period,
    populations: Populations,
) -> Result<VisitDays<'a>, serde_json::Error> {
    let question = Question::new(asked, period, populations)?;
    let rows = sqlx::query_as!(
        VisitDay,
        r#"SELECT day AS "day!", session_key AS "session_key!", at AS "at!", mark AS "mark!",
            event_id AS "event_id!: Vec<Option<Uuid>>", configuration AS "configuration: Vec<Option<String>>",
            value AS "value: Vec<Option<String>>", number AS "number!", started_at AS "started_at!",
            ended_at AS "ended_at!", visitor, visit_value
         FROM funnel_events($1, $2, $3, $4, $5::text[]::session_fact[], $6, $7, $8, $9, true,
            $10::text[]::population[], $11, $12, 1)
         ORDER BY visitor, day"#,
        question.asked,
        &question.plain,
        &question.known,
        &question.own,
        &question.facts,
        question.relevant,
        question.configurations,
        question.property,
        question.of_visits,
        &question.populations,
        period.from,
        question.until,
    )
    .fetch(db);
    Ok(rows)
}

/// A visit that is still under way: when it began, and how far it came.
pub(super) struct UnderWay {
    pub(super) started_at: DateTime<Utc>,
    pub(super) level: i16,
}

/// The visits of a period whose last activity is later than some instant.
pub(super) async fn under_way(
    db: &mut PgConnection,
    period: Period,
    active_after: DateTime<Utc>,
    populations: Populations,
) -> Result<Vec<UnderWay>, sqlx::Error> {
    sqlx::query_as!(
        UnderWay,
        "SELECT started_at, funnel_level AS level FROM visits
         WHERE started_at >= greatest($1, $3::timestamptz - interval '1 day') AND started_at < $2
            AND ended_at > $3 AND population = ANY($4::text[]::population[])",
        period.from,
        period.to,
        active_after,
        &populations.names(),
    )
    .fetch_all(db)
    .await
}

/// A unit that came no further than a step, by the session of its last event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dropped {
    /// The step, counted from 0.
    pub(super) step: i32,
    pub(super) session_key: Uuid,
    pub(super) at: DateTime<Utc>,
    pub(super) seq: i64,
}

/// The latest visits that came no further than each step, `limit` of each. What happened at the very time of
/// a step counts as part of it.
pub(super) async fn dropped(
    db: &mut PgConnection,
    period: Period,
    populations: Populations,
    limit: i64,
) -> Result<Vec<Dropped>, sqlx::Error> {
    sqlx::query_as!(
        Dropped,
        r#"SELECT l.level - 1 AS "step!", v.session_key, v.step_at[l.level] AS "at!",
            9223372036854775807 AS "seq!"
         FROM generate_series(1, 4) AS l (level) CROSS JOIN LATERAL (
            SELECT session_key, step_at FROM visits
            WHERE funnel_level = l.level AND started_at >= $1 AND started_at < $2
                AND population = ANY($3::text[]::population[])
            ORDER BY started_at DESC LIMIT $4) AS v"#,
        period.from,
        period.to,
        &populations.names(),
        limit,
    )
    .fetch_all(db)
    .await
}

/// What units did next that came no further than a step; nothing where they left.
pub(super) struct Next {
    pub(super) step: i32,
    pub(super) event: Option<String>,
    pub(super) category: Option<String>,
    pub(super) units: i64,
}

/// What some units did within half an hour after their last step.
pub(super) async fn next_events(
    db: &mut PgConnection,
    dropped: &[Dropped],
) -> Result<Vec<Next>, sqlx::Error> {
    let steps: Vec<i32> = dropped.iter().map(|unit| unit.step).collect();
    let keys: Vec<Uuid> = dropped.iter().map(|unit| unit.session_key).collect();
    let at: Vec<DateTime<Utc>> = dropped.iter().map(|unit| unit.at).collect();
    let seq: Vec<i64> = dropped.iter().map(|unit| unit.seq).collect();
    sqlx::query_as!(
        Next,
        r#"SELECT d.step AS "step!", n.name AS event, n.category, count(*) AS "units!"
         FROM unnest($1::int[], $2::uuid[], $3::timestamptz[], $4::bigint[])
            AS d (step, session_key, at, seq)
         LEFT JOIN LATERAL (
            SELECT t.name, t.category FROM session_timeline AS t
            WHERE t.session_key = d.session_key AND t.activity
                AND (t.occurred_at, t.seq) > (d.at, d.seq)
                AND t.occurred_at <= d.at + interval '30 minutes'
            ORDER BY t.occurred_at, t.seq, t.event_id LIMIT 1) AS n ON true
         GROUP BY d.step, n.name, n.category
         ORDER BY d.step, count(*) DESC, n.name NULLS LAST, n.category"#,
        &steps,
        &keys,
        &at,
        &seq,
    )
    .fetch_all(db)
    .await
}

/// What the latest visits did next that came no further than each step, `limit` of each, as it is
/// projected.
pub(super) async fn next_events_of_visits(
    db: &mut PgConnection,
    period: Period,
    populations: Populations,
    limit: i64,
) -> Result<Vec<Next>, sqlx::Error> {
    sqlx::query_as!(
        Next,
        r#"SELECT l.level - 1 AS "step!", v.next_event AS event, v.next_category AS category,
            count(*) AS "units!"
         FROM generate_series(1, 4) AS l (level) CROSS JOIN LATERAL (
            SELECT next_event, next_category FROM visits
            WHERE funnel_level = l.level AND started_at >= $1 AND started_at < $2
                AND population = ANY($3::text[]::population[])
            ORDER BY started_at DESC LIMIT $4) AS v
         GROUP BY l.level, v.next_event, v.next_category
         ORDER BY l.level, count(*) DESC, v.next_event NULLS LAST, v.next_category"#,
        period.from,
        period.to,
        &populations.names(),
        limit,
    )
    .fetch_all(db)
    .await
}

/// The ids of some sessions, by their keys.
pub(super) async fn session_ids(
    db: &mut PgConnection,
    keys: &[Uuid],
) -> Result<Vec<(Uuid, String)>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT session_key, session_id FROM user_sessions WHERE session_key = ANY($1)",
        keys
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.session_key, row.session_id)).collect())
}
