//! Whether sessions, conversions and inquiries are far from what is usual, by hour and by day in UTC, as
//! the roll-ups are (definitions b15).

use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use nest_haus_domain::analytics::Period;
use nest_haus_domain::monitoring::{Grain, RuleId, Score, Segment, Signal, largest_move, score};
use nest_haus_domain::notifications::{Line, Value};
use sqlx::PgConnection;

use super::measured::{CLOSED_AFTER, Queues, is_drained_up_to};
use crate::analytics::{VisitCounts, is_projected_up_to, visit_counts, visit_counts_by_part};

/// A number that is watched.
#[derive(Clone, Copy)]
pub(super) struct Watched {
    name: &'static str,
    count: fn(&VisitCounts) -> i64,
}

/// Every number that is watched.
pub(super) const WATCHED: [Watched; 3] = [
    Watched { name: "sessions", count: |counts| counts.sessions },
    Watched { name: "conversions", count: |counts| counts.conversions },
    Watched { name: "inquiries", count: |counts| counts.inquiries },
];

/// Numbers by hour or day.
pub(super) type Counts = BTreeMap<DateTime<Utc>, VisitCounts>;

/// Numbers are compared with those of the same hour a day before, or of the same weekday a week before.
pub(super) fn interval(grain: Grain) -> TimeDelta {
    match grain {
        Grain::Hour => TimeDelta::days(1),
        Grain::Day => TimeDelta::weeks(1),
    }
}

/// How long an hour or day is.
pub(super) fn length(grain: Grain) -> TimeDelta {
    match grain {
        Grain::Hour => TimeDelta::hours(1),
        Grain::Day => TimeDelta::days(1),
    }
}

/// How far back the numbers are that one is compared with.
pub(super) fn reach(grain: Grain) -> TimeDelta {
    interval(grain) * i32::try_from(grain.points()).unwrap_or(i32::MAX)
}

/// The latest hour or day whose sessions are closed.
pub(super) fn latest(grain: Grain, now: DateTime<Utc>) -> DateTime<Utc> {
    let closed = now - CLOSED_AFTER;
    closed.duration_trunc(length(grain)).unwrap_or(closed) - length(grain)
}

/// The signals of the latest complete hour and day; nothing while their visits are not all stored.
pub(super) async fn signals(
    db: &mut PgConnection,
    queues: &Queues,
    now: DateTime<Utc>,
) -> Result<Vec<Signal>, sqlx::Error> {
    let mut signals = Vec::new();
    for grain in [Grain::Hour, Grain::Day] {
        let start = latest(grain, now);
        let end = start + length(grain);
        if !is_drained_up_to(queues, end) || !is_projected_up_to(&mut *db, end).await? {
            continue;
        }
        let period = Period { from: start - reach(grain), to: end };
        let counts = visit_counts(&mut *db, period, grain).await?;
        for watched in WATCHED {
            let Some(found) = scored(watched, &counts, (grain, start)) else { continue };
            let mut detail = detail(&found, (grain, start));
            if found.score.is_drop_to_zero
                || RuleId::Anomaly.is_breach(found.score.z, &RuleId::Anomaly.defaults())
            {
                detail.extend(owed_to(&mut *db, watched, &found, (grain, start)).await?);
            }
            signals.extend(
                found.signals(watched, grain).map(|signal| signal.with_detail(detail.clone())),
            );
        }
    }
    Ok(signals)
}

/// A number with its score.
pub(super) struct Found {
    value: i64,
    points: usize,
    pub(super) score: Score,
}

/// How unusual a number of an hour or day is; nothing where what it is compared with says nothing. What lies
/// before the first visit of all is no zero.
pub(super) fn scored(
    watched: Watched,
    counts: &Counts,
    (grain, start): (Grain, DateTime<Utc>),
) -> Option<Found> {
    let of = |at: DateTime<Utc>| counts.get(&at).map_or(0, watched.count);
    let (first, _) = counts.first_key_value()?;
    let before = earlier(grain, start).into_iter().filter(|at| at >= first);
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    let baseline: Vec<f64> = before.map(|at| of(at) as f64).collect();
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    let score = score(of(start) as f64, &baseline, grain)?;
    Some(Found { value: of(start), points: baseline.len(), score })
}

/// The hours or days that one is compared with, the latest first.
fn earlier(grain: Grain, start: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let back =
        std::iter::successors(Some(start - interval(grain)), |at| Some(*at - interval(grain)));
    back.take(grain.points()).collect()
}

impl Found {
    /// The values of both rules: a drop to zero is one of its own, and no anomaly besides.
    pub(super) fn values(&self) -> [(RuleId, f64); 2] {
        let (zero, z) = if self.score.is_drop_to_zero { (1.0, 0.0) } else { (0.0, self.score.z) };
        [(RuleId::DropToZero, zero), (RuleId::Anomaly, z)]
    }

    /// Numbers that it was compared with.
    pub(super) fn count(&self) -> i64 {
        i64::try_from(self.points).unwrap_or(i64::MAX)
    }

    fn signals(&self, watched: Watched, grain: Grain) -> impl Iterator<Item = Signal> {
        let (subject, count) = (subject(watched, grain), self.count());
        self.values()
            .into_iter()
            .map(move |(rule, value)| Signal::about(rule, &*subject, value, count))
    }
}

/// What a signal is about, `sessions:hour` for example.
pub(super) fn subject(watched: Watched, grain: Grain) -> String {
    format!("{}:{}", watched.name, grain.as_str())
}

fn detail(found: &Found, (grain, start): (Grain, DateTime<Utc>)) -> Vec<Line> {
    let when = match grain {
        Grain::Hour => Value::Moment(start),
        Grain::Day => Value::Day(start.date_naive()),
    };
    vec![
        Line::new("Beginn", "From", when),
        Line::new("Anzahl", "Number", Value::Count(found.value)),
        Line::new("Üblich", "Usual", Value::Number(found.score.median)),
        Line::new("Veränderung", "Change", Value::Change(found.score.relative)),
    ]
}

/// By which device and which channel the number moved most.
async fn owed_to(
    db: &mut PgConnection,
    watched: Watched,
    found: &Found,
    (grain, start): (Grain, DateTime<Utc>),
) -> Result<Vec<Line>, sqlx::Error> {
    let period = |from| Period { from, to: from + length(grain) };
    let periods: Vec<Period> =
        std::iter::once(start).chain(earlier(grain, start)).map(period).collect();
    let mut by_dimension: BTreeMap<String, Vec<Segment>> = BTreeMap::new();
    for ((dimension, name), series) in visit_counts_by_part(db, &periods).await? {
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
        let mut numbers = series.iter().map(|counts| (watched.count)(counts) as f64);
        let value = numbers.next().unwrap_or(0.0);
        let segment = Segment { name, value, baseline: numbers.collect() };
        by_dimension.entry(dimension).or_default().push(segment);
    }
    let line = |(dimension, segments): (&String, &Vec<Segment>)| {
        let segment = largest_move(segments, found.score.relative)?;
        let (label_de, label_en) = match dimension.as_str() {
            "device" => ("Am meisten auf Geräten", "Most of it on devices"),
            _ => ("Am meisten über den Kanal", "Most of it by the channel"),
        };
        let moved = format!("{} ({} → {})", segment.name, segment.median(), segment.value);
        Some(Line::new(label_de, label_en, Value::Text(moved)))
    };
    Ok(by_dimension.iter().filter_map(line).collect())
}
