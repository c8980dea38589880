//! What every report is asked: which range, in which zone, counting whom, and compared with what.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use nest_haus_domain::analytics::{Comparison, Period, Populations, TimeRange, Zone};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::http::{Context, FieldError, Problem, parameters, refuse_unknown};
use crate::platform::App;

/// The longest range, so that no report reads without bounds.
const LENGTH_MAX: TimeDelta = TimeDelta::days(400);

/// The years that a range may lie in.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;

/// Which range, in which zone, counting whom.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct RangeQuery {
    /// `24h`, `7d` (default), `30d`, `90d`, or `custom` with `from` and `to`.
    #[param(pattern = "^(24h|7d|30d|90d|custom)$")]
    time_range: Option<String>,
    /// First instant of a custom range.
    from: Option<DateTime<Utc>>,
    /// First instant after a custom range.
    to: Option<DateTime<Utc>>,
    /// The IANA time zone that days are counted in, `Europe/Vienna` for example (default `UTC`).
    tz: Option<String>,
    /// `eligible` (default): people from outside who did not refuse; or `all`.
    population: Option<String>,
}

/// What a range is compared with.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct ComparisonQuery {
    /// `previous` (default), `previous_weekdays`, `year`, `custom` with `compareFrom`, or `none`.
    compare: Option<String>,
    /// First instant of the range to compare with, which is as long.
    compare_from: Option<DateTime<Utc>>,
}

/// A range as it was asked for, checked.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    /// From when to when.
    pub period: Period,
    /// The name, where it has one.
    pub name: Option<TimeRange>,
    /// Where days begin.
    pub zone: Zone,
    /// Whom it counts.
    pub populations: Populations,
}

/// No parameters besides the range.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NoQuery {}

/// The range and the parameters that a report is asked for. Parameters that neither knows are refused,
/// those of a comparison among them.
pub struct Asked<Q = NoQuery> {
    /// Which range.
    pub range: Range,
    /// What else.
    pub query: Q,
}

impl<Q: DeserializeOwned + IntoParams + Send> FromRequestParts<App> for Asked<Q> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Ok(cx) = Context::from_request_parts(parts, app).await;
        refuse_unknown(parts, &[RangeQuery::into_params(|| None), Q::into_params(|| None)])?;
        let range: RangeQuery = parameters(parts)?;
        Ok(Self { range: range.check(cx.now)?, query: parameters(parts)? })
    }
}

/// What a report is asked for that compares its range with another.
pub struct AskedCompared<Q = NoQuery> {
    /// Which range.
    pub range: Range,
    /// The period that it is compared with.
    pub comparison: Option<Period>,
    /// What else.
    pub query: Q,
}

impl<Q: DeserializeOwned + IntoParams + Send> FromRequestParts<App> for AskedCompared<Q> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Ok(cx) = Context::from_request_parts(parts, app).await;
        let range = RangeQuery::into_params(|| None);
        let comparison = ComparisonQuery::into_params(|| None);
        refuse_unknown(parts, &[range, comparison, Q::into_params(|| None)])?;
        let range: RangeQuery = parameters(parts)?;
        let range = range.check(cx.now)?;
        let comparison: ComparisonQuery = parameters(parts)?;
        let comparison = range.period.compared(comparison.check()?, cx.now);
        Ok(Self { range, comparison, query: parameters(parts)? })
    }
}

impl<Q> From<Asked<Q>> for AskedCompared<Q> {
    /// The same question without a comparison.
    fn from(Asked { range, query }: Asked<Q>) -> Self {
        Self { range, comparison: None, query }
    }
}

/// Instants far from all that is stored are no dates to count with.
fn check_year(field: &str, at: DateTime<Utc>) -> Result<(), Problem> {
    if YEARS.contains(&at.year()) {
        Ok(())
    } else {
        refuse(field, "must be in the years 2000 to 2100")
    }
}

fn refuse<T>(field: &str, message: &str) -> Result<T, Problem> {
    Err(Problem::field(FieldError::new(field, "invalid", message)))
}

impl Range {
    /// The same question about another period.
    #[must_use]
    pub fn over(&self, period: Period) -> Self {
        Self { period, ..*self }
    }
}

impl RangeQuery {
    fn check(&self, now: DateTime<Utc>) -> Result<Range, Problem> {
        let (period, name) = self.period(now)?;
        let zone = match self.tz.as_deref().map(Zone::of_name) {
            None => Zone::UTC,
            Some(Some(zone)) => zone,
            Some(None) => {
                return refuse("tz", "must be an IANA time zone, `Europe/Vienna` for example");
            }
        };
        let populations = match self.population.as_deref() {
            None | Some("eligible") => Populations::Eligible,
            Some("all") => Populations::All,
            Some(_) => return refuse("population", "must be eligible or all"),
        };
        Ok(Range { period, name, zone, populations })
    }

    fn period(&self, now: DateTime<Utc>) -> Result<(Period, Option<TimeRange>), Problem> {
        let name = self.time_range.as_deref().unwrap_or_else(|| TimeRange::default().as_str());
        let custom = name == "custom";
        if !custom && (self.from.is_some() || self.to.is_some()) {
            return refuse("timeRange", "`from` and `to` go with `custom`");
        }
        if let Some(range) = TimeRange::of_name(name) {
            return Ok((Period::ending(now, range), Some(range)));
        }
        match (self.from, self.to) {
            _ if !custom => refuse("timeRange", "must be 24h, 7d, 30d, 90d or custom"),
            (None, _) => refuse("from", "a custom range has `from` and `to`, in RFC 3339"),
            (_, None) => refuse("to", "a custom range has `from` and `to`, in RFC 3339"),
            (Some(from), Some(to)) if from >= to => refuse("to", "must be later than `from`"),
            (Some(from), Some(to)) if to - from > LENGTH_MAX => {
                refuse("to", "at most 400 days after `from`")
            }
            (Some(from), Some(to)) => {
                check_year("from", from)?;
                check_year("to", to)?;
                Ok((Period { from, to }, None))
            }
        }
    }
}

impl ComparisonQuery {
    fn check(&self) -> Result<Comparison, Problem> {
        let name = self.compare.as_deref().unwrap_or("previous");
        match (name, self.compare_from) {
            ("custom", Some(from)) => {
                check_year("compareFrom", from)?;
                Ok(Comparison::Custom { from })
            }
            ("custom", None) => {
                refuse("compareFrom", "a custom comparison has `compareFrom`, in RFC 3339")
            }
            (_, Some(_)) => refuse("compare", "`compareFrom` goes with `custom`"),
            ("previous", None) => Ok(Comparison::Previous),
            ("previous_weekdays", None) => Ok(Comparison::PreviousWeekdays),
            ("year", None) => Ok(Comparison::Year),
            ("none", None) => Ok(Comparison::None),
            _ => refuse("compare", "must be previous, previous_weekdays, year, custom or none"),
        }
    }
}
