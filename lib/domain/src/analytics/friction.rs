//! Where visitors click, where they click in anger, and what they open in vain (definitions b10).

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};

/// Cells of an element's grid, across and down.
pub const GRID: i32 = 64;

/// A rage needs so many clicks.
const RAGE_CLICKS_MIN: usize = 3;

/// Each less than this after the one before.
const RAGE_PAUSE: TimeDelta = TimeDelta::milliseconds(1000);

/// Each less than this from the one before, in CSS pixels across and down together.
const RAGE_DISTANCE: f64 = 30.0;

/// A client's own report of a rage is the same as one found within this time before it.
const SAME_RAGE: TimeDelta = TimeDelta::seconds(2);

/// Whoever leaves a category sooner than this without a change opened it in vain.
const QUICK_BACK_BEFORE: TimeDelta = TimeDelta::seconds(3);

/// A click of a tab, in the order of events.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Click {
    /// When.
    pub at: DateTime<Utc>,
    /// Where in the window, in CSS pixels; nothing where the client does not say.
    pub place: Option<(f64, f64)>,
    /// The client itself calls it a rage: no click, but a report of some.
    pub reported: bool,
}

/// The clicks at which a visitor lost patience: of each run of three or more, the third; and what the
/// client reports beside. A run is of clicks that each follow the one before in less than a second and
/// less than 30 pixels away (the rule of posthog-js, by its code).
#[must_use]
pub fn rages(clicks: &[Click]) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    let mut run: usize = 0;
    let mut last: Option<&Click> = None;
    let mut last_rage: Option<DateTime<Utc>> = None;
    for (index, click) in clicks.iter().enumerate() {
        if click.reported {
            if last_rage.is_none_or(|at| click.at - at > SAME_RAGE) {
                found.push(index);
                last_rage = Some(click.at);
            }
            continue;
        }
        run = if last.is_some_and(|last| follows(last, click)) { run + 1 } else { 1 };
        last = Some(click);
        if run == RAGE_CLICKS_MIN {
            found.push(index);
        }
        if run >= RAGE_CLICKS_MIN {
            last_rage = Some(click.at);
        }
    }
    found
}

fn follows(last: &Click, click: &Click) -> bool {
    let near = last.place.zip(click.place).is_some_and(|((x, y), (next_x, next_y))| {
        (x - next_x).abs() + (y - next_y).abs() < RAGE_DISTANCE
    });
    near && click.at - last.at < RAGE_PAUSE
}

/// What an event does with the categories of a configurator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look<'a> {
    /// Opens a category, or shows the open one again.
    Opens(&'a str),
    /// Chooses another option of a category, which is open then.
    Changes(&'a str),
    /// Closes the open category, or leaves the page.
    Leaves,
}

/// The categories that a visitor opened and left in less than three seconds without a change, each with
/// how often. Takes the events of a session in their order, with the tab that each happened in. A tab has
/// one category open at most; what is not left is no quick-back.
#[must_use]
pub fn quick_backs<'a>(
    looks: impl IntoIterator<Item = (Option<&'a str>, DateTime<Utc>, Look<'a>)>,
) -> BTreeMap<&'a str, i64> {
    let mut found = BTreeMap::new();
    let mut tabs: HashMap<Option<&str>, OpenCategory> = HashMap::new();
    for (tab, at, look) in looks {
        let (category, changed) = match look {
            Look::Opens(category) => (Some(category), false),
            Look::Changes(category) => (Some(category), true),
            Look::Leaves => (None, false),
        };
        if let Some(open) = tabs.get_mut(&tab).filter(|open| Some(open.category) == category) {
            open.changed |= changed;
            continue;
        }
        let opened = category.map(|category| OpenCategory { category, at, changed });
        let left = match opened {
            Some(opened) => tabs.insert(tab, opened),
            None => tabs.remove(&tab),
        };
        if let Some(left) = left.filter(|left| left.is_quick_back(at)) {
            *found.entry(left.category).or_default() += 1;
        }
    }
    found
}

/// The category that is open in a tab.
struct OpenCategory<'a> {
    category: &'a str,
    at: DateTime<Utc>,
    changed: bool,
}

impl OpenCategory<'_> {
    fn is_quick_back(&self, left_at: DateTime<Utc>) -> bool {
        !self.changed && left_at - self.at < QUICK_BACK_BEFORE
    }
}

/// The cell of a place inside an element, each coordinate from 0 to 1: row by row from the upper left
/// corner. Nothing for a place outside.
#[must_use]
pub fn grid_cell(x: f64, y: f64) -> Option<i32> {
    if !(0.0..=1.0).contains(&x) || !(0.0..=1.0).contains(&y) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most 64")]
    let line = |part: f64| ((part * f64::from(GRID)).floor() as i32).min(GRID - 1);
    Some(line(y) * GRID + line(x))
}

/// The width class of a window, in CSS pixels.
#[must_use]
pub const fn breakpoint(viewport_width: Option<i32>) -> &'static str {
    match viewport_width {
        None => "(not set)",
        Some(..768) => "narrow",
        Some(768..1280) => "medium",
        Some(1280..) => "wide",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn click(millis: i64, x: f64, y: f64) -> Click {
        let at = DateTime::from_timestamp_millis(1_795_000_000_000 + millis).unwrap();
        Click { at, place: Some((x, y)), reported: false }
    }

    #[test]
    fn three_quick_clicks_near_each_other_are_a_rage() {
        let near = [click(0, 0.0, 0.0), click(999, 10.0, 19.0), click(1998, 20.0, 0.0)];
        assert_eq!(rages(&near), [2]);
        assert_eq!(rages(&[near[0], near[1]]), Vec::<usize>::new());
        let slow = [click(0, 0.0, 0.0), click(1000, 0.0, 0.0), click(1999, 0.0, 0.0)];
        assert_eq!(rages(&slow), Vec::<usize>::new(), "a second is too long");
        let far = [click(0, 0.0, 0.0), click(10, 15.0, 15.0), click(20, 15.0, 15.0)];
        assert_eq!(rages(&far), Vec::<usize>::new(), "30 pixels are too far");
        let drifting = [click(0, 0.0, 0.0), click(900, 29.0, 0.0), click(1800, 58.0, 0.0)];
        assert_eq!(rages(&drifting), [2], "each is near the one before");
    }

    #[test]
    fn a_long_run_is_one_rage_and_the_clients_report_of_it_none_more() {
        let mut clicks: Vec<Click> = (0..6).map(|n| click(n * 100, 0.0, 0.0)).collect();
        clicks.push(Click { reported: true, ..click(700, 0.0, 0.0) });
        assert_eq!(rages(&clicks), [2]);
        clicks.push(Click { reported: true, ..click(9_000, 0.0, 0.0) });
        assert_eq!(rages(&clicks), [2, 7]);
        let placeless = Click { place: None, ..click(0, 0.0, 0.0) };
        assert_eq!(rages(&[placeless; 5]), Vec::<usize>::new());
    }

    #[test]
    fn a_category_left_at_once_without_a_change_is_a_quick_back() {
        use Look::{Changes, Leaves, Opens};
        let times = |looks: &[(i64, Look<'static>)]| {
            let at =
                |millis: i64| DateTime::from_timestamp_millis(1_795_000_000_000 + millis).unwrap();
            let in_tab = |(millis, look): &(i64, Look<'static>)| (Some("a"), at(*millis), *look);
            quick_backs(looks.iter().map(in_tab)).get("hull").copied()
        };
        let hull = Opens("hull");
        assert_eq!(times(&[(0, hull), (2999, Leaves)]), Some(1));
        assert_eq!(times(&[(0, hull), (3000, Leaves)]), None, "three seconds are no hurry");
        assert_eq!(times(&[(0, hull), (1000, Changes("hull")), (2000, Leaves)]), None);
        assert_eq!(times(&[(0, Changes("hull")), (1, hull), (2, Leaves)]), None);
        assert_eq!(times(&[(0, hull), (2000, Opens("pv"))]), Some(1), "another one is opened");
        assert_eq!(times(&[(0, hull), (2000, Changes("pv"))]), Some(1), "another one is changed");
        assert_eq!(
            times(&[(0, hull), (2000, hull), (4000, Leaves)]),
            None,
            "it was open all along"
        );
        assert_eq!(times(&[(0, hull), (1, Leaves), (2, hull), (3, Leaves)]), Some(2));
        assert_eq!(times(&[(0, hull)]), None, "nobody knows when it was left");
        assert_eq!(times(&[(0, Leaves)]), None);
    }

    #[test]
    fn tabs_leave_categories_on_their_own() {
        let at = |millis: i64| DateTime::from_timestamp_millis(1_795_000_000_000 + millis).unwrap();
        let looks = [
            (Some("a"), at(0), Look::Opens("hull")),
            (Some("b"), at(1000), Look::Opens("pv")),
            (None, at(2000), Look::Leaves),
            (Some("b"), at(2500), Look::Leaves),
            (Some("a"), at(5000), Look::Leaves),
        ];
        assert_eq!(quick_backs(looks), BTreeMap::from([("pv", 1)]));
    }

    #[test]
    fn corners_of_an_element_are_corners_of_the_grid() {
        for (x, y, cell) in [(0.0, 0.0, 0), (1.0, 0.0, 63), (0.0, 1.0, 4032), (1.0, 1.0, 4095)] {
            assert_eq!(grid_cell(x, y), Some(cell));
        }
        assert_eq!(grid_cell(0.5, 1.0 / 64.0), Some(96));
        for (x, y) in [(-0.1, 0.0), (0.0, 1.1), (f64::NAN, 0.0)] {
            assert_eq!(grid_cell(x, y), None);
        }
    }

    #[test]
    fn windows_have_width_classes() {
        let widths = [None, Some(390), Some(767), Some(768), Some(1280)];
        let classes = ["(not set)", "narrow", "narrow", "medium", "wide"];
        assert_eq!(widths.map(breakpoint), classes);
    }

    proptest! {
        #[test]
        fn there_is_at_most_one_rage_for_three_clicks(
            steps in proptest::collection::vec((0_i64..2000, 0.0_f64..60.0), 0..40)
        ) {
            let mut at = 0;
            let clicks: Vec<Click> = steps.iter().map(|(passed, x)| {
                at += passed;
                click(at, *x, 0.0)
            }).collect();
            let found = rages(&clicks);
            prop_assert!(found.len() * 3 <= clicks.len());
            for index in found {
                prop_assert!(index >= 2);
                prop_assert!(clicks[index].at - clicks[index - 2].at < TimeDelta::seconds(2));
            }
        }
    }
}
