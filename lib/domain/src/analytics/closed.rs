//! Days, weeks and months that are over, of which reports are made once.

use chrono::{DateTime, TimeDelta, Utc};

use super::calendar::{Interval, Zone};
use super::period::Period;

/// The last `count` days, weeks or months of a zone that are over, the earliest first.
#[must_use]
pub fn closed_periods(
    interval: Interval,
    zone: Zone,
    now: DateTime<Utc>,
    count: usize,
) -> Vec<Period> {
    let mut found = Vec::with_capacity(count);
    let mut to = interval.start(now, zone);
    while found.len() < count {
        let from = interval.start(to - TimeDelta::microseconds(1), zone);
        // A zone may leave a whole day out.
        if from >= to {
            break;
        }
        found.push(Period { from, to });
        to = from;
    }
    found.reverse();
    found
}

/// Which of the periods that are over a report must be made of: those that ended after the last one of
/// which there is a report. Where there is none, the last period alone: before, nobody asked for any.
#[must_use]
pub fn due_periods(closed: &[Period], last_made_to: Option<DateTime<Utc>>) -> &[Period] {
    let first = match last_made_to {
        Some(made_to) => closed.partition_point(|period| period.to <= made_to),
        None => closed.len().saturating_sub(1),
    };
    closed.get(first..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn vienna() -> Zone {
        Zone::of_name("Europe/Vienna").unwrap()
    }

    #[test]
    fn a_period_is_over_at_the_instant_at_which_the_next_begins() {
        let midnight = at("2026-11-28T23:00:00Z");
        let yesterday = Period { from: at("2026-11-27T23:00:00Z"), to: midnight };
        assert_eq!(closed_periods(Interval::Day, vienna(), midnight, 1), [yesterday]);
        let before = closed_periods(Interval::Day, vienna(), midnight - TimeDelta::seconds(1), 1);
        assert_eq!(before, [yesterday.previous()]);
    }

    #[test]
    fn weeks_begin_on_monday_and_months_have_their_own_length() {
        let weeks = closed_periods(Interval::Week, vienna(), at("2026-11-29T12:00:00Z"), 2);
        assert_eq!(weeks[1].to, at("2026-11-22T23:00:00Z"));
        let months = closed_periods(Interval::Month, vienna(), at("2026-04-01T06:00:00Z"), 2);
        let days = months.iter().map(|month| (month.to - month.from).num_hours());
        assert_eq!(days.collect::<Vec<_>>(), [28 * 24, 31 * 24 - 1]);
    }

    #[test]
    fn what_was_missed_is_due_and_without_any_report_only_the_last() {
        let closed = closed_periods(Interval::Day, Zone::UTC, at("2026-11-29T12:00:00Z"), 12);
        assert_eq!(due_periods(&closed, None), &closed[11..]);
        assert_eq!(due_periods(&closed, Some(at("2026-11-26T00:00:00Z"))), &closed[9..]);
        assert_eq!(due_periods(&closed, Some(at("2026-11-29T00:00:00Z"))), &[]);
        assert_eq!(due_periods(&closed, Some(at("2020-01-01T00:00:00Z"))).len(), 12, "and no more");
    }

    proptest! {
        #[test]
        fn closed_periods_follow_one_another_and_end_before_now(
            second in 100_000_000_i64..2_000_000_000, count in 1_usize..13, unit in 1_usize..4
        ) {
            let now = DateTime::from_timestamp(second, 0).unwrap();
            let found = closed_periods(Interval::ALL[unit], vienna(), now, count);
            prop_assert_eq!(found.len(), count);
            let last = found[count - 1];
            prop_assert!(last.to <= now && last.to == Interval::ALL[unit].start(now, vienna()));
            for pair in found.windows(2) {
                prop_assert_eq!(pair[0].to, pair[1].from);
                prop_assert!(pair[0].from < pair[0].to);
            }
            // Making what is due again and again makes each period once.
            let made = due_periods(&found, Some(found[0].to));
            prop_assert_eq!(made, &found[1..]);
        }
    }
}
