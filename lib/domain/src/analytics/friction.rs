//! Where visitors click, and where they click in anger (definitions b10).

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
