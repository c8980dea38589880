//! Incidents: when one begins, goes on, is over and begins again.
//!
//! An incident begins when a value is bad. It is over after two evaluations in a row with a good value,
//! which has to be clearly better than the bad one (hysteresis), and what is bad again soon after is the
//! same incident (cool-down): a value that swings around its threshold is one incident. Evaluations
//! within one slot of five minutes count as one. No value is no evidence: it neither begins nor ends an
//! incident, until there has been none for an hour.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::rules::{RuleId, Settings};

/// Evaluations in a row with a good value that end an incident.
pub const CALM_EVALUATIONS: i32 = 2;

/// An incident of which nothing was measured for so long is over.
pub const ABSENT_AFTER: TimeDelta = TimeDelta::hours(1);

/// Evaluations are told apart by slots of this length.
const SLOT: TimeDelta = TimeDelta::minutes(5);

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentState {
    /// It goes on.
    Firing,
    /// It goes on, and somebody knows.
    Acknowledged,
    /// It is over.
    Resolved,
}

impl IncidentState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Firing, Self::Acknowledged, Self::Resolved];

    /// The name in SQL and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
        }
    }

    /// The state of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// An incident of one rule and subject.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Incident {
    /// Where it stands.
    pub state: IncidentState,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it was over last.
    pub resolved_at: Option<DateTime<Utc>>,
    /// Whether somebody knows of it.
    pub is_acknowledged: bool,
    /// How often it began again.
    pub reopened: i32,
    /// The latest value.
    pub value: f64,
    /// Measurements that the latest value comes from.
    pub count: i64,
    /// The worst value.
    pub peak: f64,
    /// Evaluations in a row with a good value.
    pub calm: i32,
    /// When there was a value last.
    pub measured_at: DateTime<Utc>,
}

/// The incident is over: it cannot be acknowledged any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the incident is over")]
pub struct NotOpen;

/// What an evaluation did to an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// There is none.
    None,
    /// It began.
    Fired,
    /// It began again, soon after it was over.
    Reopened,
    /// It goes on.
    Continues,
    /// It is over.
    Resolved,
}

impl Incident {
    fn begun(value: f64, count: i64, now: DateTime<Utc>) -> Self {
        Self {
            state: IncidentState::Firing,
            started_at: now,
            resolved_at: None,
            is_acknowledged: false,
            reopened: 0,
            value,
            count,
            peak: value,
            calm: 0,
            measured_at: now,
        }
    }

    /// Whether it goes on.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state != IncidentState::Resolved
    }

    /// The incident once somebody knows of it.
    pub fn acknowledged(self) -> Result<Self, NotOpen> {
        if self.is_open() {
            Ok(Self { state: IncidentState::Acknowledged, is_acknowledged: true, ..self })
        } else {
            Err(NotOpen)
        }
    }

    fn measured(self, value: f64, count: i64, now: DateTime<Utc>) -> Self {
        Self { value, count, peak: self.peak.max(value), measured_at: now, ..self }
    }

    /// The incident once it is over.
    #[must_use]
    pub fn resolved(self, now: DateTime<Utc>) -> Self {
        Self { state: IncidentState::Resolved, resolved_at: Some(now), ..self }
    }

    fn reopened(self) -> Self {
        let state =
            if self.is_acknowledged { IncidentState::Acknowledged } else { IncidentState::Firing };
        Self { state, resolved_at: None, reopened: self.reopened + 1, calm: 0, ..self }
    }
}

/// What an evaluation makes of the latest incident of a rule and subject, given the value and the
/// measurements that it comes from.
#[must_use]
pub fn step(
    (rule, settings): (RuleId, &Settings),
    latest: Option<Incident>,
    measured: Option<(f64, i64)>,
    now: DateTime<Utc>,
) -> (Option<Incident>, Change) {
    let measured = measured.filter(|(_, count)| *count >= settings.count_min);
    let open = latest.filter(Incident::is_open);
    match (open, measured) {
        (Some(incident), None) if now - incident.measured_at >= ABSENT_AFTER => {
            (Some(incident.resolved(now)), Change::Resolved)
        }
        (Some(incident), None) => (Some(incident), Change::Continues),
        (Some(incident), Some(measured)) => go_on((rule, settings), incident, measured, now),
        (None, Some((value, count))) if rule.is_breach(value, settings) => {
            let again = latest.filter(|incident| {
                incident.resolved_at.is_some_and(|at| now - at <= settings.cool_down)
            });
            match again {
                Some(incident) => {
                    let incident = incident.reopened().measured(value, count, now);
                    (Some(incident), Change::Reopened)
                }
                None => (Some(Incident::begun(value, count, now)), Change::Fired),
            }
        }
        (None, _) => (latest, Change::None),
    }
}

fn go_on(
    (rule, settings): (RuleId, &Settings),
    incident: Incident,
    (value, count): (f64, i64),
    now: DateTime<Utc>,
) -> (Option<Incident>, Change) {
    let is_same_slot = slot(now) <= slot(incident.measured_at);
    let calm =
        if rule.is_clear(value, settings) { incident.calm + i32::from(!is_same_slot) } else { 0 };
    let incident = Incident { calm, ..incident.measured(value, count, now) };
    if calm >= CALM_EVALUATIONS {
        (Some(incident.resolved(now)), Change::Resolved)
    } else {
        (Some(incident), Change::Continues)
    }
}

fn slot(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(SLOT).unwrap_or(at)
}

/// What a replay found.
pub type Replayed = Vec<Incident>;

/// The incidents that evaluations at some moments, in their order, would have made.
#[must_use]
pub fn replay(
    (rule, settings): (RuleId, &Settings),
    evaluations: impl IntoIterator<Item = (DateTime<Utc>, Option<(f64, i64)>)>,
) -> Replayed {
    let mut incidents: Replayed = Vec::new();
    for (now, measured) in evaluations {
        let latest = incidents.last().copied();
        let (incident, change) = step((rule, settings), latest, measured, now);
        let Some(incident) = incident else { continue };
        match incidents.last_mut() {
            Some(latest) if change != Change::Fired => *latest = incident,
            _ => incidents.push(incident),
        }
    }
    incidents
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULE: RuleId = RuleId::ApiLatency;
    const START: DateTime<Utc> = DateTime::from_timestamp(1_795_000_200, 0).unwrap();

    fn at(evaluation: usize) -> DateTime<Utc> {
        START + SLOT * i32::try_from(evaluation).unwrap()
    }

    fn replayed(values: &[Option<f64>]) -> Replayed {
        let measured = values.iter().map(|value| value.map(|value| (value, 100)));
        replay((RULE, &RULE.defaults()), (0..).map(at).zip(measured))
    }

    fn values(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().copied().map(Some).collect()
    }

    #[test]
    fn a_value_over_the_threshold_begins_an_incident_and_one_at_it_does_not() {
        assert_eq!(replayed(&values(&[500.0])), []);
        let incident = replayed(&values(&[500.1]))[0];
        assert_eq!((incident.state, incident.started_at), (IncidentState::Firing, at(0)));
    }

    #[test]
    fn too_few_measurements_say_nothing() {
        let settings = RULE.defaults();
        let few = replay((RULE, &settings), [(at(0), Some((9000.0, 19)))]);
        assert_eq!(few, []);
        let enough = replay((RULE, &settings), [(at(0), Some((9000.0, 20)))]);
        assert_eq!(enough.len(), 1);
    }

    #[test]
    fn it_is_over_after_two_good_values_in_a_row() {
        let between = values(&[600.0, 450.0, 450.0, 450.0]);
        assert!(replayed(&between)[0].is_open(), "not good enough: 400 is the bound");
        let one = values(&[600.0, 100.0, 450.0, 100.0]);
        assert!(replayed(&one)[0].is_open());
        let incident = replayed(&values(&[600.0, 900.0, 100.0, 399.0]))[0];
        assert_eq!(incident.resolved_at, Some(at(3)));
        assert_eq!((incident.peak, incident.value), (900.0, 399.0));
    }

    #[test]
    fn evaluations_within_a_slot_count_as_one() {
        let settings = RULE.defaults();
        let times = [at(0), at(1), at(1) + TimeDelta::minutes(4), at(2) + TimeDelta::seconds(1)];
        let measured = [900.0, 1.0, 1.0, 1.0].map(|value| Some((value, 100)));
        let incidents =
            |n: usize| replay((RULE, &settings), times.into_iter().zip(measured).take(n));
        assert!(incidents(3)[0].is_open());
        assert!(!incidents(4)[0].is_open());
    }

    #[test]
    fn what_comes_again_within_the_cool_down_is_the_same_incident() {
        let mut again = values(&[600.0, 1.0, 1.0]);
        again.extend([Some(1.0); 5]);
        let mut later = again.clone();
        again.push(Some(600.0));
        later.extend([Some(1.0), Some(600.0)]);
        let same = replayed(&again);
        assert_eq!((same.len(), same[0].reopened, same[0].is_open()), (1, 1, true));
        assert_eq!(replayed(&later).len(), 2);
    }

    #[test]
    fn without_values_it_goes_on_for_an_hour() {
        let mut silent = values(&[600.0]);
        silent.extend([None; 11]);
        assert!(replayed(&silent)[0].is_open());
        silent.push(None);
        assert_eq!(replayed(&silent)[0].resolved_at, Some(at(12)));
        assert_eq!(replayed(&[None; 20]), []);
    }

    #[test]
    fn what_counts_things_is_over_when_there_are_none() {
        let rule = RuleId::DeadLetters;
        let settings = Settings { threshold: 10.0, ..rule.defaults() };
        let counts = |counts: &[f64]| {
            let measured = counts.iter().map(|count| Some((*count, 0)));
            replay((rule, &settings), (0..).map(at).zip(measured.collect::<Vec<_>>()))
        };
        assert_eq!(counts(&[10.0]), []);
        assert!(counts(&[11.0, 1.0, 1.0, 1.0])[0].is_open());
        assert!(!counts(&[11.0, 0.0, 0.0])[0].is_open());
    }

    #[test]
    fn only_what_goes_on_can_be_acknowledged_and_it_stays_so_when_it_begins_again() {
        let incident = Incident::begun(600.0, 20, at(0)).acknowledged().unwrap();
        let settings = RULE.defaults();
        let over = incident.resolved(at(1));
        assert_eq!(over.acknowledged(), Err(NotOpen));
        let (again, change) = step((RULE, &settings), Some(over), Some((700.0, 20)), at(2));
        assert_eq!(change, Change::Reopened);
        assert_eq!(again.unwrap().state, IncidentState::Acknowledged);
    }

    proptest! {
        #[test]
        fn flapping_around_the_threshold_is_one_incident(
            values in proptest::collection::vec(401.0_f64..600.0, 0..300)
        ) {
            let all: Vec<Option<f64>> = [550.0].into_iter().chain(values).map(Some).collect();
            let incidents = replayed(&all);
            prop_assert_eq!(incidents.len(), 1);
            prop_assert_eq!((incidents[0].reopened, incidents[0].is_open()), (0, true));
        }

        #[test]
        fn a_constant_breach_is_one_incident(value in 500.1_f64..1e6, evaluations in 1_usize..500) {
            let incidents = replayed(&vec![Some(value); evaluations]);
            prop_assert_eq!(incidents.len(), 1);
            prop_assert_eq!(incidents[0].started_at, at(0));
        }

        #[test]
        fn incidents_follow_one_another_with_more_than_a_cool_down_between(
            values in proptest::collection::vec(proptest::option::of(0.0_f64..1000.0), 0..400)
        ) {
            let incidents = replayed(&values);
            for pair in incidents.windows(2) {
                let over = pair[0].resolved_at.unwrap();
                prop_assert!(pair[1].started_at - over > RULE.defaults().cool_down);
            }
            for incident in incidents {
                prop_assert!(incident.peak > 500.0 && incident.resolved_at.is_none_or(|at| at > incident.started_at));
            }
        }

        #[test]
        fn evaluating_again_within_the_slot_changes_nothing_that_counts(
            values in proptest::collection::vec(0.0_f64..1000.0, 1..100), times in 1_usize..4
        ) {
            let settings = RULE.defaults();
            let repeated = values.iter().enumerate().flat_map(|(n, value)| {
                (0..times).map(move |again| {
                    (at(n) + TimeDelta::seconds(i64::try_from(again).unwrap()), Some((*value, 100)))
                })
            });
            let once = replayed(&values.iter().copied().map(Some).collect::<Vec<_>>());
            let often = replay((RULE, &settings), repeated);
            let told = |incidents: Replayed| -> Vec<_> {
                incidents.iter().map(|i| (i.started_at, slot(i.resolved_at.unwrap_or(START)), i.reopened)).collect()
            };
            prop_assert_eq!(told(once), told(often));
        }

        #[test]
        fn a_higher_threshold_never_fires_earlier(
            values in proptest::collection::vec(0.0_f64..1000.0, 0..200), higher in 1.0_f64..2.0
        ) {
            let low = RULE.defaults();
            let high = Settings { threshold: low.threshold * higher, ..low };
            let run = |settings: &Settings| {
                let measured = values.iter().map(|value| Some((*value, 100)));
                replay((RULE, settings), (0..).map(at).zip(measured.collect::<Vec<_>>()))
            };
            if let Some(first) = run(&high).first() {
                prop_assert!(run(&low)[0].started_at <= first.started_at);
            }
        }
    }
}
