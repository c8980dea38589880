//! The range of a report, as a query names it.

use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::analytics::{Period, TimeRange};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::{FieldError, Problem};

/// The longest range, so that no report reads without bounds.
const LENGTH_MAX: TimeDelta = TimeDelta::days(400);

/// The range of a report.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
pub struct RangeQuery {
    /// `24h`, `7d` (default), `30d`, `90d`, or `custom` with `from` and `to`.
    #[param(pattern = "^(24h|7d|30d|90d|custom)$")]
    time_range: Option<String>,
    /// First instant of a custom range.
    from: Option<DateTime<Utc>>,
    /// First instant after a custom range.
    to: Option<DateTime<Utc>>,
}

impl RangeQuery {
    /// The period, and the name of the range where it has one.
    pub(super) fn period(
        &self,
        now: DateTime<Utc>,
    ) -> Result<(Period, Option<TimeRange>), Problem> {
        let refuse =
            |field, message: &str| Err(Problem::field(FieldError::new(field, "invalid", message)));
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
            (Some(from), Some(to)) => Ok((Period { from, to }, None)),
        }
    }
}
