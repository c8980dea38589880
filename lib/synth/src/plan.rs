//! When sessions begin, and whose they are.

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc, Weekday};

use crate::behaviour::{HOURS, RETURN_AFTER, RETURNS, SESSION_MAX};
use crate::dice::Dice;
use crate::simulation::Scenario;
use crate::visitor::Visitor;

/// Times that a weekend's day is drawn again, in the hope of a working day.
const WEEKEND_AGAIN: f64 = 0.3;

/// The begin of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Start {
    pub(crate) at_ms: i64,
    pub(crate) visitor: u32,
}

/// The begins of all sessions, in order: 16 bytes each, the only thing that is kept of all sessions.
pub(crate) fn starts(scenario: &Scenario) -> Vec<Start> {
    let wanted = scenario.sessions as usize;
    let mut starts = Vec::with_capacity(wanted);
    for index in 0.. {
        if starts.len() >= wanted {
            break;
        }
        let (_, mut dice) = Visitor::new(scenario.seed, index);
        let mut at = Some(first_visit(scenario, &mut dice));
        while let Some(begin) = at.filter(|_| starts.len() < wanted) {
            starts.push(Start { at_ms: begin.timestamp_millis(), visitor: index });
            at = next_visit(scenario, &mut dice, begin);
        }
    }
    starts.sort_unstable();
    starts
}

/// The last moment at which a session may begin.
fn last(scenario: &Scenario) -> DateTime<Utc> {
    (scenario.until - SESSION_MAX).max(scenario.from)
}

fn first_visit(scenario: &Scenario, dice: &mut Dice) -> DateTime<Utc> {
    let span = last(scenario) - scenario.from;
    let mut day = scenario.from + TimeDelta::milliseconds(dice.whole(0, span.num_milliseconds()));
    if is_weekend(day) && dice.chance(WEEKEND_AGAIN) {
        day = scenario.from + TimeDelta::milliseconds(dice.whole(0, span.num_milliseconds()));
    }
    at_a_usual_hour(day, dice).clamp(scenario.from, last(scenario))
}

fn next_visit(
    scenario: &Scenario,
    dice: &mut Dice,
    before: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    if !dice.chance(RETURNS) {
        return None;
    }
    let (median, sigma) = RETURN_AFTER;
    // Never while the visit before may still go on.
    let pause = dice.duration(median, sigma).max(SESSION_MAX).min(TimeDelta::days(400));
    let day = before + pause;
    let at = at_a_usual_hour(day, dice).max(before + SESSION_MAX);
    Some(at).filter(|at| *at <= last(scenario))
}

fn is_weekend(day: DateTime<Utc>) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// A moment of the same day, at an hour when people look for houses.
fn at_a_usual_hour(day: DateTime<Utc>, dice: &mut Dice) -> DateTime<Utc> {
    let into_day = TimeDelta::seconds(i64::from(day.num_seconds_from_midnight()));
    let midnight =
        day - into_day - TimeDelta::milliseconds(day.timestamp_millis().rem_euclid(1000));
    let hour = TimeDelta::hours(dice.pick(&HOURS));
    midnight + hour + TimeDelta::milliseconds(dice.whole(0, 3_599_999))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_begin_in_order_inside_the_range_and_visitors_do_not_overlap_themselves() {
        let until = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let scenario =
            Scenario { sessions: 3000, seed: 5, from: until - TimeDelta::days(30), until };
        let starts = starts(&scenario);
        assert_eq!(starts.len(), 3000);
        assert!(starts.is_sorted());
        assert!(starts[0].at_ms >= scenario.from.timestamp_millis());
        assert!(starts[2999].at_ms <= (until - SESSION_MAX).timestamp_millis());
        let mut by_visitor = starts.clone();
        by_visitor.sort_unstable_by_key(|start| (start.visitor, start.at_ms));
        let own = by_visitor.windows(2).filter(|pair| pair[0].visitor == pair[1].visitor);
        let pauses: Vec<i64> = own.map(|pair| pair[1].at_ms - pair[0].at_ms).collect();
        assert!(pauses.len() > 300, "{}", pauses.len());
        assert!(pauses.iter().all(|pause| *pause >= SESSION_MAX.num_milliseconds()));
    }
}
