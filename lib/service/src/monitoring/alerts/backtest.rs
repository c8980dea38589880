//! How often a rule would have fired: the same measuring and the same steps as an evaluation, over what was
//! recorded, with its own settings or others.

use std::collections::BTreeMap;

use axum::Json;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use nest_haus_domain::analytics::Period;
use nest_haus_domain::monitoring::{Grain, Incident, RuleId, SLOT, Settings, replay, slot_of};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};

use super::super::{Recorded, recorded};
use super::anomalies::{self, WATCHED};
use super::measured::CLOSED_AFTER;
use super::requests::{self, BySlot, LONGEST};
use super::rules::{RuleSettings, edited_rules, rule_of_name};
use crate::accounts::{May, ReadAnalytics};
use crate::analytics::{measured_by_hour, visit_counts};
use crate::http::{Context, FieldError, Only, Problem, ProblemDocument};
use crate::platform::begin_report;

/// Days that are looked at where nobody says otherwise, and at most.
const DAYS: i64 = 60;

/// What is told of single incidents at most.
const INCIDENTS_MAX: usize = 200;

/// Which rule, and how it is to be set.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct BacktestQuery {
    /// The rule.
    rule: String,
    /// Days up to now, 1 to 60; 60 where it is left out.
    #[param(minimum = 1, maximum = 60)]
    days: Option<i64>,
    /// Another threshold than the rule's.
    #[param(minimum = 0)]
    threshold: Option<f64>,
    /// Another minimum count.
    #[param(minimum = 0)]
    count_min: Option<i64>,
    /// Another cool-down, in minutes.
    #[param(minimum = 0, maximum = 10080)]
    cool_down_minutes: Option<i64>,
}

/// How often a rule would have fired.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Backtest {
    /// Always true.
    success: bool,
    /// The rule.
    #[schema(value_type = String)]
    rule: &'static str,
    /// In what its values are.
    #[schema(value_type = String)]
    unit: &'static str,
    /// First instant looked at.
    from: DateTime<Utc>,
    /// First instant after it.
    to: DateTime<Utc>,
    /// How the rule was set for this.
    settings: RuleSettings,
    /// How often it would have fired.
    fired: usize,
    /// The same as a sentence.
    summary: String,
    /// The incidents, those that began last first; 200 at most.
    incidents: Vec<BacktestIncident>,
    /// Whether evaluations would have seen somewhat other values: roll-ups by hour stand for the last hour.
    approx: bool,
}

/// An incident that there would have been.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BacktestIncident {
    /// What it is about; empty where the rule says it all.
    subject: String,
    /// When it would have begun.
    started_at: DateTime<Utc>,
    /// When it would have been over.
    resolved_at: Option<DateTime<Utc>>,
    /// The worst value.
    peak: f64,
    /// How often it would have begun again.
    reopened: i32,
}

/// Tries a rule on up to 60 days that were recorded.
#[utoipa::path(
    get, path = "/api/admin/alerts/backtest", tag = "operations", params(BacktestQuery),
    security(("admin" = [])),
    responses(
        (status = 200, description = "How often it would have fired.", body = Backtest),
        (status = 422, description = "A parameter is unknown or not allowed, or nothing is recorded for the rule.", body = ProblemDocument),
    )
)]
pub async fn backtest(
    cx: Context,
    _: May<ReadAnalytics>,
    Only(query): Only<BacktestQuery>,
) -> Result<Json<Backtest>, Problem> {
    let (rule, days) = query.checked()?;
    let mut db = begin_report(&cx.app.db, cx.app.config.request_timeout).await?;
    let edited = edited_rules(&mut db).await?.remove(&rule).unwrap_or_default();
    let settings = query.applied_to(edited.settings(rule));
    let to = slot_of(cx.now);
    let period = Period { from: to - TimeDelta::days(days), to };
    let series = series(&mut db, rule, period).await?.ok_or_else(not_recorded)?;
    let mut incidents: Vec<(String, Incident)> = Vec::new();
    for (subject, evaluations) in series {
        let found = replay((rule, &settings), evaluations);
        incidents.extend(found.into_iter().map(|incident| (subject.clone(), incident)));
    }
    Ok(Json(Backtest::of((rule, &settings), (period, days), incidents)))
}

impl BacktestQuery {
    fn checked(&self) -> Result<(RuleId, i64), Problem> {
        let rule = rule_of_name(&self.rule)?;
        let days = self.days.unwrap_or(DAYS);
        let mut errors = Vec::new();
        let mut refuse = |field: &str, is_allowed: bool, message: &str| {
            if !is_allowed {
                errors.push(FieldError::new(field, "invalid", message));
            }
        };
        refuse("days", (1..=DAYS).contains(&days), "must be 1 to 60");
        refuse(
            "threshold",
            self.threshold.is_none_or(|it| (0.0..=1e9).contains(&it)),
            "must be 0 to 1e9",
        );
        refuse("countMin", self.count_min.is_none_or(|it| it >= 0), "must not be negative");
        let cool_down = self.cool_down_minutes.unwrap_or(0);
        refuse("coolDownMinutes", (0..=10_080).contains(&cool_down), "must be 0 to 10080");
        if errors.is_empty() { Ok((rule, days)) } else { Err(Problem::Invalid(errors)) }
    }

    fn applied_to(&self, settings: Settings) -> Settings {
        let cool_down = self.cool_down_minutes.map(TimeDelta::minutes);
        Settings {
            threshold: self.threshold.unwrap_or(settings.threshold),
            count_min: self.count_min.unwrap_or(settings.count_min),
            cool_down: cool_down.unwrap_or(settings.cool_down),
            ..settings
        }
    }
}

fn not_recorded() -> Problem {
    let message = "nothing is recorded for this rule; try api_latency, database_latency, redis_latency, \
        error_rate, error_budget, configurator_load, anomaly or drop_to_zero";
    Problem::field(FieldError::new("rule", "invalid", message))
}

impl Backtest {
    fn of(
        (rule, settings): (RuleId, &Settings),
        (period, days): (Period, i64),
        mut incidents: Vec<(String, Incident)>,
    ) -> Self {
        incidents.sort_by(|(a_subject, a), (b_subject, b)| {
            b.started_at.cmp(&a.started_at).then_with(|| a_subject.cmp(b_subject))
        });
        let fired = incidents.len();
        let incident = |(subject, incident): (String, Incident)| BacktestIncident {
            subject,
            started_at: incident.started_at,
            resolved_at: incident.resolved_at,
            peak: incident.peak,
            reopened: incident.reopened,
        };
        let (times, day) =
            (if fired == 1 { "time" } else { "times" }, if days == 1 { "day" } else { "days" });
        Self {
            success: true,
            rule: rule.as_str(),
            unit: rule.unit().as_str(),
            from: period.from,
            to: period.to,
            settings: (*settings).into(),
            fired,
            summary: format!("would have fired {fired} {times} in {days} {day}"),
            incidents: incidents.into_iter().take(INCIDENTS_MAX).map(incident).collect(),
            approx: rule == RuleId::ConfiguratorLoad,
        }
    }
}

/// What evaluations would have measured, at every end of a slot.
type Evaluations = Vec<(DateTime<Utc>, Option<(f64, i64)>)>;

/// What evaluations would have measured of a rule, by subject; nothing where it is not recorded.
async fn series(
    db: &mut PgConnection,
    rule: RuleId,
    period: Period,
) -> Result<Option<Vec<(String, Evaluations)>>, sqlx::Error> {
    let found = match rule {
        RuleId::ApiLatency | RuleId::DatabaseLatency | RuleId::RedisLatency | RuleId::ErrorRate => {
            vec![(String::new(), by_slot(db, rule, period).await?)]
        }
        RuleId::ErrorBudget => vec![(String::new(), budget(db, period).await?)],
        RuleId::ConfiguratorLoad => vec![(String::new(), loads(db, period).await?)],
        RuleId::Anomaly | RuleId::DropToZero => numbers(db, rule, period).await?,
        _ => return Ok(None),
    };
    Ok(Some(found))
}

/// The ends of the slots of a period.
fn ends(period: Period) -> impl Iterator<Item = DateTime<Utc>> {
    std::iter::successors(Some(period.from + SLOT), |end| Some(*end + SLOT))
        .take_while(move |end| *end <= period.to)
}

/// The days of a period, one after another, so that the slots of one at a time are held.
fn days(period: Period) -> impl Iterator<Item = Period> {
    std::iter::successors(Some(period.from), |from| Some(*from + TimeDelta::days(1)))
        .take_while(move |from| *from < period.to)
        .map(move |from| Period { from, to: period.to.min(from + TimeDelta::days(1)) })
}

async fn by_slot(
    db: &mut PgConnection,
    rule: RuleId,
    period: Period,
) -> Result<Evaluations, sqlx::Error> {
    let Some(metric) = requests::metric_of(rule) else { return Ok(Vec::new()) };
    let mut evaluations = Evaluations::new();
    for day in days(period) {
        let rows = recorded(&mut *db, day, metric).await?;
        let mut slots: BTreeMap<DateTime<Utc>, Vec<&Recorded>> = BTreeMap::new();
        for row in &rows {
            slots.entry(row.slot).or_default().push(row);
        }
        for end in ends(day) {
            let slot = slots.get(&(end - SLOT)).map_or(&[][..], Vec::as_slice);
            let signal = match rule {
                RuleId::ErrorRate => Some(requests::error_rate(slot)),
                _ => requests::latency(rule, slot),
            };
            evaluations.push((end, signal.map(|signal| (signal.value, signal.count))));
        }
    }
    Ok(evaluations)
}

async fn budget(db: &mut PgConnection, period: Period) -> Result<Evaluations, sqlx::Error> {
    let mut by_slot = BySlot::new();
    let Some(metric) = requests::metric_of(RuleId::ErrorBudget) else { return Ok(Vec::new()) };
    for day in days(Period { from: period.from - LONGEST, to: period.to }) {
        by_slot.extend(requests::failures(&recorded(&mut *db, day, metric).await?));
    }
    let evaluation = |end| {
        let signal = requests::error_budget(&by_slot, end);
        (end, Some((signal.value, signal.count)))
    };
    Ok(ends(period).map(evaluation).collect())
}

/// The last whole hour at the end of each slot.
async fn loads(db: &mut PgConnection, period: Period) -> Result<Evaluations, sqlx::Error> {
    let hour = TimeDelta::hours(1);
    let reach = Period { from: period.from - hour * 2, to: period.to };
    let hours = measured_by_hour(db, reach, super::measured::CONFIGURATOR_LOAD).await?;
    let evaluation = |end: DateTime<Utc>| {
        let start = end.duration_trunc(hour).unwrap_or(end) - hour;
        let measured =
            hours.get(&start).and_then(|loads| Some((loads.quantile(0.75)?, loads.count())));
        (end, measured)
    };
    Ok(ends(period).map(evaluation).collect())
}

/// The latest complete hour and day of every watched number at the end of each slot.
async fn numbers(
    db: &mut PgConnection,
    rule: RuleId,
    period: Period,
) -> Result<Vec<(String, Evaluations)>, sqlx::Error> {
    let mut series = Vec::new();
    for grain in [Grain::Hour, Grain::Day] {
        let reach = anomalies::reach(grain) + anomalies::length(grain) * 2 + CLOSED_AFTER;
        let reach = Period { from: period.from - reach, to: period.to };
        let counts = visit_counts(&mut *db, reach, grain).await?;
        for watched in WATCHED {
            let mut scored: BTreeMap<DateTime<Utc>, Option<(f64, i64)>> = BTreeMap::new();
            let evaluation = |end: DateTime<Utc>| {
                let start = anomalies::latest(grain, end);
                let measured = *scored.entry(start).or_insert_with(|| {
                    let found = anomalies::scored(watched, &counts, (grain, start))?;
                    let value = found.values().into_iter().find(|(of, _)| *of == rule)?.1;
                    Some((value, found.count()))
                });
                (end, measured)
            };
            let evaluations: Evaluations = ends(period).map(evaluation).collect();
            series.push((anomalies::subject(watched, grain), evaluations));
        }
    }
    Ok(series)
}
