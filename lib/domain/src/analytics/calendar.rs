//! Days, weeks and months of a time zone as ranges of instants (definitions b0.4).
//!
//! A day that a clock change makes longer or shorter has 25 or 23 hours. Hours follow one another as
//! instants do, and are labelled by the local clock.

use chrono::{
    DateTime, Datelike, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta,
    TimeZone, Timelike, Utc,
};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::period::Period;

/// A clock change skips at most this much of a day.
const GAP_MAX_MINUTES: i64 = 24 * 60;

/// Most buckets of a series.
pub const BUCKETS_MAX: usize = 1000;

/// An IANA time zone, in which days are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(Tz);

impl Zone {
    /// The zone that days are counted in where nobody says otherwise.
    pub const UTC: Self = Self(Tz::UTC);

    /// The zone of a name, `Europe/Vienna` for example.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        name.parse().ok().map(Self)
    }

    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// What the clock on the wall shows, with its difference from UTC.
    #[must_use]
    pub fn label(self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.0).to_rfc3339_opts(chrono::SecondsFormat::Secs, false)
    }

    fn local(self, at: DateTime<Utc>) -> NaiveDateTime {
        at.with_timezone(&self.0).naive_local()
    }

    /// The first instant at which the clock shows a time or a later one; of two, the earlier.
    fn instant(self, local: NaiveDateTime) -> DateTime<Utc> {
        for skipped in 0..=GAP_MAX_MINUTES {
            match self.0.from_local_datetime(&(local + TimeDelta::minutes(skipped))) {
                LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => {
                    return at.with_timezone(&Utc);
                }
                LocalResult::None => {}
            }
        }
        Utc.from_utc_datetime(&local)
    }

    fn midnight(self, day: NaiveDate) -> DateTime<Utc> {
        self.instant(day.and_time(NaiveTime::MIN))
    }
}

/// How a series is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// By hours.
    Hour,
    /// By days.
    Day,
    /// By weeks that begin on Monday (ISO 8601).
    Week,
    /// By months.
    Month,
}

impl Interval {
    /// Every interval.
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The interval that shows a period best: hours of up to two days, days of up to 100, else weeks.
    #[must_use]
    pub fn of_period(period: Period) -> Self {
        let length = period.to - period.from;
        if length <= TimeDelta::days(2) {
            Self::Hour
        } else if length <= TimeDelta::days(100) {
            Self::Day
        } else {
            Self::Week
        }
    }

    /// The beginning of the hour, day, week or month that an instant lies in.
    #[must_use]
    pub fn start(self, at: DateTime<Utc>, zone: Zone) -> DateTime<Utc> {
        let local = zone.local(at);
        let day = local.date();
        match self {
            Self::Hour => {
                let past = TimeDelta::seconds((local.minute() * 60 + local.second()).into())
                    + TimeDelta::nanoseconds(local.nanosecond().into());
                at - past
            }
            Self::Day => zone.midnight(day),
            Self::Week => {
                let monday = day - TimeDelta::days(day.weekday().num_days_from_monday().into());
                zone.midnight(monday)
            }
            Self::Month => zone.midnight(day.with_day(1).unwrap_or(day)),
        }
    }

    /// The beginning of the next one after the one that begins at `start`.
    fn next(self, start: DateTime<Utc>, zone: Zone) -> DateTime<Utc> {
        let day = zone.local(start).date();
        let later = match self {
            Self::Hour => self.start(start + TimeDelta::hours(1), zone),
            Self::Day => zone.midnight(day + TimeDelta::days(1)),
            Self::Week => zone.midnight(day + TimeDelta::days(7)),
            Self::Month => {
                zone.midnight(day.checked_add_months(chrono::Months::new(1)).unwrap_or(day))
            }
        };
        // A zone may leave a whole day out, or move its clock by part of an hour.
        if later > start { later } else { start + TimeDelta::hours(1) }
    }
}

/// A part of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// The hour, day, week or month begins here.
    pub start: DateTime<Utc>,
    /// What of it lies in the period.
    pub period: Period,
    /// Whether the period holds only a part of it, or it is still running.
    pub partial: bool,
}

/// The hours, days, weeks or months of a period, without gaps, at most [`BUCKETS_MAX`].
#[must_use]
pub fn buckets(period: Period, interval: Interval, zone: Zone, now: DateTime<Utc>) -> Vec<Bucket> {
    let mut found = Vec::new();
    let mut start = interval.start(period.from, zone);
    while start < period.to && found.len() < BUCKETS_MAX {
        let next = interval.next(start, zone);
        let inside = Period { from: start.max(period.from), to: next.min(period.to) };
        let partial = inside.from > start || inside.to < next || next > now;
        found.push(Bucket { start, period: inside, partial });
        start = next;
    }
    found
}

/// How far a zone is from UTC at an instant, in seconds.
#[must_use]
pub fn offset_seconds(zone: Zone, at: DateTime<Utc>) -> i32 {
    zone.0.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn hours_of_days(zone: &str, from: &str, to: &str) -> Vec<i64> {
        let zone = Zone::of_name(zone).unwrap();
        let period = Period { from: at(from), to: at(to) };
        let days = buckets(period, Interval::Day, zone, at("2030-01-01T00:00:00Z"));
        days.iter().map(|day| (day.period.to - day.period.from).num_hours()).collect()
    }

    #[test]
    fn days_of_a_clock_change_have_23_and_25_hours() {
        let spring = ("2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z");
        assert_eq!(hours_of_days("Europe/Vienna", spring.0, spring.1), [24, 23, 24]);
        let autumn = ("2026-10-23T22:00:00Z", "2026-10-26T23:00:00Z");
        assert_eq!(hours_of_days("Europe/Vienna", autumn.0, autumn.1), [24, 25, 24]);
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_begins_when_the_clock_goes_on() {
        // Beirut moved its clock from 0:00 to 1:00 on 2022-03-27.
        let zone = Zone::of_name("Asia/Beirut").unwrap();
        let start = Interval::Day.start(at("2022-03-27T12:00:00Z"), zone);
        assert_eq!(start, at("2022-03-26T22:00:00Z"));
        assert_eq!(zone.label(start), "2022-03-27T01:00:00+03:00");
    }

    #[test]
    fn a_day_that_a_zone_left_out_is_no_bucket() {
        // Samoa had no 30 December 2011.
        let zone = Zone::of_name("Pacific/Apia").unwrap();
        let period = Period { from: at("2011-12-29T10:00:00Z"), to: at("2011-12-31T10:00:00Z") };
        let days = buckets(period, Interval::Day, zone, at("2030-01-01T00:00:00Z"));
        let labels: Vec<String> = days.iter().map(|day| zone.label(day.start)).collect();
        assert_eq!(labels, ["2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00"]);
    }

    #[test]
    fn the_hour_that_comes_twice_is_two_buckets() {
        let zone = Zone::of_name("Europe/Vienna").unwrap();
        let period = Period { from: at("2026-10-25T00:00:00Z"), to: at("2026-10-25T02:00:00Z") };
        let hours = buckets(period, Interval::Hour, zone, at("2030-01-01T00:00:00Z"));
        let labels: Vec<String> = hours.iter().map(|hour| zone.label(hour.start)).collect();
        assert_eq!(labels, ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]);
    }

    #[test]
    fn weeks_begin_on_monday() {
        let vienna = Zone::of_name("Europe/Vienna").unwrap();
        let start = Interval::Week.start(at("2026-11-29T22:30:00Z"), vienna);
        assert_eq!(vienna.label(start), "2026-11-23T00:00:00+01:00");
        let start = Interval::Week.start(at("2026-11-29T23:30:00Z"), vienna);
        assert_eq!(vienna.label(start), "2026-11-30T00:00:00+01:00");
    }

    #[test]
    fn what_the_period_cuts_or_is_still_running_is_partial() {
        let period = Period { from: at("2026-11-20T12:00:00Z"), to: at("2026-11-23T00:00:00Z") };
        let days = buckets(period, Interval::Day, Zone::UTC, at("2026-11-22T18:00:00Z"));
        let partial: Vec<bool> = days.iter().map(|day| day.partial).collect();
        assert_eq!(partial, [true, false, true]);
    }

    #[test]
    fn only_names_of_zones_are_zones() {
        for bad in ["", "Mars/Olympus", "+02:00", "CET+1"] {
            assert_eq!(Zone::of_name(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn buckets_cover_the_period_without_gap_or_overlap(
            from in 0_i64..2_000_000_000, hours in 1_i64..2_000, zone in 0_usize..600, unit in 0_usize..4
        ) {
            let zone = Zone(chrono_tz::TZ_VARIANTS[zone % chrono_tz::TZ_VARIANTS.len()]);
            let from = DateTime::from_timestamp(from, 0).unwrap();
            let period = Period { from, to: from + TimeDelta::hours(hours) };
            let found = buckets(period, Interval::ALL[unit], zone, from);
            prop_assert_eq!(found[0].period.from, period.from);
            if found.len() < BUCKETS_MAX {
                prop_assert_eq!(found[found.len() - 1].period.to, period.to);
            }
            for pair in found.windows(2) {
                prop_assert_eq!(pair[0].period.to, pair[1].period.from);
            }
        }
    }
}
