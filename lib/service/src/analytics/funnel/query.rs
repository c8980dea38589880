//! What a funnel is asked for, read from a query string.

use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::analytics::funnel::{
    Attribution, Counting, EXCLUSIONS_MAX, Exclusion, Funnel, FunnelError, FunnelRules, Order,
    STEPS_MAX, STEPS_MIN, Ties,
};
use nest_haus_domain::analytics::{Interval, LENGTH_MAX, Period};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::patterns::{PatternWire, Patterns};
use crate::http::{FieldError, Problem};

/// The window of visitors where nobody says otherwise.
const VISITOR_WINDOW: TimeDelta = TimeDelta::days(7);

/// The longest window.
const WINDOW_HOURS_MAX: f64 = 400.0 * 24.0;

/// The steps of the configurator funnel, which are asked for where nobody names any.
const CONFIGURATOR: &str = r#"[{"event":"visit"},{"event":"selection","name":"configuration"},
    {"event":"cart_add","name":"cart"},{"event":"completion"},{"event":"order"}]"#;

/// Which funnel.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct FunnelQuery {
    /// JSON array of 2 to 20 steps, each `{event, name?, category?, element?, value?, filters?: [{property, op,
    /// value}], alternatives?: [the same]}`; `op` is `is`, `is_not`, `contains`, `greater` or `less`. Events
    /// are named as in a session's timeline; `visit` and `order` are the visit's beginning and payment.
    /// Without it: the configurator funnel.
    steps: Option<String>,
    /// `ordered` (default), `strict` or `any`.
    order: Option<String>,
    /// `log` (default): equal times follow the events' numbers, and without these either order; or
    /// `strict`: each step is later than the one before.
    ties: Option<String>,
    /// `unique` (default) or `total`, which begins anew after all steps.
    counting: Option<String>,
    /// `session` (default): a visit; `visitor`; or `configuration`: a configuration that a visit had, whose
    /// events are `snapshot`, `cart_add` and `completion`.
    unit: Option<String>,
    /// Longest time from the first step to any other, in hours, inclusive. Default: the visit, or 7 days
    /// for visitors.
    window_hours: Option<f64>,
    /// JSON array with the longest time to each step from the one before, beginning with the second, in
    /// hours; `null` for none.
    step_window_hours: Option<String>,
    /// JSON array of at most 5 exclusions, as steps with `after` and `before`, steps counted from 1.
    exclusions: Option<String>,
    /// `device`, `channel`, `source`, `medium`, `campaign`, `country`, or `event.` and a property of events.
    breakdown: Option<String>,
    /// `first` (default), `last`, `all`, or `step` with a number, `step2` for example.
    attribution: Option<String>,
    /// Whether attempts that have time left are left out.
    complete_only: Option<bool>,
    /// `hour`, `day`, `week` or `month`, of the trend.
    interval: Option<String>,
}

/// What counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// A visit.
    Session,
    /// A visitor who agreed to be recognised.
    Visitor,
    /// A configuration of a visit.
    Configuration,
}

impl Unit {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Visitor => "visitor",
            Self::Configuration => "configuration",
        }
    }
}

/// A breakdown by a property of visits or of events.
#[derive(Debug, Clone)]
pub(super) struct Breakdown {
    pub(super) name: String,
    pub(super) of_visits: Option<String>,
    pub(super) of_events: Option<String>,
    pub(super) attribution: Attribution,
}

/// A funnel as it was asked for, checked.
#[derive(Debug)]
pub(super) struct AskedFunnel {
    pub(super) funnel: Funnel,
    pub(super) patterns: Patterns,
    pub(super) unit: Unit,
    pub(super) breakdown: Option<Breakdown>,
    pub(super) complete_only: bool,
    pub(super) interval: Interval,
    /// Whether it is the configurator funnel of visits as it is projected.
    pub(super) projected: bool,
}

impl AskedFunnel {
    /// How long after the range later steps may be.
    pub(super) fn reach(&self) -> TimeDelta {
        match self.unit {
            Unit::Session | Unit::Configuration => {
                self.funnel.rules().window.map_or(LENGTH_MAX, |window| window.min(LENGTH_MAX))
            }
            Unit::Visitor => self.funnel.rules().window.unwrap_or(VISITOR_WINDOW),
        }
    }

    /// Whether nothing may come between two steps.
    pub(super) fn is_strict(&self) -> bool {
        self.funnel.rules().order == Order::Strict
    }

    /// Attempts that began later have time left; the end of time where the visit is the window.
    pub(super) fn incomplete_after(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.funnel.rules().window.map_or(DateTime::<Utc>::MAX_UTC, |window| now - window)
    }
}

fn refuse<T>(field: &str, message: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::field(FieldError::new(field, "invalid", message)))
}

/// Reads a name by a table of what is allowed; the first where there is none.
fn choice<T: Copy>(field: &str, name: Option<&str>, allowed: &[(&str, T)]) -> Result<T, Problem> {
    let name = name.unwrap_or(allowed[0].0);
    let found = allowed.iter().find(|(known, _)| *known == name);
    found.map_or_else(
        || {
            let names: Vec<&str> = allowed.iter().map(|(name, _)| *name).collect();
            refuse(field, format!("must be one of {}", names.join(", ")))
        },
        |(_, choice)| Ok(*choice),
    )
}

/// Reads JSON out of a parameter and names the part that is at fault.
fn json<T: DeserializeOwned>(field: &str, text: &str) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { path };
        Problem::field(FieldError::new(
            format!("{field}{path}"),
            "invalid",
            error.into_inner().to_string(),
        ))
    })
}

fn hours(field: &str, hours: f64) -> Result<TimeDelta, Problem> {
    if !(hours > 0.0 && hours <= WINDOW_HOURS_MAX) {
        return refuse(field, format!("must be more than 0 and at most {WINDOW_HOURS_MAX} hours"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
    let micros = (hours * 3_600_000_000.0).round() as i64;
    Ok(TimeDelta::microseconds(micros))
}

impl FunnelQuery {
    /// Checks what was asked for, of a range.
    pub(super) fn check(&self, period: Period) -> Result<AskedFunnel, Problem> {
        let unit = self.unit()?;
        let order = choice(
            "order",
            self.order.as_deref(),
            &[("ordered", Order::Ordered), ("strict", Order::Strict), ("any", Order::Any)],
        )?;
        let steps: Vec<PatternWire> = json("steps", self.steps.as_deref().unwrap_or(CONFIGURATOR))?;
        if !(STEPS_MIN..=STEPS_MAX).contains(&steps.len()) {
            return refuse("steps", format!("must be {STEPS_MIN} to {STEPS_MAX} steps"));
        }
        let exclusions: Vec<PatternWire> =
            json("exclusions", self.exclusions.as_deref().unwrap_or("[]"))?;
        if exclusions.len() > EXCLUSIONS_MAX {
            return refuse("exclusions", format!("must be at most {EXCLUSIONS_MAX}"));
        }
        let breakdown = self.breakdown(steps.len())?;
        let of_events = breakdown.as_ref().is_some_and(|breakdown| breakdown.of_events.is_some());
        let patterns = Patterns::new(&steps, &exclusions, unit)?;
        let strict = order == Order::Strict;
        let patterns = if strict || of_events { patterns.identified() } else { patterns };
        let rules = FunnelRules {
            steps: steps.len(),
            order,
            ties: choice(
                "ties",
                self.ties.as_deref(),
                &[("log", Ties::Log), ("strict", Ties::Strict)],
            )?,
            counting: choice(
                "counting",
                self.counting.as_deref(),
                &[("unique", Counting::Unique), ("total", Counting::Total)],
            )?,
            window: self.window(unit)?,
            step_windows: self.step_windows()?,
            exclusions: ranges(&exclusions)?,
            entry: period,
        };
        Ok(AskedFunnel {
            funnel: Funnel::new(rules).map_err(refusal)?,
            patterns,
            unit,
            breakdown,
            complete_only: self.complete_only.unwrap_or(false),
            interval: self.interval(period)?,
            projected: self.is_plain(),
        })
    }

    /// Whether the configurator funnel is asked for as it is.
    fn is_plain(&self) -> bool {
        [
            &self.steps,
            &self.order,
            &self.ties,
            &self.counting,
            &self.step_window_hours,
            &self.exclusions,
            &self.breakdown,
            &self.attribution,
        ]
        .into_iter()
        .all(Option::is_none)
            && self.window_hours.is_none()
            && self.unit.as_deref().is_none_or(|unit| unit == "session")
            && self.complete_only != Some(true)
    }

    fn unit(&self) -> Result<Unit, Problem> {
        if self.unit.as_deref() == Some("inquiry") {
            return refuse(
                "unit",
                "inquiries are not stored yet; session, visitor or configuration",
            );
        }
        choice(
            "unit",
            self.unit.as_deref(),
            &[
                ("session", Unit::Session),
                ("visitor", Unit::Visitor),
                ("configuration", Unit::Configuration),
            ],
        )
    }

    fn window(&self, unit: Unit) -> Result<Option<TimeDelta>, Problem> {
        match self.window_hours {
            Some(asked) => hours("windowHours", asked).map(Some),
            None => Ok((unit == Unit::Visitor).then_some(VISITOR_WINDOW)),
        }
    }

    fn step_windows(&self) -> Result<Vec<Option<TimeDelta>>, Problem> {
        let asked: Vec<Option<f64>> =
            json("stepWindowHours", self.step_window_hours.as_deref().unwrap_or("[]"))?;
        let read = asked.into_iter().enumerate().map(|(step, asked)| {
            asked.map(|asked| hours(&format!("stepWindowHours[{step}]"), asked)).transpose()
        });
        read.collect()
    }

    fn interval(&self, period: Period) -> Result<Interval, Problem> {
        let Some(name) = self.interval.as_deref() else { return Ok(Interval::of_period(period)) };
        choice("interval", Some(name), &Interval::ALL.map(|interval| (interval.as_str(), interval)))
    }

    fn breakdown(&self, steps: usize) -> Result<Option<Breakdown>, Problem> {
        const OF_VISITS: [&str; 6] =
            ["device", "channel", "source", "medium", "campaign", "country"];
        let Some(name) = self.breakdown.as_deref() else {
            return match self.attribution {
                Some(_) => refuse("attribution", "goes with `breakdown`"),
                None => Ok(None),
            };
        };
        let of_visits = OF_VISITS.contains(&name).then(|| name.to_owned());
        let of_events = name.strip_prefix("event.").filter(|name| (1..=100).contains(&name.len()));
        if of_visits.is_none() && of_events.is_none() {
            let names = OF_VISITS.join(", ");
            return refuse(
                "breakdown",
                format!("must be one of {names}, or `event.` and a property"),
            );
        }
        let of_events = of_events.map(str::to_owned);
        let attribution = self.attribution(steps)?;
        Ok(Some(Breakdown { name: name.to_owned(), of_visits, of_events, attribution }))
    }

    fn attribution(&self, steps: usize) -> Result<Attribution, Problem> {
        match self.attribution.as_deref() {
            None | Some("first") => Ok(Attribution::First),
            Some("last") => Ok(Attribution::Last),
            Some("all") => Ok(Attribution::All),
            Some(name) => {
                let step = name.strip_prefix("step").and_then(|step| step.parse().ok());
                step.filter(|step| (1..=steps).contains(step)).map(Attribution::Step).map_or_else(
                    || {
                        refuse(
                            "attribution",
                            format!("must be first, last, all or step1 to step{steps}"),
                        )
                    },
                    Ok,
                )
            }
        }
    }
}

/// Between which steps exclusions are.
fn ranges(exclusions: &[PatternWire]) -> Result<Vec<Exclusion>, Problem> {
    let range = |(index, pattern): (usize, &PatternWire)| match (pattern.after, pattern.before) {
        (Some(after), Some(before)) => Ok(Exclusion { after, before }),
        (None, _) => {
            Err(Problem::field(FieldError::required(format!("exclusions[{index}].after"))))
        }
        (_, None) => {
            Err(Problem::field(FieldError::required(format!("exclusions[{index}].before"))))
        }
    };
    exclusions.iter().enumerate().map(range).collect()
}

fn refusal(error: FunnelError) -> Problem {
    let field = match error {
        FunnelError::Steps => "steps",
        FunnelError::Windows => "stepWindowHours",
        FunnelError::Exclusions => "exclusions",
        FunnelError::Unordered => "order",
    };
    Problem::field(FieldError::new(field, "invalid", error.to_string()))
}
